//! How a run ended.

use serde::{Deserialize, Serialize};

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
    /// A search gave it up after this epoch (counted from 1), before its last one. It may go on later.
    Stopped {
        epoch: usize,
    },
}
