//! Before anything runs: can the planned seeds and evaluation examples settle a claim?

use super::claim::{Claim, Expectation, Scale};
use super::distribution::{chi_squared_quantile, normal_cdf, t_critical};
use super::paired::{Components, PairedExamples};
use super::verdict::ALPHA;

/// Share of the variance of an example's difference that all seeds have in common, where nothing is known: half of it.
pub const DEFAULT_SHARED: f64 = 0.5;

/// Correlation between two runs' right and wrong answers, where nothing is known: fine-tunings of one model mostly fail on
/// the same examples.
pub const DEFAULT_CORRELATION: f64 = 0.7;

/// Standard deviation over seeds of the difference between two accuracies on unlimited examples, where nothing is known:
/// 0.3 points.
pub const DEFAULT_SEED_SD: f64 = 0.003;

/// Variance of an accuracy difference on one example (the share of examples that exactly one of two equally good
/// runs gets right), for runs of this accuracy whose answers correlate so much: 2a(1-a)(1-r).
pub fn discordance(accuracy: f64, correlation: f64) -> f64 {
    2.0 * accuracy * (1.0 - accuracy) * (1.0 - correlation)
}

/// A planned paired comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    pub seeds: usize,
    /// Evaluation examples; none for a metric without values per example.
    pub examples: Option<usize>,
    /// Standard deviation over seeds of the difference that unlimited examples would show.
    pub seed_sd: f64,
    /// Variance of the difference on one example; for accuracy the [`discordance`].
    pub example_variance: f64,
    /// Share of `example_variance` that all seeds have in common (0 to 1): more seeds do not reduce it, more examples do.
    pub shared: f64,
}

/// Steps of the numerical integral over the variance that a study happens to find.
const STEPS: usize = 200;

impl Design {
    /// A comparison of accuracies of which nothing is known but how high they will be about.
    pub fn planned(seeds: usize, examples: usize, accuracy: f64) -> Self {
        Self {
            seeds,
            examples: Some(examples),
            seed_sd: DEFAULT_SEED_SD,
            example_variance: discordance(accuracy, DEFAULT_CORRELATION),
            shared: DEFAULT_SHARED,
        }
    }

    /// The design of measured runs, to plan with more of them. None for fewer than two seeds or examples.
    pub fn observed(paired: &PairedExamples) -> Option<Self> {
        let Components { seed_variance, residual_variance, example_variance, .. } = Components::of(paired);
        let (seed_variance, residual, example_variance) = (seed_variance?, residual_variance?, example_variance?);
        let shared = if example_variance > 0.0 { 1.0 - residual / example_variance } else { DEFAULT_SHARED };
        Some(Self {
            seeds: paired.seeds(),
            examples: Some(paired.examples()),
            seed_sd: (seed_variance - residual / paired.examples() as f64).max(0.0).sqrt(),
            example_variance,
            shared: shared.clamp(0.0, 1.0),
        })
    }

    /// Probability that the claim comes out as supported (before any correction) if the true effect is `effect`. With a
    /// single seed this is about the two trained models only; without examples it is then 0.
    pub fn power(&self, claim: Claim, effect: f64) -> f64 {
        let Some(noise) = Noise::of(self) else {
            return 0.0;
        };
        let (low, high) = claim.range();
        let supported = |half_width: f64| {
            if noise.standard_error == 0.0 {
                return if low + half_width < effect && effect < high - half_width { 1.0 } else { 0.0 };
            }
            let below = |bound: f64| normal_cdf((bound - effect) / noise.standard_error);
            (below(high - half_width) - below(low + half_width)).max(0.0)
        };
        noise.half_widths().map(supported).sum::<f64>() / noise.half_widths().count() as f64
    }

    /// The fewest seeds (at least 2, at most `limit`) with which the claim has this power.
    pub fn needed_seeds(&self, claim: Claim, effect: f64, power: f64, limit: usize) -> Option<usize> {
        fewest(2, limit, |seeds| Design { seeds, ..*self }.power(claim, effect) >= power)
    }

    /// The fewest evaluation examples (at most `limit`) with which the claim has this power.
    pub fn needed_examples(&self, claim: Claim, effect: f64, power: f64, limit: usize) -> Option<usize> {
        self.examples?;
        let with = |examples| Design { examples: Some(examples), ..*self };
        fewest(2, limit, |examples| with(examples).power(claim, effect) >= power)
    }

    /// The smallest effect that a claim `higher` (or, negative, `lower`) has this power to find; also the smallest margin of a
    /// `not_higher` or `not_lower` with this power if there is no effect. None where no effect is large enough.
    pub fn detectable_effect(&self, power: f64) -> Option<f64> {
        let higher = Claim::new(Expectation::Higher, None, Scale::Loss).ok()?;
        self.smallest(|effect| self.power(higher, effect) >= power)
    }

    /// The smallest margin within which `equivalent` has this power if there is no effect. None where none is large enough.
    pub fn detectable_margin(&self, power: f64) -> Option<f64> {
        self.smallest(|margin| {
            Claim::new(Expectation::Equivalent, Some(margin), Scale::Loss)
                .is_ok_and(|claim| self.power(claim, 0.0) >= power)
        })
    }

    fn smallest(&self, enough: impl Fn(f64) -> bool) -> Option<f64> {
        let scale = Noise::of(self)?.standard_error.max(f64::MIN_POSITIVE);
        let mut high = (0..40).map(|doubling| scale * f64::from(doubling).exp2()).find(|&value| enough(value))?;
        let mut low = 0.0;
        while high - low > 1e-6 * high {
            let middle = (low + high) / 2.0;
            if enough(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high)
    }
}

/// The smallest count that is enough, where more are never worse.
fn fewest(least: usize, limit: usize, enough: impl Fn(usize) -> bool) -> Option<usize> {
    if limit < least || !enough(limit) {
        return None;
    }
    let (mut low, mut high) = (least, limit);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(high)
}

/// What the interval of [`PairedExamples::effect`] will rest on.
struct Noise {
    standard_error: f64,
    /// Expected squared half-widths: of the seeds, before its chi-squared variation, and of the examples.
    seed_width: f64,
    example_width: f64,
    /// None for a single seed.
    degrees_of_freedom: Option<f64>,
}

impl Noise {
    /// None where no interval will exist.
    fn of(design: &Design) -> Option<Self> {
        let (seeds, examples) = (design.seeds as f64, design.examples.map(|examples| examples as f64));
        let per_example = examples.map_or(0.0, |examples| design.example_variance / examples);
        // One seed cannot tell what it shares with others: all of the examples' variance is the examples'.
        let several = design.seeds > 1;
        let shared = if several { design.shared } else { 1.0 };
        let seed_variance = if several { (design.seed_sd.powi(2) + (1.0 - shared) * per_example) / seeds } else { 0.0 };
        let example_variance = shared * per_example;
        let degrees_of_freedom = several.then_some(seeds - 1.0);
        let example_degrees = examples.map(|examples| examples - 1.0).filter(|&degrees| degrees >= 1.0);
        if degrees_of_freedom.is_none() && example_degrees.is_none() {
            return None;
        }
        let width = |variance: f64, degrees: Option<f64>| {
            degrees.map_or(0.0, |degrees| t_critical(ALPHA / 2.0, degrees).powi(2) * variance)
        };
        Some(Self {
            standard_error: (seed_variance + example_variance).sqrt(),
            seed_width: width(seed_variance, degrees_of_freedom),
            example_width: width(example_variance, example_degrees),
            degrees_of_freedom,
        })
    }

    /// Half-widths of the interval at equally probable values of the seeds' variance.
    fn half_widths(&self) -> impl Iterator<Item = f64> {
        let steps = if self.degrees_of_freedom.is_some() { STEPS } else { 1 };
        (0..steps).map(move |step| {
            let variation = self
                .degrees_of_freedom
                .map_or(1.0, |degrees| chi_squared_quantile((step as f64 + 0.5) / steps as f64, degrees) / degrees);
            (self.seed_width * variation + self.example_width).sqrt()
        })
    }
}

#[cfg(test)]
mod tests;
