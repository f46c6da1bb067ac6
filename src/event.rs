//! What happens while a sweep is executed. Execution emits events; sinks consume them; the trainer never prints.

use serde::{Deserialize, Serialize};

use crate::metrics::Scores;
use crate::spec::{PackId, RunId};

/// One epoch of one run: a row of `metrics.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the training examples of the epoch, with dropout.
    pub train_loss: f64,
    /// Accuracy over the training examples of the epoch, with dropout.
    pub train_accuracy: f64,
    pub eval_loss: f64,
    /// Weighted scores on the evaluation examples.
    pub scores: Scores,
    /// Mean probability of the predicted class over the evaluation examples.
    pub mean_confidence: f64,
    /// Of the epoch's last optimizer step.
    pub learning_rate: f64,
    /// Wall-clock seconds of the epoch, evaluation included.
    pub seconds: f64,
    /// Training examples per second, evaluation excluded.
    pub examples_per_second: f64,
    /// Real (unpadded) training tokens per second, evaluation excluded.
    pub tokens_per_second: f64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    Completed {
        best_epoch: usize,
    },
    /// The loss became NaN or infinite.
    Diverged {
        epoch: usize,
        step: usize,
    },
    Failed {
        reason: String,
    },
}

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
    /// A run got its place in the pack (again, when `step` is not 0).
    RunStarted {
        run: RunId,
        label: String,
        /// Optimizer steps done before.
        step: usize,
        /// Optimizer steps in all.
        steps: usize,
        epochs: usize,
        trainable_parameters: usize,
        /// As PEFT counts: the frozen copy of the head included.
        total_parameters: usize,
    },
    /// After an optimizer step (not every step: a few times a second at most).
    Progress {
        run: RunId,
        /// Counted from 1.
        epoch: usize,
        step: usize,
        steps: usize,
        /// Mean over the epoch so far.
        train_loss: f64,
        learning_rate: f64,
        examples_per_second: f64,
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

/// Consumes events.
pub trait Sink {
    fn emit(&mut self, event: &Event);
}
