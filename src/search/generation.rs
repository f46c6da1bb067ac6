//! What a search knows of the runs that have ended.

use crate::spec::{RunId, RunSpec};

/// A generation all of whose runs have ended, in the order in which they were planned.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedGeneration<'a> {
    pub runs: Vec<FinishedRun<'a>>,
}

/// A run with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedRun<'a> {
    pub id: &'a RunId,
    /// Runs that differ only in their seed share it.
    pub configuration: &'a str,
    pub spec: &'a RunSpec,
    /// Its `metric_for_best` at the best epoch; none where it diverged or failed.
    pub value: Option<f64>,
}
