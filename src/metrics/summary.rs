//! Several runs of one configuration as a few numbers.

use serde::{Deserialize, Serialize};

/// Which values of a metric are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    HigherIsBetter,
    LowerIsBetter,
}

/// A quantity over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub count: usize,
    pub mean: f64,
    /// Sample standard deviation (divided by `count - 1`); none for a single value.
    pub sd: Option<f64>,
    pub min: f64,
    pub max: f64,
}

impl Summary {
    /// None without values or where one is not finite.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            count,
            mean,
            sd: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    pub fn best(&self, direction: Direction) -> f64 {
        match direction {
            Direction::HigherIsBetter => self.max,
            Direction::LowerIsBetter => self.min,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summarises_seeds() {
        let summary = Summary::of(&[0.5, 0.75, 1.0]).unwrap();
        assert_eq!((summary.count, summary.mean, summary.sd), (3, 0.75, Some(0.25)));
        assert_eq!(summary.best(Direction::HigherIsBetter), 1.0);
        assert_eq!(summary.best(Direction::LowerIsBetter), 0.5);
    }

    #[test]
    fn one_seed_has_no_spread_and_none_has_nothing() {
        assert_eq!(Summary::of(&[0.5]).unwrap().sd, None);
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[0.5, f64::INFINITY]), None);
    }
}
