//! What a method of search is.

use crate::search::space::Space;
use crate::spec::Point;

/// A way to choose points. It is a pure function of what it is asked: it keeps nothing between two questions and looks at no
/// clock.
pub trait Method: Sync {
    /// As sweep files and plans name it.
    fn name(&self) -> &'static str;

    /// A point that is allowed and none of the earlier ones; none where none was found.
    fn propose(&self, question: &Question<'_>) -> Option<Point>;
}

/// What a method is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub space: &'a dyn Space,
    /// Of the search.
    pub seed: u64,
    /// The first samples, which the sweep file names.
    pub initial: usize,
    /// Samples whose results may be looked at, in their order.
    pub finished: &'a [Sample],
    /// Samples after those, whose results are not known yet or may not be looked at.
    pub pending: &'a [Point],
}

/// A point with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub point: Point,
    /// Larger is better; the mean over the seeds. None where a run of it diverged or failed.
    pub score: Option<f64>,
    /// Epochs it was trained for, where it was stopped before its end.
    pub stopped_at: Option<usize>,
}

impl Question<'_> {
    /// Counted from 0.
    pub fn number(&self) -> usize {
        self.finished.len() + self.pending.len()
    }

    /// Whether a point may be the answer.
    pub fn is_new(&self, point: &Point) -> bool {
        let earlier = self.finished.iter().map(|sample| &sample.point).chain(self.pending);
        !earlier.into_iter().any(|known| known == point) && self.space.is_allowed(point)
    }
}
