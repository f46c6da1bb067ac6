//! Methods: which point of a space is tried next.
//!
//! A method is a file here that implements [`Method`], and a line in [`METHODS`].

mod at_quantiles;
mod random;
mod sobol;
mod tpe;

use crate::spec::Point;

use super::space::Space;

pub use random::Random;
pub use sobol::Sobol;
pub use tpe::Tpe;

/// All methods.
pub const METHODS: &[&dyn Method] = &[&Random, &Sobol, &Tpe];

/// The method of a name.
pub fn method(name: &str) -> Option<&'static dyn Method> {
    METHODS.iter().copied().find(|method| method.name() == name)
}

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
