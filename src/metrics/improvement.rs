//! How often a run of one configuration is better than a run of another.

use serde::{Deserialize, Serialize};

use super::distribution::t_critical;
use super::interval::{Interval, is_level};
use super::summary::Direction;

/// The probability that a run of the treatment is better than one of the baseline, equals counting half (Agarwal et al. 2021,
/// "Deep reinforcement learning at the edge of the statistical precipice"; Mann and Whitney's statistic over its maximum).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    pub probability: f64,
    /// None where one of the sides has a single run.
    pub interval: Option<Interval>,
}

impl Improvement {
    /// Compares every run of one side with every run of the other: which is which seed plays no part. None without runs, where a
    /// value is no number, or for a level not strictly between 0 and 1.
    ///
    /// The interval is Newcombe's (2006, Statistics in Medicine 25, method 5), which inverts the variance that Hanley and McNeil
    /// (1982) give the statistic, so that it has a width also where every run of one side is better. For few runs we put Student's
    /// t with `m + n - 2` degrees of freedom in the place of the normal quantile; `tests/metrics_calibration.rs` shows what it
    /// covers.
    pub fn of(treatment: &[f64], baseline: &[f64], better: Direction, level: f64) -> Option<Self> {
        let numbers = treatment.iter().chain(baseline).all(|value| !value.is_nan());
        if treatment.is_empty() || baseline.is_empty() || !numbers || !is_level(level) {
            return None;
        }
        let (m, n) = (treatment.len() as f64, baseline.len() as f64);
        let won = |a: f64, b: f64| if a == b { 0.5 } else { f64::from(u8::from(a > b)) };
        let wins: f64 = treatment.iter().map(|&a| baseline.iter().map(|&b| won(a, b)).sum::<f64>()).sum();
        let higher = wins / (m * n);
        let probability = match better {
            Direction::HigherIsBetter => higher,
            Direction::LowerIsBetter => 1.0 - higher,
        };
        let interval = (m > 1.0 && n > 1.0).then(|| {
            let critical = t_critical((1.0 - level) / 2.0, m + n - 2.0);
            // Of 1 - p the variance is that of p.
            Interval {
                low: lower_limit(probability, m, n, critical),
                high: 1.0 - lower_limit(1.0 - probability, m, n, critical),
            }
        });
        Some(Self { probability, interval })
    }
}

/// The smallest probability that lies within `critical` of its own standard errors of what was found.
fn lower_limit(found: f64, m: f64, n: f64, critical: f64) -> f64 {
    let (mut outside, mut inside) = (0.0, found);
    for _ in 0..60 {
        let middle = (outside + inside) / 2.0;
        if (found - middle).powi(2) > critical * critical * variance(middle, m, n) {
            outside = middle;
        } else {
            inside = middle;
        }
    }
    inside
}

fn variance(p: f64, m: f64, n: f64) -> f64 {
    let pairs = (m + n) / 2.0 - 1.0;
    p * (1.0 - p) * (1.0 + pairs * ((1.0 - p) / (2.0 - p) + p / (1.0 + p))) / (m * n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::LEVEL;

    fn improvement(treatment: &[f64], baseline: &[f64]) -> Improvement {
        Improvement::of(treatment, baseline, Direction::HigherIsBetter, LEVEL).unwrap()
    }

    proptest! {
        #[test]
        fn contains_what_was_found_and_is_symmetric(
            a in prop::collection::vec(0u8..6, 2..8), b in prop::collection::vec(0u8..6, 2..8),
        ) {
            let numbers = |values: &[u8]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
            let (a, b) = (numbers(&a), numbers(&b));
            let (one, other) = (improvement(&a, &b), improvement(&b, &a));
            let interval = one.interval.unwrap();
            prop_assert!(0.0 <= interval.low && interval.low <= one.probability + 1e-12);
            prop_assert!(one.probability <= interval.high + 1e-12 && interval.high <= 1.0 && interval.width() > 0.0);
            prop_assert!((one.probability + other.probability - 1.0).abs() < 1e-12);
            prop_assert!((interval.low + other.interval.unwrap().high - 1.0).abs() < 1e-9);
            let loss = Improvement::of(&a, &b, Direction::LowerIsBetter, LEVEL).unwrap();
            prop_assert!((loss.probability - other.probability).abs() < 1e-12);
        }
    }

    #[test]
    fn three_runs_that_are_all_better_leave_much_open() {
        let found = improvement(&[0.93, 0.94, 0.95], &[0.9, 0.91, 0.92]);
        let interval = found.interval.unwrap();
        assert_eq!((found.probability, interval.high), (1.0, 1.0));
        assert!((0.2..0.6).contains(&interval.low), "{interval:?}");
        assert_eq!(improvement(&[0.9], &[0.8, 0.9]).interval, None);
        assert_eq!(improvement(&[0.9], &[0.8, 0.9]).probability, 0.75);
        assert_eq!(Improvement::of(&[f64::NAN], &[0.8], Direction::HigherIsBetter, LEVEL), None);
    }
}
