//! The real trainer killed at random moments: nothing is lost, nothing is done twice, and the results are, byte for byte,
//! those of an undisturbed sweep.
//!
//! `SWEEP_TORTURE_KILLS` sets how many kills there are at least, `SWEEP_TORTURE_SEED` the moments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::comparing::{files, timeless};
use crate::moments::{Moments, setting};
use crate::place::{Place, said};
use crate::processes::children;

/// Sweeps are started anew until there were so many kills.
const KILLS: u64 = 30;

/// What was seen on the way.
#[derive(Default)]
pub struct Figures {
    pub kills: u64,
    pub sweeps: u64,
    /// Of the supervisor alone; its worker saves and leaves.
    pub of_supervisors: u64,
    /// Kills that found a pack in work.
    pub in_training: u64,
    pub completed_between: usize,
    pub resumed: usize,
}

#[test]
fn killed_at_any_moment_the_results_are_the_same() {
    let wanted = setting("SWEEP_TORTURE_KILLS").unwrap_or(KILLS);
    let mut moments = Moments::new();
    let seed = moments.seed;
    let began = Instant::now();
    let whole = Place::new();
    whole.finish();
    // On a busy machine everything takes longer; kills need not come later.
    let length = began.elapsed().min(Duration::from_secs(4));
    let whole = timeless(&whole.results());

    let mut figures = Figures::default();
    while figures.kills < wanted {
        figures.sweeps += 1;
        torture(wanted, length, &mut moments, &mut figures, &whole);
    }
    let Figures { kills, sweeps, of_supervisors, in_training, completed_between, resumed } = figures;
    println!(
        "{kills} kills ({of_supervisors} of the supervisor alone) in {sweeps} sweeps, {in_training} of them with a pack \
         in work; {completed_between} runs completed between kills, {resumed} times a run was resumed; {:.0} s, seed {seed}",
        began.elapsed().as_secs_f64()
    );
    assert!(in_training * 4 >= kills && resumed > 0, "the kills came too early to show anything: seed {seed}");
}

/// One sweep, killed again and again until it is done or there were enough kills, and then finished.
fn torture(
    wanted: u64,
    length: Duration,
    moments: &mut Moments,
    figures: &mut Figures,
    whole: &BTreeMap<PathBuf, String>,
) {
    let seed = moments.seed;
    let place = Place::new();
    while figures.kills < wanted {
        let before = results(&place.results());
        let process = place.start();
        std::thread::sleep(Duration::from_micros(moments.below(length.as_micros() as u64 / 2)));
        if let Some(ended) = Tree::of(process).kill(moments.below(5) == 0, figures) {
            assert!(ended.success(), "seed {seed}: {ended}: {}", place.said());
            break;
        }
        let after = results(&place.results());
        assert!(
            before.iter().all(|(path, record)| after.get(path) == Some(record)),
            "seed {seed}: a result was lost or written twice"
        );
        figures.completed_between += after.len() - before.len();
    }
    let output = place.finish();
    assert_eq!(&timeless(&place.results()), whole, "seed {seed}");
    assert_sound(&place, seed, figures, &output);
}

/// Nothing was left half written, and no run was at fault.
pub fn assert_sound(place: &Place, seed: u64, figures: &mut Figures, output: &Output) {
    let left: Vec<_> = files(&place.results())
        .into_keys()
        .filter(|path| path.starts_with("runs") && path.extension().is_some_and(|end| end == "tmp"))
        .collect();
    assert!(left.is_empty(), "seed {seed}: {left:?}");
    let store = place.store();
    for run in &store.record().runs {
        let log = store.log(&run.id).unwrap().join("\n");
        figures.resumed += log.matches(" resumed after step ").count();
        assert!(!log.contains("fault"), "seed {seed}: {log}\n{}", said(output));
    }
}

/// The records of runs that are done, byte for byte.
pub fn results(sweep: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let runs = std::fs::read_dir(sweep.join("runs")).into_iter().flatten().flatten();
    let records = runs.map(|run| run.path().join("result.json"));
    records.filter_map(|path| std::fs::read(&path).ok().map(|record| (path, record))).collect()
}

/// A process with its children.
pub struct Tree {
    root: Child,
}

impl Tree {
    pub fn of(root: Child) -> Self {
        Self { root }
    }

    /// SIGKILL to all of it at one moment, or to the root alone; its end, where it had ended by itself.
    pub fn kill(mut self, alone: bool, figures: &mut Figures) -> Option<ExitStatus> {
        let root = Pid::from_child(&self.root);
        // While it stands still it can neither start a worker anew nor notice the end of one.
        kill_process(root, Signal::STOP).ok();
        let children = if self.root.try_wait().unwrap().is_some() { Vec::new() } else { children(root) };
        for &child in children.iter().filter(|_| !alone) {
            kill_process(child, Signal::KILL).ok();
        }
        kill_process(root, Signal::KILL).ok();
        let ended = self.root.wait().unwrap();
        if ended.code().is_some() {
            return Some(ended);
        }
        figures.kills += 1;
        figures.in_training += u64::from(!children.is_empty());
        figures.of_supervisors += u64::from(alone);
        None
    }
}
