//! A trial as Optuna has it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::metrics::Metric;
use crate::report::model::Run;
use crate::store::RunState;

use super::distribution::OptunaDistribution;

/// The numbers are Optuna's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running = 0,
    Complete = 1,
    /// Stopped at a rung, or because somebody asked for it.
    Pruned = 2,
    Fail = 3,
    Waiting = 4,
}

impl State {
    pub(super) fn is_finished(self) -> bool {
        matches!(self, State::Complete | State::Pruned | State::Fail)
    }

    /// Of a trial with runs that are still to be trained.
    pub(super) fn of_open(runs: &[&Run]) -> State {
        if runs.iter().all(|run| run.state == RunState::Pending) { State::Waiting } else { State::Running }
    }
}

/// A parameter's value. `internal` is the number itself, or the place among the choices.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub name: String,
    pub distribution: OptunaDistribution,
    pub internal: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub state: State,
    pub parameters: Vec<Parameter>,
    /// The mean over the seeds; none where it is not known.
    pub value: Option<f64>,
    /// Means over the seeds by epoch, which may be no numbers.
    pub intermediate: Vec<(usize, f64)>,
    /// RFC 3339, UTC.
    pub started: Option<String>,
    pub ended: Option<String>,
    pub attributes: Vec<(&'static str, Value)>,
}

/// Means over runs after each epoch that all of them have reached.
pub(super) fn means_by_epoch(runs: &[&Run], metric: Metric) -> Vec<(usize, f64)> {
    let mut values: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for epoch in runs.iter().flat_map(|run| &run.epochs) {
        values.entry(epoch.epoch).or_default().push(epoch.metric(metric));
    }
    let all_there = values.into_iter().filter(|(_, values)| values.len() == runs.len());
    all_there.map(|(epoch, values)| (epoch, values.iter().sum::<f64>() / values.len() as f64)).collect()
}

/// When the first of the runs was started. All times have the same form, which is ordered like them.
pub(super) fn started(runs: &[&Run]) -> Option<String> {
    runs.iter().filter_map(|run| run.started.clone()).min()
}

/// When the last of the runs ended; none where one of them has not, or does not say.
pub(super) fn ended(runs: &[&Run]) -> Option<String> {
    runs.iter().map(|run| run.finished.clone()).collect::<Option<Vec<_>>>()?.into_iter().max()
}
