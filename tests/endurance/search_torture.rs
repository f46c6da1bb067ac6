//! A search with rungs, trained by the real trainer and killed at random moments, by one process or by three tasks at once: what
//! is tried, which runs stop and what they come to is, byte for byte, that of an undisturbed search.
//!
//! `SWEEP_TORTURE_KILLS` and `SWEEP_TORTURE_SEED` are those of `torture`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::comparing::timeless;
use crate::moments::{Moments, setting};
use crate::place::{Place, said};
use crate::torture::{Figures, Tree, assert_sound, results};

/// Searches are started anew until there were so many kills.
const KILLS: u64 = 12;
/// In one search, at most: with more of them it hardly gets further.
const KILLS_OF_ONE: u64 = 6;
const TASKS: usize = 3;

/// Ten samples of `sobol`, then four that follow from results; rungs after one and after two epochs; the best two once more.
const SEARCH: &str = "\
name: little
base:
  model: ./model
  dataset: {path: data.csv, eval: {test_size: 32, seed: 1}, test: {test_size: 24, seed: 2}}
  target_modules: {layers: all, modules: [query, value]}
  rank: 4
  lora_alpha: 8
  max_length: 64
  epochs: 4
  batch_size: 4
seeds: [1]
search:
  method: tpe
  samples: 14
  batch: 5
  stop: {method: asha, min_resource: 1, reduction_factor: 2}
  confirm: {top: 2, seeds: 1}
  space:
    learning_rate: {log_uniform: [1e-4, 1e-2]}
    rank: {choice: [2, 4, 8]}
    lora_dropout: {uniform: [0, 0.3]}
    lr_scheduler: [cosine, constant]
    warmup_ratio: {quantized: [0, 0.3, 0.1], when: {lr_scheduler: cosine}}
";

/// What a search came to: its plan, and what its runs left.
#[derive(PartialEq)]
struct CameTo {
    plan: Vec<String>,
    left: BTreeMap<PathBuf, String>,
}

impl CameTo {
    fn read(place: &Place) -> Self {
        let text = std::fs::read(place.results().join("sweep.json")).unwrap();
        let mut plan: Value = serde_json::from_slice(&text).unwrap();
        for of_the_moment in ["created", "changed", "command"] {
            plan[of_the_moment].take();
        }
        let plan = serde_json::to_string_pretty(&plan).unwrap().replace(place.path("").to_str().unwrap(), "PLACE/");
        Self { plan: plan.lines().map(str::to_owned).collect(), left: timeless(&place.results()) }
    }

    /// Names what differs first: all of it is too much to read.
    fn assert_is(&self, expected: &Self, seed: u64) {
        let different = self.plan.iter().zip(&expected.plan).find(|(found, expected)| found != expected);
        assert_eq!(different, None, "seed {seed}: in the plan");
        assert_eq!(self.plan.len(), expected.plan.len(), "seed {seed}: in the plan");
        let names = |of: &Self| of.left.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(self), names(expected), "seed {seed}");
        for (path, contents) in &self.left {
            assert_eq!(Some(contents), expected.left.get(path), "seed {seed}: {}", path.display());
        }
    }
}

fn searched() -> Place {
    let place = Place::new();
    place.write("little.yaml", SEARCH);
    place
}

fn generations(place: &Place) -> usize {
    if place.results().join("sweep.json").is_file() { place.store().record().generations.len() } else { 0 }
}

/// An undisturbed search, and the longest time before a kill.
fn undisturbed() -> (CameTo, Duration) {
    let began = Instant::now();
    let place = searched();
    place.finish();
    let record = place.store().record().clone();
    let points: Vec<usize> = record.generations.iter().map(|generation| generation.points.len()).collect();
    assert_eq!(points.iter().sum::<usize>(), 14);
    assert!(points.len() >= 5, "rungs after the last samples, and confirming: {points:?}");
    // On a busy machine everything takes longer; kills need not come later.
    (CameTo::read(&place), (began.elapsed() / 3).min(Duration::from_secs(4)))
}

/// Waits until so many generations are planned, or the process has ended.
fn wait_for(wanted: usize, place: &Place, process: &mut Child) {
    while generations(place) < wanted && process.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Who kills, and what was seen.
struct Torture {
    wanted: u64,
    length: Duration,
    moments: Moments,
    figures: Figures,
    /// Kills that found so many generations planned.
    in_generations: BTreeMap<usize, u64>,
    expected: CameTo,
}

impl Torture {
    fn new() -> Self {
        let (expected, length) = undisturbed();
        Self {
            wanted: setting("SWEEP_TORTURE_KILLS").unwrap_or(KILLS),
            length,
            moments: Moments::new(),
            figures: Figures::default(),
            in_generations: BTreeMap::new(),
            expected,
        }
    }

    fn is_enough(&self) -> bool {
        self.figures.kills >= self.wanted
    }

    /// Begins a search; gives the kills after which it is left alone, and the generations that come before the first.
    fn next_search(&mut self) -> (u64, usize) {
        self.figures.sweeps += 1;
        (self.wanted.min(self.figures.kills + KILLS_OF_ONE), [0, 2, 3, 4][self.figures.sweeps as usize % 4])
    }

    fn sleep(&mut self) {
        std::thread::sleep(Duration::from_micros(self.moments.below(self.length.as_micros() as u64)));
    }

    /// Kills a process with its workers, or alone. Whether it was killed: it may have ended by itself, successfully.
    fn kill(&mut self, process: Child, place: &Place) -> bool {
        let alone = self.moments.below(5) == 0;
        if let Some(ended) = Tree::of(process).kill(alone, &mut self.figures) {
            assert!(ended.success(), "seed {}: {ended}: {}", self.moments.seed, place.said());
            return false;
        }
        *self.in_generations.entry(generations(place)).or_default() += 1;
        true
    }

    /// What was there before is there still: a completed run as it was, a paused one as far at least.
    fn assert_kept(&mut self, before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) {
        let seed = self.moments.seed;
        for (path, record) in before {
            let Some(now) = after.get(path) else { panic!("seed {seed}: {} is lost", path.display()) };
            let read = |record: &[u8]| serde_json::from_slice::<Value>(record).unwrap();
            let (was, is) = (read(record), read(now));
            match was["status"].as_str().unwrap() {
                "stopped" => assert!(is["epochs"].as_u64() >= was["epochs"].as_u64(), "seed {seed}: {was} {is}"),
                _ => assert_eq!(record, now, "seed {seed}: a result was written twice"),
            }
        }
        self.figures.completed_between += after.len() - before.len();
    }

    /// What is left of a search is done, and compared.
    fn finish(&mut self, place: &Place) {
        let output = place.finish();
        CameTo::read(place).assert_is(&self.expected, self.moments.seed);
        assert_sound(place, self.moments.seed, &mut self.figures, &output);
    }

    fn tell(&self, by: &str) {
        let Figures { kills, sweeps, of_supervisors, in_training, completed_between, resumed } = self.figures;
        let seed = self.moments.seed;
        println!(
            "{by}: {kills} kills ({of_supervisors} of the supervisor alone) in {sweeps} searches, {in_training} of them with a \
             pack in work, by generations planned {:?}; {completed_between} runs ended between kills, {resumed} times a run \
             was resumed; seed {seed}",
            self.in_generations
        );
        assert!(in_training * 4 >= kills && resumed > 0, "the kills came too early to show anything: seed {seed}");
        assert!(
            self.in_generations.keys().any(|generations| *generations > 1),
            "no kill in a later generation: seed {seed}"
        );
    }
}

#[test]
fn killed_at_any_moment_a_search_comes_to_the_same() {
    let mut torture = Torture::new();
    while !torture.is_enough() {
        let (last, mut first_generations) = torture.next_search();
        let place = searched();
        while torture.figures.kills < last {
            let before = results(&place.results());
            let mut process = place.start();
            wait_for(std::mem::take(&mut first_generations), &place, &mut process);
            torture.sleep();
            let killed = torture.kill(process, &place);
            torture.assert_kept(&before, &results(&place.results()));
            if !killed {
                break;
            }
        }
        torture.finish(&place);
    }
    torture.tell("sweep run");
}

/// As an array of jobs has it: nobody but the tasks themselves plans what comes next.
#[test]
fn killed_at_any_moment_three_tasks_at_once_search_the_same() {
    let mut torture = Torture::new();
    while !torture.is_enough() {
        let (last, mut first_generations) = torture.next_search();
        let place = searched();
        let planned = place.training(&["--launch", "slurm"]).env("PATH", "/nowhere").output().unwrap();
        assert_eq!(
            planned.status.code(),
            Some(2),
            "the first runs are planned, and nobody takes them: {}",
            said(&planned)
        );
        let mut tasks: Vec<Child> = Vec::new();
        let mut is_done = false;
        while torture.figures.kills < last && !is_done {
            let before = results(&place.results());
            tasks.resize_with(TASKS, || task(&place));
            wait_for(std::mem::take(&mut first_generations), &place, &mut tasks[0]);
            torture.sleep();
            for _ in 0..1 + torture.moments.below(TASKS as u64) {
                let chosen = tasks.swap_remove(torture.moments.below(tasks.len() as u64) as usize);
                is_done |= !torture.kill(chosen, &place);
            }
            torture.assert_kept(&before, &results(&place.results()));
        }
        // The others go on to the end.
        for mut task in tasks {
            let ended = task.wait().unwrap();
            assert!(ended.success(), "seed {}: {ended}", torture.moments.seed);
        }
        torture.finish(&place);
    }
    torture.tell("three tasks");
}

fn task(place: &Place) -> Child {
    let options = ["task", "--devices", "cpu", "--threads", "1", "--checkpoint-minutes", "0.001"];
    let mut command = place.sweep(&options);
    command.arg("--results").arg(place.results()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
