//! Classification metrics and statistics on plain numbers; no tensors, no files.

use serde::{Deserialize, Serialize};

/// Weighted scores over a set of examples (scikit-learn's `average="weighted"`, `zero_division=0`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    pub accuracy: f64,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}
