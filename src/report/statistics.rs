//! The figures of `metrics` on the runs of a report.

use crate::metrics::{Interval, LEVEL, mean_interval, wilson};

use super::model::Run;

/// 95 % interval of the mean accuracy of a configuration's completed runs at their best epochs.
///
/// Two sources of noise, added as `metrics` does it for differences (Banerjee 1960): which examples were drawn for
/// evaluation (Wilson's interval; all seeds share the examples) and which seeds (Student's t over the seeds).
pub(super) fn accuracy_interval<'a>(runs: impl Iterator<Item = &'a Run>) -> Option<Interval> {
    let completed: Vec<(f64, usize)> = runs
        .filter(|run| run.completed())
        .filter_map(|run| Some((run.best_epoch()?.scores.accuracy, run.facts.as_ref()?.eval_examples)))
        .filter(|(accuracy, _)| (0.0..=1.0).contains(accuracy))
        .collect();
    let examples = completed.iter().map(|(_, examples)| *examples).min()?;
    let accuracies: Vec<f64> = completed.iter().map(|(accuracy, _)| *accuracy).collect();
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let over_examples = wilson((mean * examples as f64).round() as u64, examples as u64, LEVEL)?;
    let seeds = mean_interval(&accuracies, LEVEL).map_or(0.0, |interval| interval.width() / 2.0);
    Some(Interval {
        low: (mean - seeds.hypot(mean - over_examples.low)).max(0.0),
        high: (mean + seeds.hypot(over_examples.high - mean)).min(1.0),
    })
}
