//! Trains packs of runs.

mod record;

pub use record::{AdapterFiles, Checkpoint, Prediction, RecordError, Recorder, RunFacts, RunResult};
