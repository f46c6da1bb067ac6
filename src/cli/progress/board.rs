//! What is known of the runs in progress, kept up to date by events.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::cli::text::percent;
use crate::event::{Event, Outcome};
use crate::metrics::Metric;
use crate::spec::{PackId, RunId};

/// A run that has its place in a pack.
#[derive(Clone, Debug)]
pub struct Active {
    pub run: RunId,
    pub label: String,
    pub device: String,
    /// Counted from 1.
    pub epoch: usize,
    pub epochs: usize,
    /// Optimizer steps done.
    pub step: usize,
    /// Those up to which it is trained now: all, or as many as it takes to the epoch after which it pauses.
    pub steps: usize,
    pub train_loss: Option<f64>,
    /// By epoch.
    accuracies: BTreeMap<usize, f64>,
    pub examples_per_second: Option<f64>,
    pub evaluating: bool,
    /// When it began, and the steps it had then.
    began: (Instant, usize),
}

impl Active {
    /// Of the last evaluation.
    pub fn accuracy(&self) -> Option<f64> {
        self.accuracies.last_key_value().map(|(_, &accuracy)| accuracy)
    }

    /// Of what it is trained for now, between 0 and 1.
    pub fn fraction(&self) -> f64 {
        if self.steps == 0 { 0.0 } else { (self.step as f64 / self.steps as f64).min(1.0) }
    }

    /// Time left at the speed since it began.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let done = self.step.checked_sub(self.began.1).filter(|&done| done > 0)?;
        let per_step = now.duration_since(self.began.0).as_secs_f64() / done as f64;
        Duration::try_from_secs_f64(per_step * self.steps.saturating_sub(self.step) as f64).ok()
    }
}

/// The sweep in progress.
#[derive(Debug)]
pub struct Board {
    /// Runs to be trained.
    pub runs: usize,
    pub completed: usize,
    /// Failed or diverged.
    pub failed: usize,
    /// Given up by a search, by their early stopping, or on request.
    pub stopped: usize,
    /// In the order in which they began.
    pub active: Vec<Active>,
    began: Instant,
    /// Work that was already done when it began here (resumed runs), in runs.
    head_start: f64,
    devices: BTreeMap<RunId, String>,
    packs: BTreeMap<PackId, Vec<RunId>>,
    /// Those that stopped or failed, which may go on or be done again.
    unsuccessful: BTreeMap<RunId, Unsuccessful>,
}

/// How a run ended that did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unsuccessful {
    Stopped,
    /// Or diverged.
    Failed,
}

impl Board {
    pub fn new(runs: usize, now: Instant) -> Self {
        Board {
            runs,
            completed: 0,
            failed: 0,
            stopped: 0,
            active: Vec::new(),
            began: now,
            head_start: 0.0,
            devices: BTreeMap::new(),
            packs: BTreeMap::new(),
            unsuccessful: BTreeMap::new(),
        }
    }

    pub fn find(&self, run: &RunId) -> Option<&Active> {
        self.active.iter().find(|active| active.run == *run)
    }

    /// The run's label; its id while the label is unknown.
    pub fn label(&self, run: &RunId) -> String {
        self.find(run).map_or_else(|| run.to_string(), |active| active.label.clone())
    }

    /// How a run in progress ended: its state, and its label with the particulars.
    pub fn ending(&self, run: &RunId, outcome: &Outcome) -> (&'static str, String) {
        let label = self.label(run);
        match outcome {
            Outcome::Completed { best_epoch } => {
                let accuracy = self.find(run).and_then(|active| active.accuracies.get(best_epoch));
                let accuracy = accuracy.map(|&share| format!(", accuracy {}", percent(share))).unwrap_or_default();
                ("completed", format!("{label}: best epoch {best_epoch}{accuracy}"))
            }
            Outcome::Diverged { epoch, step } => {
                ("diverged", format!("{label}: the loss is no longer finite in epoch {epoch}, step {step}"))
            }
            Outcome::Failed { reason } => ("failed", format!("{label}: {reason}")),
            Outcome::Stopped { epoch, .. } => ("stopped", format!("{label}: after epoch {epoch}")),
        }
    }

    /// Whether the runs in progress are on different devices.
    pub fn several_devices(&self) -> bool {
        self.active.windows(2).any(|pair| pair[0].device != pair[1].device)
    }

    /// Runs that have an outcome.
    pub fn finished(&self) -> usize {
        self.completed + self.failed + self.stopped
    }

    /// Between 0 and 1, runs in progress counted by their steps.
    pub fn fraction(&self) -> f64 {
        if self.runs == 0 { 1.0 } else { (self.work() / self.runs as f64).min(1.0) }
    }

    /// Time left at the speed since the beginning, all runs taken as equally long; not less than a run in progress needs.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let done = self.work() - self.head_start;
        let open = self.runs as f64 - self.work();
        let elapsed = now.duration_since(self.began).as_secs_f64();
        let all = (done > 0.0).then(|| Duration::try_from_secs_f64(elapsed * open / done).ok())??;
        self.active.iter().filter_map(|active| active.left(now)).chain([all]).max()
    }

    /// Work done, in runs.
    fn work(&self) -> f64 {
        self.finished() as f64 + self.active.iter().map(Active::fraction).sum::<f64>()
    }

    /// Takes an event into account. A finished run leaves `active`.
    pub fn apply(&mut self, event: &Event, now: Instant) {
        match event {
            Event::PackStarted { pack, device, runs } => {
                self.packs.insert(pack.clone(), runs.clone());
                self.devices.extend(runs.iter().map(|run| (run.clone(), device.clone())));
            }
            Event::RunStarted { .. } => self.start(event, now),
            Event::Progress { run, epoch, step, train_loss, examples_per_second, .. } => {
                if let Some(active) = self.find_mut(run) {
                    active.epoch = *epoch;
                    active.step = *step;
                    active.train_loss = Some(*train_loss);
                    active.examples_per_second = Some(*examples_per_second);
                    active.evaluating = false;
                }
            }
            Event::Evaluating { run, epoch } => {
                if let Some(active) = self.find_mut(run) {
                    active.epoch = *epoch;
                    active.evaluating = true;
                }
            }
            Event::EpochFinished { run, record } => {
                if let Some(active) = self.find_mut(run) {
                    active.epoch = record.epoch;
                    active.train_loss = Some(record.metric(Metric::TRAIN_LOSS));
                    active.accuracies.insert(record.epoch, record.metric(Metric::ACCURACY));
                    active.examples_per_second = Some(record.examples_per_second);
                    active.evaluating = false;
                }
            }
            Event::RunFinished { run, outcome } => {
                self.active.retain(|active| active.run != *run);
                let unsuccessful = match outcome {
                    Outcome::Completed { .. } => None,
                    Outcome::Diverged { .. } | Outcome::Failed { .. } => Some(Unsuccessful::Failed),
                    Outcome::Stopped { .. } => Some(Unsuccessful::Stopped),
                };
                self.forget(run);
                match unsuccessful {
                    None => self.completed += 1,
                    Some(Unsuccessful::Failed) => self.failed += 1,
                    Some(Unsuccessful::Stopped) => self.stopped += 1,
                }
                self.unsuccessful.extend(unsuccessful.map(|how| (run.clone(), how)));
            }
            Event::PackStopped { pack, .. } => {
                let runs = self.packs.remove(pack).unwrap_or_default();
                self.active.retain(|active| !runs.contains(&active.run));
            }
            Event::Tested { .. } | Event::ModelLoaded { .. } | Event::CheckpointSaved { .. } | Event::Notice { .. } => {
            }
        }
    }

    fn start(&mut self, event: &Event, now: Instant) {
        let Event::RunStarted { run, label, step, steps, epochs, until, .. } = event else { return };
        self.active.retain(|active| active.run != *run);
        let active = Active {
            run: run.clone(),
            label: label.clone(),
            device: self.devices.get(run).cloned().unwrap_or_default(),
            epoch: 1,
            epochs: *epochs,
            step: *step,
            steps: steps * until.unwrap_or(*epochs) / (*epochs).max(1),
            train_loss: None,
            accuracies: BTreeMap::new(),
            examples_per_second: None,
            evaluating: false,
            began: (now, *step),
        };
        // What one that stopped here had done was done here.
        if self.forget(run) != Some(Unsuccessful::Stopped) {
            self.head_start += active.fraction();
        }
        self.active.push(active);
    }

    /// A run that had ended here without success begins again.
    fn forget(&mut self, run: &RunId) -> Option<Unsuccessful> {
        let how = self.unsuccessful.remove(run)?;
        match how {
            Unsuccessful::Stopped => self.stopped -= 1,
            Unsuccessful::Failed => self.failed -= 1,
        }
        Some(how)
    }

    fn find_mut(&mut self, run: &RunId) -> Option<&mut Active> {
        self.active.iter_mut().find(|active| active.run == *run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::StopReason;

    fn id(text: &str) -> RunId {
        RunId(text.to_string())
    }

    fn started(run: &str, step: usize) -> Event {
        started_until(run, step, None)
    }

    fn started_until(run: &str, step: usize, until: Option<usize>) -> Event {
        Event::RunStarted {
            run: id(run),
            label: format!("label of {run}"),
            step,
            steps: 100,
            epochs: 2,
            until,
            trainable_parameters: 1,
            total_parameters: 2,
        }
    }

    fn progress(run: &str, step: usize) -> Event {
        Event::Progress {
            run: id(run),
            epoch: 1,
            step,
            steps: 100,
            train_loss: 1.0,
            learning_rate: 0.1,
            examples_per_second: 10.0,
            tokens_per_second: 100.0,
        }
    }

    #[test]
    fn time_left_follows_the_speed_since_the_start() {
        let begin = Instant::now();
        let mut board = Board::new(2, begin);
        board.apply(&started("a", 0), begin);
        assert_eq!(board.left(begin), None);
        let later = begin + Duration::from_secs(10);
        board.apply(&progress("a", 50), later);
        assert_eq!(board.find(&id("a")).unwrap().left(later), Some(Duration::from_secs(10)));
        // Half of one run of two in 10 s: three halves to go.
        assert_eq!(board.fraction(), 0.25);
        assert_eq!(board.left(later), Some(Duration::from_secs(30)));
    }

    #[test]
    fn steps_done_before_a_resume_are_no_speed() {
        let begin = Instant::now();
        let mut board = Board::new(1, begin);
        board.apply(&started("a", 80), begin);
        let later = begin + Duration::from_secs(10);
        board.apply(&progress("a", 90), later);
        assert_eq!(board.find(&id("a")).unwrap().left(later), Some(Duration::from_secs(10)));
        let left = board.left(later).unwrap().as_secs_f64();
        assert!((left - 10.0).abs() < 1e-6, "{left}");
    }

    #[test]
    fn a_run_that_pauses_takes_no_longer_than_to_its_pause() {
        let begin = Instant::now();
        let mut board = Board::new(1, begin);
        board.apply(&started_until("a", 0, Some(1)), begin);
        let later = begin + Duration::from_secs(10);
        board.apply(&progress("a", 40), later);
        assert_eq!(board.find(&id("a")).unwrap().left(later), Some(Duration::from_millis(2500)));
        assert_eq!(board.fraction(), 0.8);
        assert_eq!(board.left(later), Some(Duration::from_millis(2500)));
    }

    #[test]
    fn an_interrupted_pack_takes_its_runs_along() {
        let now = Instant::now();
        let mut board = Board::new(2, now);
        let pack = PackId("p".to_string());
        board.apply(
            &Event::PackStarted { pack: pack.clone(), device: "cpu".to_string(), runs: vec![id("a"), id("b")] },
            now,
        );
        board.apply(&started("a", 0), now);
        assert_eq!(board.find(&id("a")).unwrap().device, "cpu");
        board.apply(&Event::PackStopped { pack, finished: false }, now);
        assert!(board.active.is_empty());
        assert_eq!(board.finished(), 0);
    }

    #[test]
    fn outcomes_are_counted() {
        let now = Instant::now();
        let mut board = Board::new(4, now);
        for (run, outcome) in [
            ("a", Outcome::Completed { best_epoch: 1 }),
            ("b", Outcome::Diverged { epoch: 1, step: 3 }),
            ("c", Outcome::Failed { reason: "no".to_string() }),
            ("d", Outcome::Stopped { epoch: 2, because: StopReason::Pause }),
        ] {
            board.apply(&started(run, 0), now);
            board.apply(&Event::RunFinished { run: id(run), outcome }, now);
        }
        assert_eq!((board.completed, board.failed, board.stopped, board.active.len()), (1, 2, 1, 0));
        assert_eq!(board.fraction(), 1.0);
        // Done again on request, and told twice.
        board.apply(&started("c", 0), now);
        assert_eq!((board.failed, board.active.len()), (1, 1));
        for _ in 0..2 {
            let outcome = Outcome::Stopped { epoch: 1, because: StopReason::Request };
            board.apply(&Event::RunFinished { run: id("c"), outcome }, now);
        }
        assert_eq!((board.completed, board.failed, board.stopped, board.finished()), (1, 1, 2, 4));
    }
}
