//! Axes for the values of a search's dimensions and for its metric.

use crate::metrics::{Direction, Metric};
use crate::report::search::Evidence;
use crate::spec::{Coordinate, Dimension, Distribution};

use super::super::axis::{Axis, Scale, Unit};
use super::super::canvas::Type;
use super::super::series::robust_range;

/// Air between tick labels, in pixels.
const BETWEEN: f64 = 16.0;

/// An axis for the values of the search's metric; a few values far on the bad side do not stretch it.
pub(super) fn metric(name: Metric, values: impl Iterator<Item = f64>, ticks: usize) -> Axis {
    let (low, high) = robust_range(values.collect(), name.lower_is_better());
    let air = ((high - low) * 0.06).max(1e-4);
    let (low, high) = (low - air, high + air);
    if name.is_share() {
        return Axis::rounded(low.max(0.0), high.min(1.0), ticks, Unit::Percent);
    }
    Axis::rounded(low, high, ticks, Unit::Number)
}

/// All values that a chart of means shows: those of the samples, and those over fresh seeds.
pub(super) fn means(evidence: &Evidence) -> Vec<f64> {
    let own = evidence.with_mean().map(|(_, summary)| summary.mean);
    let fresh = evidence.trials.iter().filter_map(|trial| Some(trial.fresh_summary()?.mean));
    own.chain(fresh).collect()
}

/// An axis for the values of a dimension, `width` pixels long: logarithmic where its distribution is, a place for each choice.
pub(super) fn dimension(dimension: &Dimension, width: f64) -> Axis {
    let Some(range) = dimension.distribution.range() else {
        return choices(&dimension.distribution, width);
    };
    let half = range.step.unwrap_or(0.0) / 2.0;
    let ticks = (width / 90.0).max(2.0) as usize;
    let is_whole = range.step == Some(1.0);
    let axis = if range.log {
        Axis::log(range.low - half, range.high + half, Unit::Number)
    } else if is_whole && range.low >= 0.0 {
        let ticks = Axis::whole(range.low as usize, range.high as usize, (width / 45.0) as usize).ticks;
        Axis { low: range.low - half, high: range.high + half, scale: Scale::Linear, ticks }
    } else {
        Axis::linear(range.low - half, range.high + half, ticks, Unit::Number)
    };
    let whole = |value: f64| !is_whole || value.fract() == 0.0;
    thinned(Axis { ticks: axis.ticks.into_iter().filter(|(value, _)| whole(*value)).collect(), ..axis }, width)
}

fn choices(distribution: &Distribution, width: f64) -> Axis {
    let names: &[String] = if let Distribution::Choice(names) = distribution { names } else { &[] };
    let count = names.len().max(1);
    // Names that would not be legible side by side: only every second, third and so on.
    let every = (count as f64 * 60.0 / width).ceil().max(1.0) as usize;
    let room = width / count as f64 * every as f64 - BETWEEN;
    let names = short(names, room);
    let tick = |(place, name): (usize, &String)| (place as f64, Type::small().fit(name, room));
    Axis {
        low: -0.5,
        high: count as f64 - 0.5,
        scale: Scale::Linear,
        ticks: names.iter().enumerate().step_by(every).map(tick).collect(),
    }
}

/// Names without the words that all begin with, where they are too wide.
fn short(names: &[String], room: f64) -> Vec<String> {
    let fits = |name: &String| Type::small().width(name) <= room;
    let (Some(first), false) = (names.first().filter(|_| names.len() > 1), names.iter().all(fits)) else {
        return names.to_vec();
    };
    let is_common = |end: &usize| names.iter().all(|name| name.starts_with(&first[..*end]));
    let words = first.char_indices().filter(|(_, c)| matches!(c, ' ' | '_' | '-' | '/' | '.'));
    let common = words.map(|(at, c)| at + c.len_utf8()).rfind(is_common);
    common.map_or_else(|| names.to_vec(), |end| names.iter().map(|name| format!("\u{2026}{}", &name[end..])).collect())
}

/// Without the labels that would run into each other.
fn thinned(axis: Axis, width: f64) -> Axis {
    let mut ticks: Vec<(f64, String)> = Vec::new();
    let mut end = f64::NEG_INFINITY;
    for (value, label) in &axis.ticks {
        let (middle, half) = (axis.share(*value) * width, Type::small().width(label) / 2.0);
        if middle - half > end {
            end = middle + half + BETWEEN;
            ticks.push((*value, label.clone()));
        }
    }
    Axis { ticks, ..axis }
}

/// Where a value stands on the axis of its dimension. Equal choices are spread a little, by the number of their sample.
pub(super) fn place(coordinate: Coordinate, number: usize) -> f64 {
    match coordinate {
        Coordinate::Number(value) => value,
        Coordinate::Choice(choice) => {
            const GOLDEN: f64 = 0.618_033_988_749_895;
            choice as f64 + ((number as f64 * GOLDEN).fract() - 0.5) * 0.5
        }
    }
}

/// For each sample with a mean how good it is among them, from 0 (the worst) to 1, by its rank.
pub(super) fn standings(evidence: &Evidence) -> Vec<Option<f64>> {
    let sign = if evidence.settings.direction() == Direction::HigherIsBetter { 1.0 } else { -1.0 };
    let scores: Vec<Option<f64>> = evidence.trials.iter().map(|trial| Some(sign * trial.summary()?.mean)).collect();
    let mut sorted: Vec<f64> = scores.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1).max(1) as f64;
    let standing = |score: f64| sorted.partition_point(|other| *other < score) as f64 / last;
    scores.into_iter().map(|score| score.map(standing)).collect()
}

/// What an axis of the metric is called.
pub(super) fn metric_title(evidence: &Evidence) -> String {
    let name = evidence.metric();
    let part = if name.is_of_training() || name.title().contains('(') { "" } else { " (evaluation)" };
    format!("{}{part}", name.title())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(distribution: Distribution, width: f64) -> Axis {
        dimension(&Dimension { name: "x".to_owned(), distribution, when: None }, width)
    }

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn whole_numbers_have_no_ticks_between_them() {
        assert_eq!(labels(&axis(Distribution::Int { low: 1, high: 3 }, 600.0)), ["1", "2", "3"]);
        assert_eq!(axis(Distribution::Int { low: 1, high: 8 }, 300.0).ticks.len(), 4);
        let rank = axis(Distribution::LogInt { low: 2, high: 64 }, 600.0);
        assert_eq!(labels(&rank), ["2", "5", "10", "20", "50"]);
        assert!(rank.contains(2.0) && rank.contains(64.0));
    }

    #[test]
    fn labels_do_not_run_into_each_other() {
        let names: Vec<String> = (0..40).map(|number| format!("a long name of choice {number}")).collect();
        let axis = axis(Distribution::Choice(names), 300.0);
        assert!(axis.ticks.len() <= 6, "{:?}", axis.ticks);
        assert!(axis.ticks[0].1.contains('0') && axis.ticks[1].1 != axis.ticks[0].1, "{:?}", axis.ticks);
    }
}
