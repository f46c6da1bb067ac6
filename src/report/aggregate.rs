//! Figures over the seeds of a configuration.

use std::collections::BTreeMap;

use crate::event::EpochRecord;
use crate::metrics::Summary;
use crate::spec::MetricName;

use super::metric;
use super::model::{EpochSummary, Run};

/// The curve of a configuration over the epochs of its sound runs; ascending, epochs that no run has are missing.
pub(super) fn curve<'a>(runs: impl Iterator<Item = &'a Run>) -> Vec<EpochSummary> {
    let mut by_epoch: BTreeMap<usize, Vec<&EpochRecord>> = BTreeMap::new();
    for record in runs.filter(|run| run.sound()).flat_map(|run| &run.epochs) {
        by_epoch.entry(record.epoch).or_default().push(record);
    }
    by_epoch.into_iter().map(|(epoch, records)| EpochSummary { epoch, metrics: summaries(&records) }).collect()
}

/// A configuration's completed runs, each at its best epoch. Empty when none is completed.
pub(super) fn best<'a>(runs: impl Iterator<Item = &'a Run>) -> BTreeMap<MetricName, Summary> {
    let records: Vec<&EpochRecord> = runs.filter(|run| run.completed()).filter_map(Run::best_epoch).collect();
    summaries(&records)
}

/// Metrics without a finite value in every record are missing.
fn summaries(records: &[&EpochRecord]) -> BTreeMap<MetricName, Summary> {
    let summary = |name: MetricName| {
        let values: Vec<f64> = records.iter().map(|record| record.metric(name)).collect();
        Some((name, Summary::of(&values)?))
    };
    metric::ALL.into_iter().filter_map(summary).collect()
}
