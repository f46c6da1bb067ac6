//! The best samples, and the others.

use std::cmp::Ordering;

use crate::search::method::definition::{Question, Sample};
use crate::spec::Point;

/// The best are a tenth of those with results, and at most this many.
const MOST_BEST: usize = 25;

/// The points of the best samples and those of all others, each in the order of samples. What waits for its results counts
/// among the others.
pub fn split<'q>(question: &Question<'q>) -> (Vec<&'q Point>, Vec<&'q Point>) {
    let finished = question.finished;
    let count = finished.len().div_ceil(10).min(MOST_BEST);
    let mut order: Vec<usize> = (0..finished.len()).collect();
    order.sort_by(|&a, &b| compare(&finished[a], &finished[b]).then(a.cmp(&b)));
    let mut is_best = vec![false; finished.len()];
    for &number in &order[..count] {
        is_best[number] = true;
    }
    let points = |wanted: bool| {
        finished.iter().zip(&is_best).filter(move |(_, best)| **best == wanted).map(|(sample, _)| &sample.point)
    };
    (points(true).collect(), points(false).chain(question.pending).collect())
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
