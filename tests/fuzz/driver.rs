//! Tries variations of sound input, and keeps those that fail and those that are answered in a new way.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::variation::Variation;

/// Variations of each kind where no time is asked for.
const CASES: usize = 60;
/// Inputs kept to vary; beyond so many they replace others.
const MOST_KEPT: usize = 2000;
/// An input that takes longer than this is a finding, even on a busy machine.
const SLOW: Duration = Duration::from_secs(20);
/// After so long nothing will come.
const STUCK: Duration = Duration::from_secs(120);
/// Address space beyond what is in use at the beginning.
const MEMORY: u64 = 6 << 30;

/// Runs `answer` on sound inputs, on what failed before, and on variations that also use `words`. What `answer` returns tells kinds
/// of answers apart.
pub fn fuzz(kind: &'static str, sound: &[Vec<u8>], words: &[&str], answer: impl FnMut(&[u8]) -> String) {
    let minutes = std::env::var("SWEEP_FUZZ_MINUTES").ok().map(|text| text.parse::<f64>().unwrap());
    let mut fuzzer = Fuzzer::new(kind, answer, minutes.is_some());
    for input in regressions(kind).iter().chain(sound) {
        fuzzer.try_one(input);
    }
    let seed = minutes.map_or(1, |_| std::process::id().into());
    let mut variation = Variation::new(seed, words);
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(60.0 * minutes));
    let mut cases = 0;
    // Where each of the sound ones fails.
    if fuzzer.kept.is_empty() {
        fuzzer.kept.extend(sound.iter().cloned());
    }
    while until.map_or(cases < CASES, |until| Instant::now() < until) {
        let kept = fuzzer.kept.len();
        let (one, other) = (variation.below(kept), variation.below(kept));
        let input = variation.of(&fuzzer.kept[one], &fuzzer.kept[other]);
        fuzzer.try_one(&input);
        cases += 1;
    }
    fuzzer.report(cases);
}

/// Where findings are put.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz")
}

fn regressions(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/regressions").join(kind);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

struct Fuzzer<A> {
    kind: &'static str,
    answer: A,
    kept: Vec<Vec<u8>>,
    answers: BTreeSet<String>,
    findings: BTreeSet<String>,
    /// Where the input lies while it is tried, for when the process ends.
    running: Option<PathBuf>,
    /// Milliseconds since the beginning when the last input began.
    since: Arc<AtomicU64>,
    begin: Instant,
}

impl<A: FnMut(&[u8]) -> String> Fuzzer<A> {
    fn new(kind: &'static str, answer: A, long: bool) -> Self {
        std::fs::create_dir_all(folder()).unwrap();
        let running = long.then(|| folder().join(format!("{kind}.running")));
        let (since, begin) = (Arc::new(AtomicU64::new(0)), Instant::now());
        if let Some(path) = &running {
            if path.exists() {
                let kept = folder().join(format!("{kind}-ended-the-process-{}", std::process::id()));
                std::fs::rename(path, &kept).unwrap();
                println!("{kind}: the last process ended while it tried {}", kept.display());
            }
            limit_memory();
            watch(kind, since.clone(), begin);
        }
        let (kept, answers, findings) = Default::default();
        Fuzzer { kind, answer, kept, answers, findings, running, since, begin }
    }

    fn try_one(&mut self, input: &[u8]) {
        if let Some(path) = &self.running {
            std::fs::write(path, input).unwrap();
        }
        self.since.store(self.begin.elapsed().as_millis() as u64, Ordering::Relaxed);
        let begin = Instant::now();
        let panicked = Arc::new(Mutex::new(String::new()));
        let told = panicked.clone();
        // Reading may use other threads, whose panics are heard as well.
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
            *told.lock().unwrap() = format!("{place}: {info}");
        }));
        let answer = catch_unwind(AssertUnwindSafe(|| (self.answer)(input)));
        drop(std::panic::take_hook());
        match answer {
            Err(_) => {
                let message = panicked.lock().unwrap().clone();
                self.find(input, &message);
            }
            Ok(_) if begin.elapsed() > SLOW => self.find(input, &format!("it takes {:?}", begin.elapsed())),
            Ok(answer) => {
                if self.answers.insert(kind_of_answer(&answer)) || self.kept.is_empty() {
                    self.keep(input.to_vec());
                }
            }
        }
    }

    fn keep(&mut self, input: Vec<u8>) {
        if self.kept.len() < MOST_KEPT {
            self.kept.push(input);
        } else {
            let place = self.answers.len() % MOST_KEPT;
            self.kept[place] = input;
        }
    }

    fn find(&mut self, input: &[u8], message: &str) {
        // One of each place.
        let place = message.split(": ").next().unwrap_or_default();
        if self.findings.insert(place.to_string()) {
            let path = folder().join(format!("{}-{}", self.kind, blake3::hash(input).to_hex().split_at(12).0));
            std::fs::write(&path, input).unwrap();
            println!("{}: {message}\n  input: {}", self.kind, path.display());
        }
    }

    fn report(self, cases: usize) {
        if let Some(path) = &self.running {
            std::fs::remove_file(path).ok();
        }
        let (kinds, findings) = (self.answers.len(), &self.findings);
        println!("{}: {cases} variations, {kinds} kinds of answers, {} findings", self.kind, findings.len());
        assert!(findings.is_empty(), "{}: {findings:?}", self.kind);
    }
}

/// An answer without what differs from input to input: numbers, and what stands in quotation marks.
fn kind_of_answer(answer: &str) -> String {
    let mut kind = String::new();
    let mut quoted = false;
    for character in answer.chars().take(2000) {
        match character {
            '`' | '"' => quoted = !quoted,
            _ if quoted || character.is_ascii_digit() || !character.is_ascii() => {}
            _ => kind.push(character),
        }
    }
    kind
}

/// Ends the process when an input takes for ever.
fn watch(kind: &'static str, since: Arc<AtomicU64>, begin: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let running = begin.elapsed().saturating_sub(Duration::from_millis(since.load(Ordering::Relaxed)));
            if running > STUCK {
                println!("{kind}: an input takes for ever");
                std::process::abort();
            }
        }
    });
}

/// Makes the allocation of far more memory than an input can need fail.
fn limit_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').next().unwrap().parse().unwrap();
    let limit = Rlimit { current: Some(pages * 4096 + MEMORY), ..getrlimit(Resource::As) };
    setrlimit(Resource::As, limit).unwrap();
}
