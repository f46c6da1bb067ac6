//! Generations: what a search knows of those that have ended, and what it answers.

use std::collections::BTreeMap;

use crate::spec::{PlannedRun, RunId, RunSpec, TriedPoint};

/// A generation all of whose runs have ended, in the order in which they were planned.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedGeneration<'a> {
    pub runs: Vec<FinishedRun<'a>>,
    /// The points that it tried first.
    pub points: &'a [TriedPoint],
}

/// A run with what came of it in a generation.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedRun<'a> {
    pub id: &'a RunId,
    /// Runs that differ only in their seed share it.
    pub configuration: &'a str,
    pub spec: &'a RunSpec,
    /// The search's metric: at the best epoch, or after the epoch at which the run pauses. None where it diverged or failed.
    pub value: Option<f64>,
    /// The epoch after which the run pauses; none where it has ended.
    pub paused_at: Option<usize>,
    /// The epoch after which somebody stopped it, before its end and before it was to pause.
    pub stopped_at: Option<usize>,
    /// Epochs that it has been trained for.
    pub epochs: usize,
}

/// Runs that are planned together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generation {
    /// New ones, and those that paused and go on.
    pub runs: Vec<PlannedRun>,
    /// The epoch after which a run pauses; those that are not here are trained to their end.
    pub until: BTreeMap<RunId, usize>,
    /// The points that are tried for the first time.
    pub points: Vec<TriedPoint>,
}
