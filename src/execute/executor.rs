//! The seam between scheduling and training.

use std::collections::BTreeMap;

use crate::event::Sink;
use crate::spec::{PackPlan, PlannedRun, RunId};
use crate::store::ExecutorKind;
use crate::train::{Checkpoint, RecordError, Recorder, TrainError};

use super::Stop;
use super::catch::Panic;
use super::memory::MemoryUse;

/// A pack with what its runs are.
#[derive(Clone, Debug)]
pub struct PackJob {
    pub pack: PackPlan,
    pub runs: BTreeMap<RunId, PlannedRun>,
    /// At least this long between two checkpoints, apart from those at epoch ends.
    pub checkpoint_every: std::time::Duration,
}

/// How `execute` came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackEnd {
    /// Every run of the pack has an outcome.
    Finished,
    /// Stopped on request; the state is saved.
    Interrupted,
}

/// Why a pack could not go on. Faults of a single run (a NaN) are that run's outcome and no error.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The device's memory does not hold this pack.
    #[error("out of memory on {device}: {message}")]
    OutOfMemory { device: String, message: String },
    /// Results cannot be saved.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What the runs of this pack read is not there, cannot be read, or is not what they were planned with. That is no
    /// fault of theirs: they stay as they are, for a worker that finds it.
    #[error("{0}")]
    Inputs(#[source] Cause),
    /// Anything else that ends the whole pack: the device fails.
    #[error("{0}")]
    Failed(#[source] Cause),
}

/// What an executor came across: an error of its own kind, or a text.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl ExecuteError {
    /// What the runs read is not there, or not readable.
    pub fn inputs(cause: impl Into<Cause>) -> Self {
        Self::Inputs(cause.into())
    }

    /// An error of training on this device.
    pub(super) fn from_training(device: &str, error: TrainError) -> Self {
        if error.is_out_of_memory() {
            return Self::OutOfMemory { device: device.to_owned(), message: error.to_string() };
        }
        match error {
            TrainError::Record(error) => Self::Record(error),
            other => Self::Failed(other.into()),
        }
    }

    /// A panic, with its text: where libtorch's calls do not give an error they panic with it.
    pub(super) fn from_panic(device: String, Panic(text): Panic) -> Self {
        let lower = text.to_lowercase();
        if ["out of memory", "can't allocate memory"].iter().any(|sign| lower.contains(sign)) {
            let message = text.lines().next().unwrap_or_default().to_owned();
            return Self::OutOfMemory { device, message };
        }
        Self::Failed(text.into())
    }
}

/// Trains packs on one device.
pub trait Executor {
    /// What its results are. A sweep of another kind is refused.
    fn kind(&self) -> ExecutorKind;

    /// The device's name as shown and recorded: `cpu`, `cuda:0`.
    fn device(&self) -> String;

    /// Trains a pack to its end, or until `stop` is set. Resumes from `recorder`'s checkpoint where there is one.
    ///
    /// Emits the events of runs and `CheckpointSaved`; the worker emits `PackStarted` and `PackStopped`. May be called
    /// again after it returned an error or panicked.
    fn execute(
        &mut self,
        job: &PackJob,
        recorder: &mut dyn Recorder,
        sink: &mut dyn Sink,
        stop: &Stop,
    ) -> Result<PackEnd, ExecuteError>;

    /// What the last execution took of the device's memory; none where that cannot be told.
    fn memory(&self) -> Option<MemoryUse> {
        None
    }

    /// What a part of a pack goes on from, when the pack is taken apart (out of memory, a run at fault): the whole's
    /// checkpoint without the runs that are not in `part`. None where checkpoints cannot be divided; the part starts
    /// anew then.
    fn restrict(&self, checkpoint: &Checkpoint, part: &PackPlan) -> Option<Checkpoint> {
        let _ = (checkpoint, part);
        None
    }
}
