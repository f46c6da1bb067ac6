//! Points at random.

use crate::metrics::Stream;
use crate::spec::Point;

use super::at_quantiles::at_quantiles;
use super::definition::{Method, Question};

/// Every coordinate independently, by its distribution.
#[derive(Clone, Copy, Debug)]
pub struct Random;

/// Points that are drawn before it is given up: what is left of the space is less than a ten-thousandth, or nothing.
pub const ATTEMPTS: u64 = 10_000;

impl Method for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn propose(&self, question: &Question<'_>) -> Option<Point> {
        let mut stream = stream(question);
        (0..ATTEMPTS).map(|_| at_quantiles(question.space, |_| stream.uniform())).find(|point| question.is_new(point))
    }
}

/// The random numbers of a sample.
pub fn stream(question: &Question<'_>) -> Stream {
    Stream::new(question.seed, question.number() as u64)
}
