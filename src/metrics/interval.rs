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

/// Student's t interval for the mean of a share that is measured once per seed, cut off at 0 and 1: the true mean lies between
/// them, so that nothing of the coverage is lost. (Wilson's interval with an effective sample size, as for shares in surveys, is
/// bounded by itself, but takes the variance to follow from the mean: of five seeds near 0.995 it misses the truth in 6.5 % of
/// the cases.) `resolution` is the step in which shares are measured (1/N of N examples): seeds that agree are no surer than
/// rounding to it (Sheppard's `resolution^2 / 12`). None for fewer than two values, for what is no share, where neither values
/// nor resolution tell of any noise, or for a level not strictly between 0 and 1.
pub fn share_interval(values: &[f64], resolution: f64, level: f64) -> Option<Interval> {
    let summary = Summary::of(values).filter(|summary| summary.min >= 0.0 && summary.max <= 1.0)?;
    let variance = summary.sd?.powi(2).max(resolution.powi(2) / 12.0);
    if variance == 0.0 || !is_level(level) {
        return None;
    }
    let n = summary.count as f64;
    let half_width = t_critical((1.0 - level) / 2.0, n - 1.0) * (variance / n).sqrt();
    let Interval { low, high } = Interval::around(summary.mean, half_width);
    Some(Interval { low: low.max(0.0), high: high.min(1.0) })
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

    proptest! {
        #[test]
        fn a_share_stays_a_share(values in prop::collection::vec(0.0f64..=1.0, 2..8), examples in 1u32..10_000, level in 0.01f64..0.999) {
            let resolution = 1.0 / f64::from(examples);
            let interval = share_interval(&values, resolution, level).unwrap();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!(interval.low >= 0.0 && interval.high <= 1.0 && interval.width() > 0.0);
            prop_assert!(interval.low <= mean + 1e-12 && mean <= interval.high + 1e-12);
        }
    }

    #[test]
    fn in_the_middle_a_share_has_students_interval() {
        let values = [0.51, 0.5, 0.505, 0.495];
        let (share, mean) = (share_interval(&values, 0.0, LEVEL).unwrap(), mean_interval(&values, LEVEL).unwrap());
        assert!((share.low - mean.low).abs() < 1e-4 && (share.high - mean.high).abs() < 1e-4, "{share:?} {mean:?}");
    }

    #[test]
    fn near_the_end_a_share_stays_below_it_and_equal_seeds_are_as_sure_as_an_example() {
        assert!(mean_interval(&[0.99, 0.999], LEVEL).unwrap().high > 1.0);
        let near = share_interval(&[0.99, 0.999], 1e-3, LEVEL).unwrap();
        assert!(near.high == 1.0 && near.low < 0.95, "{near:?}");
        let equal = share_interval(&[0.9; 3], 1.0 / 640.0, LEVEL).unwrap();
        assert!(equal.width() > 1.0 / 640.0 && equal.contains(0.9), "{equal:?}");
        let perfect = share_interval(&[1.0; 3], 1.0 / 640.0, LEVEL).unwrap();
        assert!(perfect.high == 1.0 && perfect.low < 1.0, "{perfect:?}");
        assert_eq!(share_interval(&[0.9; 3], 0.0, LEVEL), None);
        assert_eq!(share_interval(&[1.2, 0.9], 0.1, LEVEL), None);
    }

    #[test]
    fn equal_values_give_a_point() {
        assert_eq!(mean_interval(&[0.5; 3], LEVEL), Some(Interval { low: 0.5, high: 0.5 }));
    }
}
