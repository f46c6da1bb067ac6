//! The best samples, and the others.

use std::cmp::Ordering;

use crate::search::method::definition::{Question, Sample};
use crate::spec::Point;

/// The best are a tenth of those with results, and at most this many.
const MOST_BEST: usize = 25;
/// Of many others the newest have full weight; the weights of the rest grow from almost nothing in their order.
const FULL_WEIGHT: usize = 25;

/// The points of a split, each in the order of samples, with the weights of their kernels.
pub struct Split<'q> {
    pub best: Vec<(&'q Point, f64)>,
    pub others: Vec<(&'q Point, f64)>,
}

/// What waits for its results counts among the others.
pub fn split<'q>(question: &Question<'q>) -> Split<'q> {
    let finished = question.finished;
    let count = finished.len().div_ceil(10).min(MOST_BEST);
    let mut order: Vec<usize> = (0..finished.len()).collect();
    order.sort_by(|&a, &b| compare(&finished[a], &finished[b]).then(a.cmp(&b)));
    let mut weights: Vec<Option<f64>> = vec![None; finished.len()];
    for (place, &number) in order[..count].iter().enumerate() {
        weights[number] = Some(weight_of_place(place, count));
    }
    let ranked = || finished.iter().map(|sample| &sample.point).zip(&weights);
    let best = ranked().filter_map(|(point, weight)| Some((point, (*weight)?))).collect();
    let others: Vec<&Point> =
        ranked().filter(|(_, weight)| weight.is_none()).map(|(point, _)| point).chain(question.pending).collect();
    let weights = weights_by_age(others.len());
    Split { best, others: others.into_iter().zip(weights).collect() }
}

/// Of the sample at a place among the best, counted from 0: 1 for the first, almost nothing for the last (the recombination
/// weights of Hansen, "The CMA Evolution Strategy: A Tutorial", 2016, equation 49, divided by the first).
fn weight_of_place(place: usize, count: usize) -> f64 {
    let last = (count as f64 + 0.5).ln();
    (last - (place as f64 + 1.0).ln()) / last
}

/// Of points in their order.
fn weights_by_age(count: usize) -> impl Iterator<Item = f64> {
    let ramp = count.saturating_sub(FULL_WEIGHT);
    let lowest = 1.0 / count.max(1) as f64;
    let rising = (0..ramp).map(move |place| match ramp {
        1 => lowest,
        _ => lowest + (1.0 - lowest) * place as f64 / (ramp - 1) as f64,
    });
    rising.chain(std::iter::repeat_n(1.0, count - ramp))
}

/// Better ones first: those that were trained to their end by their scores, then the stopped ones, of which those are better
/// that got further, then what diverged or failed.
fn compare(a: &Sample, b: &Sample) -> Ordering {
    let rank = |sample: &Sample| match (sample.score, sample.stopped_at) {
        (Some(score), None) => (0, 0, -score),
        (Some(score), Some(epoch)) => (1, usize::MAX - epoch, -score),
        (None, _) => (2, 0, 0.0),
    };
    let (a, b) = (rank(a), rank(b));
    a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_points_weigh_less() {
        assert_eq!(weights_by_age(3).collect::<Vec<_>>(), [1.0; 3]);
        let many: Vec<f64> = weights_by_age(40).collect();
        assert_eq!((many.len(), many[0], many[14], many[39]), (40, 0.025, 1.0, 1.0));
        assert!(many.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn better_points_weigh_more() {
        assert_eq!(weight_of_place(0, 1), 1.0);
        let many: Vec<f64> = (0..25).map(|place| weight_of_place(place, 25)).collect();
        assert_eq!(many[0], 1.0);
        assert!(many.windows(2).all(|pair| pair[0] > pair[1]) && many[24] > 0.0);
    }
}
