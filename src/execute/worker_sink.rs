//! The sinks of a worker.

use crate::event::{Event, FanOut, Outcome, Sink};
use crate::spec::RunId;
use crate::store::{LogSink, Store};

use super::progress_file::ProgressFile;

/// Everybody who hears of what a worker does: a line for each.
fn sinks<'a>(store: &Store, forward: &'a mut dyn Sink) -> FanOut<'a> {
    FanOut::default()
        .with("a log", LogSink::new(store.clone()))
        .with("the progress file", ProgressFile::new(store.clone()))
        .with("whoever watches", forward)
}

/// The sinks of a worker, and whether a run failed.
pub(super) struct WorkerSink<'a> {
    sinks: FanOut<'a>,
    run_failed: bool,
}

impl<'a> WorkerSink<'a> {
    pub(super) fn new(store: &Store, forward: &'a mut dyn Sink) -> Self {
        Self { sinks: sinks(store, forward), run_failed: false }
    }

    /// Whether a run failed since this sink was made.
    pub(super) fn run_failed(&self) -> bool {
        self.run_failed
    }

    pub(super) fn notice(&mut self, run: Option<&RunId>, message: impl Into<String>) {
        self.emit(&Event::Notice { run: run.cloned(), message: message.into() });
    }
}

impl Sink for WorkerSink<'_> {
    fn emit(&mut self, event: &Event) {
        if let Event::RunFinished { outcome, .. } = event {
            self.run_failed |= matches!(outcome, Outcome::Failed { .. });
        }
        self.sinks.emit(event);
    }
}
