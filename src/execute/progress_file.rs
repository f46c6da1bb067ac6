//! How far the runs of a pack are, as a file for who watches.

use std::time::{Duration, Instant};

use crate::event::{Event, Sink};
use crate::spec::{PackId, RunId};
use crate::store::{PackProgress, RunProgress, Store};

/// At most this often is `progress.json` rewritten.
const PROGRESS_EVERY: Duration = Duration::from_secs(3);

/// Keeps `progress.json` of the pack in work.
pub(super) struct ProgressFile {
    store: Store,
    work: Option<Work>,
}

/// The pack in work.
struct Work {
    pack: PackId,
    progress: PackProgress,
    began: Vec<Began>,
    written: Option<Instant>,
}

/// A run that got its place.
struct Began {
    run: RunId,
    when: Instant,
    /// Steps that it had done then.
    step: usize,
    /// Steps up to which it is trained: all of them, or those to its pause.
    last_step: usize,
}

impl ProgressFile {
    pub(super) fn new(store: Store) -> Self {
        Self { store, work: None }
    }
}

impl Sink for ProgressFile {
    fn emit(&mut self, event: &Event) {
        match (event, &mut self.work) {
            (Event::PackStarted { pack, .. }, work) => *work = Some(Work::new(pack.clone())),
            (Event::PackStopped { .. }, work) => *work = None,
            (Event::RunFinished { run, .. }, Some(work)) => {
                work.progress.runs.remove(run);
            }
            (Event::RunStarted { run, step, steps, epochs, until, .. }, Some(work)) => {
                work.start(run, *step, *steps, *epochs, *until);
            }
            (Event::Progress { run, epoch, step, train_loss, examples_per_second, .. }, Some(work)) => {
                work.advance(run, *epoch, *step, *train_loss, *examples_per_second);
                work.write(&self.store);
            }
            _ => {}
        }
    }
}

impl Work {
    fn new(pack: PackId) -> Self {
        Self { pack, progress: PackProgress::default(), began: Vec::new(), written: None }
    }

    fn start(&mut self, run: &RunId, step: usize, steps: usize, epochs: usize, until: Option<usize>) {
        let last_step = steps * until.unwrap_or(epochs) / epochs.max(1);
        self.began.push(Began { run: run.clone(), when: Instant::now(), step, last_step });
        let progress = RunProgress {
            epoch: 1,
            epochs,
            step,
            steps,
            train_loss: None,
            examples_per_second: None,
            seconds_left: None,
        };
        self.progress.runs.insert(run.clone(), progress);
    }

    fn advance(&mut self, run: &RunId, epoch: usize, step: usize, train_loss: f64, examples_per_second: f64) {
        let Some(progress) = self.progress.runs.get_mut(run) else {
            return;
        };
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        progress.epoch = epoch;
        progress.step = step;
        progress.train_loss = finite(train_loss);
        progress.examples_per_second = finite(examples_per_second);
        let began = self.began.iter().rev().find(|began| began.run == *run);
        progress.seconds_left = began.and_then(|began| {
            let done = step.checked_sub(began.step).filter(|done| *done > 0)?;
            let left = began.last_step.saturating_sub(step);
            finite(began.when.elapsed().as_secs_f64() / done as f64 * left as f64)
        });
    }

    /// Writes the progress if the last time is long enough ago. Who watches can do without it, so an error is not one.
    fn write(&mut self, store: &Store) {
        if self.written.is_none_or(|written| written.elapsed() >= PROGRESS_EVERY) {
            store.write_progress(&self.pack, &self.progress).ok();
            self.written = Some(Instant::now());
        }
    }
}
