//! Confidence intervals of a single quantity.

use serde::{Deserialize, Serialize};

use super::distribution::{normal_quantile, t_critical};
use super::summary::Summary;

/// The confidence level of every interval that the report shows and every verdict rests on.
pub const LEVEL: f64 = 0.95;

/// A range of plausible values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    pub(super) fn around(center: f64, half_width: f64) -> Self {
        Self { low: center - half_width, high: center + half_width }
    }

    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// Wilson's score interval for a share, such as an accuracy: `successes` of `trials` (Wilson 1927; statsmodels
/// `proportion_confint(method="wilson")`). None without trials, with more successes than trials, or for a level not
/// strictly between 0 and 1.
pub fn wilson(successes: u64, trials: u64, level: f64) -> Option<Interval> {
    if trials == 0 || successes > trials || !is_level(level) {
        return None;
    }
    let (n, z) = (trials as f64, normal_quantile(0.5 + level / 2.0));
    let share = successes as f64 / n;
    let scale = 1.0 + z * z / n;
    let center = (share + z * z / (2.0 * n)) / scale;
    let half_width = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let Interval { low, high } = Interval::around(center, half_width);
    // Rounding must not exclude the estimate at 0 and 1.
    Some(Interval { low: low.clamp(0.0, share), high: high.clamp(share, 1.0) })
}

/// Student's t interval for the mean of a quantity measured once per seed. None for fewer than two values, values that
/// are not finite, or a level not strictly between 0 and 1.
pub fn mean_interval(values: &[f64], level: f64) -> Option<Interval> {
    let summary = Summary::of(values)?;
    let sd = summary.sd?;
    if !is_level(level) {
        return None;
    }
    let n = summary.count as f64;
    let half_width = t_critical((1.0 - level) / 2.0, n - 1.0) * sd / n.sqrt();
    Some(Interval::around(summary.mean, half_width))
}

pub(super) fn is_level(level: f64) -> bool {
    level > 0.0 && level < 1.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn wilson_contains_the_share_and_stays_a_share(trials in 1u64..100_000, part in 0.0f64..=1.0, level in 0.01f64..0.999) {
            let successes = (part * trials as f64) as u64;
            let interval = wilson(successes, trials, level).unwrap();
            prop_assert!(interval.contains(successes as f64 / trials as f64));
            prop_assert!(interval.low >= 0.0 && interval.high <= 1.0 && interval.width() > 0.0);
        }

        #[test]
        fn wilson_is_symmetric_in_right_and_wrong(trials in 1u64..10_000, part in 0.0f64..=1.0) {
            let successes = (part * trials as f64) as u64;
            let (right, wrong) = (wilson(successes, trials, LEVEL).unwrap(), wilson(trials - successes, trials, LEVEL).unwrap());
            prop_assert!((right.low - (1.0 - wrong.high)).abs() < 1e-12);
        }

        #[test]
        fn a_mean_interval_contains_the_mean(values in prop::collection::vec(-1e3f64..1e3, 2..20)) {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let wide = mean_interval(&values, 0.99).unwrap();
            let narrow = mean_interval(&values, 0.5).unwrap();
            prop_assert!(narrow.low <= mean + 1e-9 && mean - 1e-9 <= narrow.high);
            prop_assert!(wide.width() >= narrow.width());
        }
    }

    #[test]
    fn nothing_to_estimate_gives_no_interval() {
        assert_eq!(wilson(0, 0, LEVEL), None);
        assert_eq!(wilson(3, 2, LEVEL), None);
        assert_eq!(wilson(1, 2, 1.0), None);
        assert_eq!(mean_interval(&[0.9], LEVEL), None);
        assert_eq!(mean_interval(&[0.9, f64::NAN], LEVEL), None);
        assert_eq!(mean_interval(&[0.9, 0.8], 0.0), None);
    }

    #[test]
    fn equal_values_give_a_point() {
        assert_eq!(mean_interval(&[0.5; 3], LEVEL), Some(Interval { low: 0.5, high: 0.5 }));
    }
}
