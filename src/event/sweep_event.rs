//! What happens while a sweep is executed.

use serde::{Deserialize, Serialize};

use crate::spec::{PackId, RunId};

use super::epoch::{EpochRecord, Figures, number_or_nan};
use super::outcome::Outcome;

/// An event of a sweep's execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A worker took a pack.
    PackStarted {
        pack: PackId,
        device: String,
        runs: Vec<RunId>,
    },
    /// Model and data are in memory.
    ModelLoaded {
        /// What computes: the instruction set or the kernels, on which the bytes of results depend.
        backend: String,
        /// Why something faster is not used, where it was to be expected.
        slower_because: Option<String>,
    },
    /// A run got its place in the pack (again, when `step` is not 0).
    RunStarted {
        run: RunId,
        label: String,
        /// Optimizer steps done before.
        step: usize,
        /// Optimizer steps in all.
        steps: usize,
        epochs: usize,
        /// The epoch after which it pauses; none where it is trained to its end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<usize>,
        trainable_parameters: usize,
        /// As PEFT counts: the frozen copy of the head included.
        total_parameters: usize,
    },
    /// After an optimizer step (not every step: a few times a second at most), and when a pack is left before its end.
    Progress {
        run: RunId,
        /// Counted from 1.
        epoch: usize,
        step: usize,
        steps: usize,
        /// Mean over the epoch so far.
        #[serde(deserialize_with = "number_or_nan")]
        train_loss: f64,
        #[serde(deserialize_with = "number_or_nan")]
        learning_rate: f64,
        #[serde(deserialize_with = "number_or_nan")]
        examples_per_second: f64,
        #[serde(deserialize_with = "number_or_nan")]
        tokens_per_second: f64,
    },
    Evaluating {
        run: RunId,
        epoch: usize,
    },
    EpochFinished {
        run: RunId,
        record: EpochRecord,
    },
    /// The parameters of an epoch were evaluated on the test examples.
    Tested {
        run: RunId,
        epoch: usize,
        figures: Figures,
    },
    RunFinished {
        run: RunId,
        outcome: Outcome,
    },
    CheckpointSaved {
        pack: PackId,
    },
    /// The pack left its worker: done, or interrupted with its state saved.
    PackStopped {
        pack: PackId,
        finished: bool,
    },
    /// Something a person should read. It goes into the run's log where one is named.
    Notice {
        run: Option<RunId>,
        message: String,
    },
}
