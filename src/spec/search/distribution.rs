//! What values a searched parameter takes, and how they are spread.

use serde::{Deserialize, Serialize};

/// The values of a dimension. Both ends belong to it.
///
/// Values are rounded for people: a rate of `log_uniform` has three significant digits, a value of `uniform` three more
/// decimals than its range has digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    Uniform {
        low: f64,
        high: f64,
    },
    /// Uniform in the logarithm.
    LogUniform {
        low: f64,
        high: f64,
    },
    /// `low`, `low + step` and so on.
    Quantized {
        low: f64,
        high: f64,
        step: f64,
    },
    Int {
        low: i64,
        high: i64,
    },
    /// Whole numbers, uniform in the logarithm.
    LogInt {
        low: i64,
        high: i64,
    },
    /// Without an order, as the sweep file shows them.
    Choice(Vec<String>),
}

/// The value of one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coordinate {
    Number(f64),
    /// Counted from 0.
    Choice(usize),
}

/// A numeric distribution as the methods see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    /// Distances are those of logarithms.
    pub log: bool,
    /// Between two neighbouring values; none where there is no such thing.
    pub step: Option<f64>,
}

impl Distribution {
    /// The value at the quantile `u`, 0 <= u < 1.
    pub fn at(&self, u: f64) -> Coordinate {
        match self {
            Distribution::Choice(choices) => Coordinate::Choice(index(u, choices.len())),
            Distribution::Quantized { low, high, step } => {
                let steps = index(u, steps(*low, *high, *step));
                Coordinate::Number(self.rounded(low + steps as f64 * step))
            }
            Distribution::Int { low, high } => {
                let count = usize::try_from(high - low).unwrap_or(usize::MAX).saturating_add(1);
                Coordinate::Number((low + index(u, count) as i64) as f64)
            }
            Distribution::Uniform { low, high } => Coordinate::Number(self.rounded(low + u * (high - low))),
            Distribution::LogUniform { low, high } => {
                Coordinate::Number(self.rounded((low.ln() + u * (high.ln() - low.ln())).exp()))
            }
            Distribution::LogInt { low, high } => {
                // Each number has the part of the scale that rounds to it.
                let (low, high) = ((*low as f64 - 0.5).ln(), (*high as f64 + 0.5).ln());
                Coordinate::Number(self.rounded((low + u * (high - low)).exp()))
            }
        }
    }

    /// A number as a value of this distribution: rounded, and within its ends.
    pub fn rounded(&self, value: f64) -> f64 {
        match self {
            Distribution::Uniform { low, high } => {
                let digits = (high - low).log10().floor();
                decimals(value, (3.0 - digits).clamp(0.0, 15.0) as usize).clamp(*low, *high)
            }
            Distribution::LogUniform { low, high } => significant(value, 3).clamp(*low, *high),
            Distribution::Quantized { low, high, step } => {
                let last = steps(*low, *high, *step) - 1;
                let steps = ((value - low) / step).round().clamp(0.0, last as f64);
                significant(low + steps * step, 12)
            }
            Distribution::Int { low, high } | Distribution::LogInt { low, high } => {
                value.round().clamp(*low as f64, *high as f64)
            }
            Distribution::Choice(_) => value,
        }
    }

    /// Whether a number is one of its values. Where they are not steps, it is any within the ends.
    pub fn contains(&self, value: f64) -> bool {
        /// What a person rounds off, as a part of a step.
        const ROUNDING: f64 = 1e-6;
        self.range().is_some_and(|range| {
            let is_step = |step: f64| (self.rounded(value) - value).abs() <= ROUNDING * step;
            (range.low..=range.high).contains(&value) && range.step.is_none_or(is_step)
        })
    }

    /// How many choices there are; numbers are one of none.
    pub fn choices(&self) -> usize {
        if let Distribution::Choice(choices) = self { choices.len() } else { 0 }
    }

    /// None for choices.
    pub fn range(&self) -> Option<Range> {
        let range = |low, high, log, step| Some(Range { low, high, log, step });
        match *self {
            Distribution::Uniform { low, high } => range(low, high, false, None),
            Distribution::LogUniform { low, high } => range(low, high, true, None),
            Distribution::Quantized { low, high, step } => range(low, high, false, Some(step)),
            Distribution::Int { low, high } => range(low as f64, high as f64, false, Some(1.0)),
            Distribution::LogInt { low, high } => range(low as f64, high as f64, true, Some(1.0)),
            Distribution::Choice(_) => None,
        }
    }
}

/// Values of a quantized distribution; what rounding took off its last step is no reason to miss it.
fn steps(low: f64, high: f64, step: f64) -> usize {
    ((high - low) / step + 1e-9).floor() as usize + 1
}

fn index(u: f64, count: usize) -> usize {
    ((u * count as f64) as usize).min(count.saturating_sub(1))
}

fn decimals(value: f64, digits: usize) -> f64 {
    parsed(&format!("{value:.digits$}"), value)
}

fn significant(value: f64, digits: usize) -> f64 {
    let decimals = digits - 1;
    parsed(&format!("{value:.decimals$e}"), value)
}

fn parsed(text: &str, otherwise: f64) -> f64 {
    // Adding zero makes -0 into 0. What is formatted is a number.
    text.parse().unwrap_or(otherwise) + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(distribution: &Distribution, u: f64) -> f64 {
        match distribution.at(u) {
            Coordinate::Number(number) => number,
            Coordinate::Choice(_) => panic!("no number"),
        }
    }

    #[test]
    fn values_are_those_that_people_write() {
        let rate = Distribution::LogUniform { low: 1e-5, high: 1e-3 };
        assert_eq!(number(&rate, 0.5), 1e-4);
        assert_eq!(format!("{:?}", number(&rate, 0.3)), "3.98e-5");
        let dropout = Distribution::Uniform { low: 0.0, high: 0.3 };
        assert_eq!(number(&dropout, 1.0 / 3.0), 0.1);
        assert_eq!(number(&dropout, 0.12345), 0.037);
        let warmup = Distribution::Quantized { low: 0.0, high: 0.3, step: 0.05 };
        let values: Vec<f64> = (0..7).map(|step| number(&warmup, f64::from(step) / 7.0 + 0.01)).collect();
        assert_eq!(values, [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
    }

    #[test]
    fn values_between_the_steps_are_none_of_the_space() {
        let warmup = Distribution::Quantized { low: 0.0, high: 0.3, step: 0.05 };
        assert!([0.0, 0.15, 0.3].iter().all(|value| warmup.contains(*value)));
        assert!(![-0.05, 0.07, 0.1501, 0.35].iter().any(|value| warmup.contains(*value)));
        let thirds = Distribution::Quantized { low: 0.0, high: 1.0, step: 1.0 / 3.0 };
        assert!(thirds.contains(0.333_333_333_333) && thirds.contains(2.0 / 3.0));
        let alpha = Distribution::Int { low: 4, high: 64 };
        assert!(alpha.contains(4.0) && !alpha.contains(4.5));
        assert!(Distribution::LogUniform { low: 1e-5, high: 1e-3 }.contains(1.234_56e-4));
    }

    #[test]
    fn whole_numbers_reach_both_ends_evenly() {
        let mut counts = [0; 4];
        let epochs = Distribution::Int { low: 2, high: 5 };
        for u in 0..1000 {
            counts[number(&epochs, f64::from(u) / 1000.0) as usize - 2] += 1;
        }
        assert_eq!(counts, [250; 4]);
        let rank = Distribution::LogInt { low: 2, high: 64 };
        assert_eq!((number(&rank, 0.0), number(&rank, 0.999_999)), (2.0, 64.0));
        // As many below the geometric middle as above it.
        assert_eq!(number(&rank, 0.5), 10.0);
    }
}
