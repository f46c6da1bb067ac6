//! What made a sweep's results: training, or a mock that invents them for tests.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What executes the runs of a sweep. It is stated in the plan and in every record of a run; the two are never mixed in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutorKind {
    /// Training with libtorch. Records without a word about it are of this kind.
    #[default]
    Torch,
    /// Nothing is trained: all figures are invented, for tests of everything around training.
    Mock,
}

impl ExecutorKind {
    /// Records of training do not mention it.
    pub(super) fn is_torch(&self) -> bool {
        *self == Self::Torch
    }
}

impl fmt::Display for ExecutorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torch => "results of training",
            Self::Mock => "invented results of the mock executor",
        })
    }
}
