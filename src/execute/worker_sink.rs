//! What a worker does with events before it passes them on: logs, progress, and noticing failures.

use std::time::{Duration, Instant};

use crate::event::{Event, Outcome, Sink};
use crate::spec::{PackId, RunId};
use crate::store::{LogSink, PackProgress, RunProgress, Store};

/// At most this often is `progress.json` rewritten.
const PROGRESS_EVERY: Duration = Duration::from_secs(3);

pub(super) struct WorkerSink<'a> {
    forward: &'a mut dyn Sink,
    log: LogSink,
    store: Store,
    work: Option<Work>,
    run_failed: bool,
}

/// The pack in work.
struct Work {
    pack: PackId,
    progress: PackProgress,
    /// Steps that each run had done when this worker got it, and when that was.
    began: Vec<(RunId, usize, Instant)>,
    written: Option<Instant>,
}

impl<'a> WorkerSink<'a> {
    pub(super) fn new(store: &Store, forward: &'a mut dyn Sink) -> Self {
        Self { forward, log: LogSink::new(store.clone()), store: store.clone(), work: None, run_failed: false }
    }

    /// Whether a run failed since this sink was made.
    pub(super) fn run_failed(&self) -> bool {
        self.run_failed
    }

    pub(super) fn notice(&mut self, run: Option<&RunId>, message: impl Into<String>) {
        self.emit(&Event::Notice { run: run.cloned(), message: message.into() });
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::PackStarted { pack, .. } => self.work = Some(Work::new(pack.clone())),
            Event::PackStopped { .. } => self.work = None,
            Event::RunFinished { run, outcome } => {
                self.run_failed |= matches!(outcome, Outcome::Failed { .. });
                if let Some(work) = &mut self.work {
                    work.progress.runs.remove(run);
                }
            }
            Event::RunStarted { run, step, steps, epochs, .. } => {
                if let Some(work) = &mut self.work {
                    work.start(run, *step, *steps, *epochs);
                }
            }
            Event::Progress { run, epoch, step, train_loss, examples_per_second, .. } => {
                if let Some(work) = &mut self.work {
                    work.advance(run, *epoch, *step, *train_loss, *examples_per_second);
                    work.write(&self.store);
                }
            }
            _ => {}
        }
    }
}

impl Sink for WorkerSink<'_> {
    fn emit(&mut self, event: &Event) {
        self.log.emit(event);
        self.follow(event);
        self.forward.emit(event);
        if let Some(error) = self.log.take_error() {
            self.forward.emit(&Event::Notice { run: None, message: format!("a log cannot be written: {error}") });
        }
    }
}

impl Work {
    fn new(pack: PackId) -> Self {
        Self { pack, progress: PackProgress::default(), began: Vec::new(), written: None }
    }

    fn start(&mut self, run: &RunId, step: usize, steps: usize, epochs: usize) {
        self.began.push((run.clone(), step, Instant::now()));
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
        let began = self.began.iter().rev().find(|(id, ..)| id == run);
        progress.seconds_left = began.and_then(|(_, first, since)| {
            let done = step.checked_sub(*first).filter(|done| *done > 0)?;
            let left = progress.steps.saturating_sub(step);
            finite(since.elapsed().as_secs_f64() / done as f64 * left as f64)
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
