//! Figures over the seeds of a configuration.

use std::collections::BTreeMap;

use crate::event::EpochRecord;
use crate::metrics::Summary;
use crate::spec::Metric;

use super::model::{EpochSummary, Run};

/// The curve of a configuration over the epochs of its sound runs; ascending, epochs that no run has are missing.
pub(super) fn curve<'a>(runs: impl Iterator<Item = &'a Run>) -> Vec<EpochSummary> {
    let mut by_epoch: BTreeMap<usize, Vec<&EpochRecord>> = BTreeMap::new();
    for record in runs.filter(|run| run.sound()).flat_map(|run| &run.epochs) {
        by_epoch.entry(record.epoch).or_default().push(record);
    }
    let at = |(epoch, records): (usize, Vec<&EpochRecord>)| {
        let metrics = summaries(|name| records.iter().map(|record| Some(record.metric(name))).collect());
        EpochSummary { epoch, metrics }
    };
    by_epoch.into_iter().map(at).collect()
}

/// A configuration's completed runs, each at its best epoch and on the examples that it is judged on. Empty when none is
/// completed.
pub(super) fn best<'a>(runs: impl Iterator<Item = &'a Run>) -> BTreeMap<Metric, Summary> {
    let completed: Vec<&Run> = runs.filter(|run| run.ended_by_itself() && run.best_epoch().is_some()).collect();
    summaries(|name| completed.iter().map(|run| run.judged(name)).collect())
}

/// Metrics without a finite value in every record are missing.
fn summaries(values: impl Fn(Metric) -> Option<Vec<f64>>) -> BTreeMap<Metric, Summary> {
    let summary = |name: Metric| Some((name, Summary::of(&values(name)?)?));
    Metric::all().filter_map(summary).collect()
}
