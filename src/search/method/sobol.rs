//! Points of a Sobol sequence with Owen's scrambling: spread more evenly than random ones.
//!
//! Sobol, "On the distribution of points in a cube and the approximate evaluation of integrals", 1967; Owen, "Scrambling
//! Sobol' and Niederreiter-Xing points", 1998.

use crate::metrics::Stream;
use crate::spec::Point;

use super::at_quantiles::at_quantiles;
use super::definition::{Method, Question};
use super::random::ATTEMPTS;

/// The sequence's own order.
#[derive(Clone, Copy, Debug)]
pub struct Sobol;

/// Length and dimensions of a sequence as the crate has it.
const LENGTH: u32 = 1 << 16;
const DIMENSIONS: usize = 256;

impl Method for Sobol {
    fn name(&self) -> &'static str {
        "sobol"
    }

    /// The first point of the sequence that is new: the earlier ones are those before it.
    fn propose(&self, question: &Question<'_>) -> Option<Point> {
        // Of each 256 dimensions a scrambling of their own.
        let scrambling = |dimension: usize| Stream::new(question.seed, (dimension / DIMENSIONS) as u64).draw() as u32;
        // Samples that the sweep file names are none of this sequence.
        let first = question.number().saturating_sub(question.initial) as u32;
        (first..LENGTH)
            .take(ATTEMPTS as usize)
            .map(|index| {
                at_quantiles(question.space, |dimension| {
                    let number = (dimension % DIMENSIONS) as u32;
                    f64::from(sobol_burley::sample(index, number, scrambling(dimension)))
                })
            })
            .find(|point| question.is_new(point))
    }
}
