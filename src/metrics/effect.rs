//! The size of a difference and how sure it is.

use serde::{Deserialize, Serialize};

use super::distribution::{SMALLEST_TAIL, t_critical, t_tail};
use super::interval::{Interval, is_level};
use super::sign_test::SignTest;

/// Which sources of noise an interval accounts for, and so how far a conclusion reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Other seeds and other examples of the same kind would show the same.
    SeedsAndExamples,
    /// Other seeds would show the same on these evaluation examples.
    Seeds,
    /// One seed: other examples would show the same of these two trained models; about another training of the same
    /// configurations nothing is known.
    Examples,
    /// One value on each side: no uncertainty can be estimated.
    Nothing,
}

impl Basis {
    /// Whether a verdict about configurations can rest on it: only where several seeds were compared.
    pub fn settles(self) -> bool {
        matches!(self, Basis::SeedsAndExamples | Basis::Seeds)
    }
}

/// What an estimate is of the differences between the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    Mean,
    /// Of some differences only a bound is known, so that they have no mean; the sign test is about their median.
    Median,
}

/// A squared standard error with its degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct VarianceComponent {
    pub variance: f64,
    pub degrees_of_freedom: f64,
}

impl VarianceComponent {
    fn squared_half_width(&self, tail: f64) -> f64 {
        t_critical(tail, self.degrees_of_freedom).powi(2) * self.variance
    }
}

/// Treatment minus baseline, in units of the metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub estimate: f64,
    pub seeds: usize,
    /// None for a metric without values per example.
    pub examples: Option<usize>,
    pub(super) seed_part: Option<VarianceComponent>,
    pub(super) example_part: Option<VarianceComponent>,
    /// The exact test to use where differences are not known in full: of two runs, or of times that were not all reached.
    pub(super) sign_test: Option<SignTest>,
    /// Whether any two of the differences are unlike.
    pub(super) noise_seen: bool,
    /// The largest difference that the metric can show.
    pub(super) limit: f64,
}

/// Sums of equal numbers differ by less than this share of them.
pub(super) const ROUNDING: f64 = 1e-12;

impl Effect {
    pub fn basis(&self) -> Basis {
        match (self.seed_part, self.example_part, &self.sign_test) {
            (Some(_), Some(_), _) => Basis::SeedsAndExamples,
            (Some(_), None, _) => Basis::Seeds,
            (None, Some(_), _) => Basis::Examples,
            (None, None, Some(_)) if self.seeds > 1 => Basis::Seeds,
            (None, None, _) => Basis::Nothing,
        }
    }

    /// What the estimate is.
    pub fn average(&self) -> Average {
        if self.sign_test.is_some() && !self.has_standard_error() { Average::Median } else { Average::Mean }
    }

    /// Whether the measured differences vary at all. Where they do not, an interval rests on assumptions alone (two answers
    /// that are added, the resolution of the metric), or has no width.
    pub fn noise_seen(&self) -> bool {
        self.noise_seen
    }

    /// Whether the standard error is 0, but for rounding.
    pub(super) fn is_exact(&self) -> bool {
        self.standard_error().is_some_and(|error| error <= ROUNDING * self.estimate.abs())
    }

    fn has_standard_error(&self) -> bool {
        self.seed_part.is_some() || self.example_part.is_some()
    }

    /// None without a basis and where only signs of differences are known; zero where nothing varied.
    pub fn standard_error(&self) -> Option<f64> {
        self.has_standard_error().then(|| self.parts().map(|part| part.variance).sum::<f64>().sqrt())
    }

    /// Two-sided interval (see the module's documentation for the method). None without a standard error or for a level
    /// not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Option<Interval> {
        if !self.has_standard_error() || !is_level(level) {
            return None;
        }
        let Interval { low, high } = Interval::around(self.estimate, self.half_width((1.0 - level) / 2.0));
        Some(Interval { low: low.max(-self.limit), high: high.min(self.limit) })
    }

    /// Two-sided p-value of "the true effect is `value`": one minus the level of the interval that just reaches it; for
    /// two runs and no difference, McNemar's exact one; where only signs are known, that of the sign test. None without a
    /// basis.
    pub fn p_value(&self, value: f64) -> Option<f64> {
        if self.basis() == Basis::Nothing {
            return None;
        }
        if let Some(test) = self.sign_test.as_ref().filter(|_| value == 0.0 || !self.has_standard_error()) {
            return Some(test.p_value(value));
        }
        Some((2.0 * self.tail((self.estimate - value).abs())).min(1.0))
    }

    fn parts(&self) -> impl Iterator<Item = &VarianceComponent> {
        self.seed_part.iter().chain(&self.example_part)
    }

    fn half_width(&self, tail: f64) -> f64 {
        self.parts().map(|part| part.squared_half_width(tail)).sum::<f64>().sqrt()
    }

    /// The tail probability whose half-width is `distance`.
    fn tail(&self, distance: f64) -> f64 {
        let total: f64 = self.parts().map(|part| part.variance).sum();
        if distance == 0.0 {
            return 0.5;
        }
        if total == 0.0 {
            return 0.0;
        }
        let statistic = distance / total.sqrt();
        let mut noisy: Vec<&VarianceComponent> = self.parts().filter(|part| part.variance > 0.0).collect();
        noisy.sort_by(|a, b| a.degrees_of_freedom.total_cmp(&b.degrees_of_freedom));
        match noisy[..] {
            [few, many] => mixed_tail(distance, statistic, few, many),
            [alone, ..] => t_tail(statistic, alone.degrees_of_freedom),
            [] => 0.0,
        }
    }
}

/// The tail probability at which the squared half-widths of both parts add up to `distance` squared. Solved for the critical
/// value of the part with more degrees of freedom, in which the half-width is almost linear. `statistic` is the distance
/// in standard errors.
fn mixed_tail(distance: f64, statistic: f64, few: &VarianceComponent, many: &VarianceComponent) -> f64 {
    let most = t_tail(statistic, few.degrees_of_freedom);
    if most <= SMALLEST_TAIL {
        return most;
    }
    let tail = |log_critical: f64| t_tail(log_critical.exp(), many.degrees_of_freedom);
    let excess = |log_critical: f64| {
        let tail = tail(log_critical).clamp(SMALLEST_TAIL, 0.5);
        let squared = few.squared_half_width(tail) + (2.0 * log_critical).exp() * many.variance;
        0.5 * squared.ln() - distance.ln()
    };
    // All variance with the fewer degrees of freedom bounds the answer on one side, all with the more on the other.
    let least_critical = t_critical(most, many.degrees_of_freedom);
    tail(rising_root(excess, least_critical.ln(), statistic.ln()))
}

/// The root of a rising function between `low` and `high`, by the Illinois variant of false position; the nearer end
/// where there is none between them.
fn rising_root(function: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let (mut below, mut above) = (function(low), function(high));
    // Written so that ends without a value (a logarithm of 0) are returned and not iterated on.
    if !(below < 0.0 && below.is_finite()) {
        return low;
    }
    if above.is_nan() || above <= 0.0 {
        return high;
    }
    for _ in 0..100 {
        let middle = (low * above - high * below) / (above - below);
        let value = function(middle);
        if value.abs() < 1e-13 || high - low < 1e-13 {
            return middle;
        }
        if value < 0.0 {
            (low, below, above) = (middle, value, above / 2.0);
        } else {
            (high, above, below) = (middle, value, below / 2.0);
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::LEVEL;

    fn effect(estimate: f64, seed_part: Option<(f64, f64)>, example_part: Option<(f64, f64)>) -> Effect {
        let part = |(variance, degrees_of_freedom)| VarianceComponent { variance, degrees_of_freedom };
        Effect {
            estimate,
            seeds: 3,
            examples: Some(100),
            seed_part: seed_part.map(part),
            example_part: example_part.map(part),
            sign_test: None,
            noise_seen: true,
            limit: f64::INFINITY,
        }
    }

    proptest! {
        #[test]
        fn the_interval_ends_where_the_p_value_is_one_minus_its_level(
            seed_variance in 0.0f64..2.0, example_variance in 0.0f64..2.0,
            seed_df in 1u32..10, example_df in 1u32..5000, level in 0.01f64..0.9999,
        ) {
            prop_assume!(seed_variance + example_variance > 1e-6);
            let effect = effect(0.3, Some((seed_variance, seed_df.into())), Some((example_variance, example_df.into())));
            let interval = effect.interval(level).unwrap();
            for end in [interval.low, interval.high] {
                let p = effect.p_value(end).unwrap();
                prop_assert!((p - (1.0 - level)).abs() < 1e-8, "{p} at level {level}");
            }
        }

        #[test]
        fn farther_values_are_less_plausible(a in -3.0f64..3.0, b in -3.0f64..3.0) {
            let effect = effect(0.0, Some((0.2, 2.0)), Some((0.3, 200.0)));
            let (near, far) = if a.abs() < b.abs() { (a, b) } else { (b, a) };
            prop_assert!(effect.p_value(far).unwrap() <= effect.p_value(near).unwrap() + 1e-12);
        }
    }

    #[test]
    fn extreme_distances_have_no_evidence_left() {
        let effect = effect(1e6, Some((1e-3, 900.0)), Some((1e-3, 1e7)));
        assert!(effect.p_value(0.0).unwrap() < 1e-99);
        assert_eq!(effect.p_value(1e6), Some(1.0));
    }

    #[test]
    fn nothing_varied_gives_a_point() {
        let effect = effect(0.25, None, Some((0.0, 99.0)));
        assert_eq!(effect.interval(LEVEL), Some(Interval { low: 0.25, high: 0.25 }));
        assert_eq!((effect.p_value(0.0), effect.p_value(0.25)), (Some(0.0), Some(1.0)));
    }

    #[test]
    fn without_a_basis_nothing_is_said() {
        let effect = effect(0.25, None, None);
        assert_eq!((effect.basis(), effect.interval(LEVEL), effect.p_value(0.0)), (Basis::Nothing, None, None));
        assert_eq!(effect.standard_error(), None);
    }
}
