//! The figures of `metrics` on the runs of a report.

use crate::metrics::{Interval, LEVEL, mean_interval, share_interval, wilson};
use crate::spec::Metric;

use super::model::Run;

/// 95 % interval of the mean accuracy of a configuration's completed runs at their best epochs.
pub(super) fn accuracy_interval<'a>(runs: impl Iterator<Item = &'a Run>) -> Option<Interval> {
    let completed = runs.filter(|run| run.ended_by_itself());
    let value = |run: &'a Run| Some((run.judged(Metric::ACCURACY)?, run.judged_examples()));
    interval(Metric::ACCURACY, &completed.filter_map(value).collect::<Vec<_>>())
}

/// 95 % interval of the mean of a recorded metric, from one value per run, with the number of examples that it is of. None where nothing tells how much it varies.
///
/// A share of examples has two sources of noise, added as `metrics` does it for differences (Banerjee 1960): which examples
/// were drawn (Wilson's interval; all seeds share the examples) and which seeds ([`share_interval`]). F1, precision and recall
/// are weighted by class, so that examples weigh in them about as they do in accuracy. With one seed it is over examples only.
/// Of losses and confidences no interval over examples is known: theirs is over seeds, within the range of the metric.
pub(super) fn interval(name: Metric, values: &[(f64, Option<usize>)]) -> Option<Interval> {
    let bare: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
    if !name.is_share() {
        let Interval { low, high } = mean_interval(&bare, LEVEL).filter(|interval| interval.width() > 0.0)?;
        // A cross-entropy is not negative.
        return Some(Interval { low: low.max(0.0), high });
    }
    if !name.counts_examples() {
        return share_interval(&bare, 0.0, LEVEL);
    }
    let sound: Vec<(f64, usize)> = values
        .iter()
        .filter(|(value, _)| (0.0..=1.0).contains(value))
        .filter_map(|(value, examples)| Some((*value, (*examples)?)))
        .collect();
    let examples = sound.iter().map(|(_, examples)| *examples).min()?.max(1);
    let shares: Vec<f64> = sound.iter().map(|(value, _)| *value).collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let over_examples = wilson((mean * examples as f64).round() as u64, examples as u64, LEVEL)?;
    let none = Interval { low: mean, high: mean };
    let over_seeds = share_interval(&shares, 1.0 / examples as f64, LEVEL).unwrap_or(none);
    // Each part stays a share; their sum may go a little beyond, where there are no values.
    Some(Interval {
        low: (mean - (mean - over_seeds.low).hypot(mean - over_examples.low)).max(0.0),
        high: (mean + (over_seeds.high - mean).hypot(over_examples.high - mean)).min(1.0),
    })
}
