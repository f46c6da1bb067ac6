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
    /// It ended after this epoch (counted from 1), before its last one, with its state kept: it may go on later. On request it
    /// ends between two epochs or within one, of which nothing is recorded then; 0 where no epoch was over.
    Stopped {
        epoch: usize,
        #[serde(default, skip_serializing_if = "StopReason::is_pause")]
        because: StopReason,
    },
}

/// Why a run ended before its last epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It was planned up to here.
    #[default]
    Pause,
    /// Its metric improved no more: its `early_stopping`.
    EarlyStopping,
    /// Somebody asked for it.
    Request,
}

impl StopReason {
    /// Whether a run stopped before its end, which its own rule would be as well.
    pub fn cuts_short(self) -> bool {
        matches!(self, StopReason::Pause | StopReason::Request)
    }

    fn is_pause(&self) -> bool {
        *self == Self::Pause
    }
}
