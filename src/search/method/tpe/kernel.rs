//! The kernel of one point in one dimension: a normal distribution cut at the ends, or choices with more weight on one.

use crate::metrics::{normal_cdf, normal_quantile};
use crate::spec::{Coordinate, Distribution};

use super::width::Width;

/// Less than this is as good as nothing; its logarithm is finite.
const SMALLEST: f64 = 1e-300;

/// A coordinate as a number: a logarithm where distances are those, the number of a choice.
pub fn value(distribution: &Distribution, coordinate: Coordinate) -> f64 {
    match (coordinate, distribution.range()) {
        (Coordinate::Number(number), Some(range)) if range.log => number.ln(),
        (Coordinate::Number(number), _) => number,
        (Coordinate::Choice(choice), _) => choice as f64,
    }
}

/// The coordinate nearest to such a number.
pub fn coordinate(distribution: &Distribution, value: f64) -> Coordinate {
    match distribution.range() {
        Some(range) => Coordinate::Number(distribution.rounded(if range.log { value.exp() } else { value })),
        None => Coordinate::Choice(value as usize),
    }
}

pub enum Kernel {
    Normal(Normal),
    /// The probability of each choice.
    Choices(Vec<f64>),
}

/// A normal distribution between two ends.
pub struct Normal {
    mean: f64,
    sd: f64,
    ends: Ends,
    /// Its part below the lower end, and between the ends.
    below: f64,
    inside: f64,
    /// Logarithm of what the density is divided by.
    log_scale: f64,
}

/// Where values have neighbours, with half a step beyond the first and the last.
#[derive(Clone, Copy)]
struct Ends {
    low: f64,
    high: f64,
    step: Option<f64>,
    log: bool,
}

impl Kernel {
    /// Around the values of points in a dimension, in their order; `width` with the number of dimensions that are modelled
    /// together.
    pub fn around(distribution: &Distribution, values: &[f64], (width, dimensions): (Width, usize)) -> Vec<Self> {
        let count = values.len();
        match Ends::of(distribution) {
            Some(ends) => {
                let widths = width.of(values, (ends.low, ends.high), dimensions);
                let kernel = |(value, width): (&f64, f64)| Kernel::Normal(Normal::new(*value, width, ends));
                values.iter().zip(widths).map(kernel).collect()
            }
            None => {
                let choices = distribution.choices();
                // Every choice has its part of the one point that is thought of beside those that are there.
                let share = 1.0 / (count as f64 + 1.0);
                let all = 1.0 + share * choices as f64;
                let weight = |own: f64, choice: usize| (share + if choice == own as usize { 1.0 } else { 0.0 }) / all;
                values
                    .iter()
                    .map(|own| Kernel::Choices((0..choices).map(|choice| weight(*own, choice)).collect()))
                    .collect()
            }
        }
    }

    /// The one that covers all.
    pub fn everywhere(distribution: &Distribution) -> Self {
        match Ends::of(distribution) {
            Some(ends) => Kernel::Normal(Normal::new((ends.low + ends.high) / 2.0, ends.high - ends.low, ends)),
            None => {
                let choices = distribution.choices();
                Kernel::Choices(vec![1.0 / choices as f64; choices])
            }
        }
    }

    /// The value at a quantile.
    pub fn draw(&self, u: f64) -> f64 {
        match self {
            Kernel::Normal(normal) => {
                let quantile = (normal.below + u * normal.inside).clamp(1e-12, 1.0 - 1e-12);
                (normal.mean + normal.sd * normal_quantile(quantile)).clamp(normal.ends.low, normal.ends.high)
            }
            Kernel::Choices(weights) => drawn(weights, u) as f64,
        }
    }

    /// Of a value as the distribution rounds it; where values have neighbours it is a probability.
    pub fn log_density(&self, value: f64) -> f64 {
        match self {
            Kernel::Normal(normal) => normal.log_density(value),
            Kernel::Choices(weights) => weights[value as usize].ln(),
        }
    }
}

/// The place at a quantile of weights that sum to 1.
pub fn drawn(weights: &[f64], u: f64) -> usize {
    let mut left = u;
    let place = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    place.unwrap_or(weights.len().saturating_sub(1))
}

impl Normal {
    fn new(mean: f64, sd: f64, ends: Ends) -> Self {
        let below = normal_cdf((ends.low - mean) / sd);
        let inside = (normal_cdf((ends.high - mean) / sd) - below).max(SMALLEST);
        let log_scale = (sd * inside * std::f64::consts::TAU.sqrt()).ln();
        Normal { mean, sd, ends, below, inside, log_scale }
    }

    fn log_density(&self, value: f64) -> f64 {
        let Some((from, to)) = self.ends.cell(value) else {
            let distance = (value - self.mean) / self.sd;
            return -0.5 * distance * distance - self.log_scale;
        };
        let at = |end: f64| normal_cdf((end.clamp(self.ends.low, self.ends.high) - self.mean) / self.sd);
        ((at(to) - at(from)) / self.inside).max(SMALLEST).ln()
    }
}

impl Ends {
    fn of(distribution: &Distribution) -> Option<Self> {
        let range = distribution.range()?;
        let half = range.step.unwrap_or(0.0) / 2.0;
        let (low, high) = (range.low - half, range.high + half);
        let (low, high) = if range.log { (low.ln(), high.ln()) } else { (low, high) };
        Some(Ends { low, high, step: range.step, log: range.log })
    }

    /// What is rounded to a value; none where nothing is.
    fn cell(self, value: f64) -> Option<(f64, f64)> {
        let half = self.step? / 2.0;
        let (from, to) = if self.log {
            let number = value.exp().round().max(1.0);
            ((number - half).ln(), (number + half).ln())
        } else {
            (value - half, value + half)
        };
        Some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: (Width, usize) = (Width::Neighbours { narrowness: 1.0 }, 1);

    #[test]
    fn densities_integrate_to_one() {
        let rate = Distribution::LogUniform { low: 1e-5, high: 1e-2 };
        let (low, high) = (1e-5f64.ln(), 1e-2f64.ln());
        for mean in [low, -8.0, high] {
            let [kernel, _] = &Kernel::around(&rate, &[mean, mean + 1.0], NEAR)[..] else { unreachable!() };
            let cells = 20_000;
            let width = (high - low) / f64::from(cells);
            let middle = |cell: i32| low + (f64::from(cell) + 0.5) * width;
            let sum: f64 = (0..cells).map(|cell| kernel.log_density(middle(cell)).exp() * width).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum} around {mean}");
        }
        let rank = Distribution::LogInt { low: 1, high: 40 };
        let kernel = &Kernel::around(&rank, &[8f64.ln(), 0.0, 3.0], NEAR)[0];
        let sum: f64 = (1..=40).map(|rank| kernel.log_density(f64::from(rank).ln()).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        let choice = Distribution::Choice(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let kernel = &Kernel::around(&choice, &[1.0, 0.0, 1.0], NEAR)[0];
        let sum: f64 = (0..3).map(|choice| kernel.log_density(f64::from(choice)).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        assert!(kernel.log_density(1.0) > kernel.log_density(0.0));
    }

    #[test]
    fn draws_follow_the_density() {
        let dropout = Distribution::Uniform { low: 0.0, high: 1.0 };
        let kernel = &Kernel::around(&dropout, &[0.9, 0.7, 0.2], NEAR)[0];
        let draws: Vec<f64> = (0..10_000).map(|u| kernel.draw((f64::from(u) + 0.5) / 10_000.0)).collect();
        for end in [0.5, 0.8, 0.9, 0.97] {
            let share = draws.iter().filter(|draw| **draw < end).count() as f64 / 10_000.0;
            let cells = 10_000;
            let width = end / f64::from(cells);
            let middle = |cell: i32| (f64::from(cell) + 0.5) * width;
            let mass: f64 = (0..cells).map(|cell| kernel.log_density(middle(cell)).exp() * width).sum();
            assert!((share - mass).abs() < 2e-3, "{share} of the draws, {mass} of the density below {end}");
        }
    }
}
