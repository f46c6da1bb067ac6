//! Before anything runs: can the planned seeds and evaluation examples settle a claim?

use super::distribution::{chi_squared_quantile, normal_cdf, t_critical};
use super::expected_effect::{Expectation, ExpectedEffect, Scale};
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
    /// Claims among which the error level is shared: power is that of the one that Holm's correction tests first.
    pub claims: usize,
    /// What the look at all seeds may spend of the error level; 1 where it is the only one ([`super::looks()`]). Power is that of
    /// this look alone: earlier ones add a little.
    pub last_look: f64,
}

/// Steps of the numerical integral over the variance that a study happens to find.
const STEPS: usize = 200;

/// Halvings of a range that leave a millionth of it many times over: a search that has not ended by then never will.
const HALVINGS: usize = 100;

impl Design {
    /// A comparison of accuracies of which nothing is known but how high they will be about.
    pub fn planned(seeds: usize, examples: usize, accuracy: f64) -> Self {
        Self {
            seeds,
            examples: Some(examples),
            seed_sd: DEFAULT_SEED_SD,
            example_variance: discordance(accuracy, DEFAULT_CORRELATION),
            shared: DEFAULT_SHARED,
            claims: 1,
            last_look: 1.0,
        }
    }

    /// The design of measured runs, to plan with more of them. None for fewer than two seeds or examples, and where no
    /// noise was seen: what was measured then says nothing of how much other seeds or examples would differ.
    pub fn observed(paired: &PairedExamples) -> Option<Self> {
        if !paired.shows_noise() {
            return None;
        }
        let Components { seed_variance, residual_variance, example_variance, .. } = Components::of(paired);
        let (seed_variance, residual, example_variance) = (seed_variance?, residual_variance?, example_variance?);
        let shared = if example_variance > 0.0 { 1.0 - residual / example_variance } else { DEFAULT_SHARED };
        Some(Self {
            seeds: paired.seeds(),
            examples: Some(paired.examples()),
            seed_sd: (seed_variance - residual / paired.examples() as f64).max(0.0).sqrt(),
            example_variance,
            shared: shared.clamp(0.0, 1.0),
            claims: 1,
            last_look: 1.0,
        })
    }

    /// The same design where single runs were seen to vary by `sd` from seed to seed, evaluated on as many examples: both sides do
    /// so independently. Sharing a seed can only make that less.
    pub fn with_run_sd(self, sd: f64) -> Self {
        let within =
            self.examples.map_or(0.0, |examples| (1.0 - self.shared) * self.example_variance / examples.max(1) as f64);
        Self { seed_sd: (2.0 * sd * sd - within).max(0.0).sqrt(), ..self }
    }

    /// Probability that the claim comes out as supported if the true effect is `effect`; with several claims if none of the
    /// others does (Holm's correction is milder once others have). A single seed settles nothing: 0.
    pub fn power(&self, claim: ExpectedEffect, effect: f64) -> f64 {
        Noise::of(self).map_or(0.0, |noise| noise.power(claim, effect))
    }

    /// The fewest seeds (at least 2, at most `limit`) with which the claim has this power.
    pub fn needed_seeds(&self, claim: ExpectedEffect, effect: f64, power: f64, limit: usize) -> Option<usize> {
        fewest(2, limit, |seeds| Design { seeds, ..*self }.power(claim, effect) >= power)
    }

    /// The fewest evaluation examples (at most `limit`) with which the claim has this power.
    pub fn needed_examples(&self, claim: ExpectedEffect, effect: f64, power: f64, limit: usize) -> Option<usize> {
        self.examples?;
        let with = |examples| Design { examples: Some(examples), ..*self };
        fewest(2, limit, |examples| with(examples).power(claim, effect) >= power)
    }

    /// The smallest effect that a claim `higher` (or, negative, `lower`) has this power to find; also the smallest margin of a
    /// `not_higher` or `not_lower` with this power if there is no effect. None where no effect is large enough; 0 in a design
    /// without any noise, where every effect shows.
    pub fn detectable_effect(&self, power: f64) -> Option<f64> {
        let noise = Noise::of(self)?;
        let higher = ExpectedEffect::new(Expectation::Higher, None, Scale::Loss).ok()?;
        smallest(noise.standard_error, |effect| noise.power(higher, effect) >= power)
    }

    /// The smallest margin within which `equivalent` has this power if there is no effect. None where none is large enough.
    pub fn detectable_margin(&self, power: f64) -> Option<f64> {
        let noise = Noise::of(self)?;
        smallest(noise.standard_error, |margin| {
            ExpectedEffect::new(Expectation::Equivalent, Some(margin), Scale::Loss)
                .is_ok_and(|claim| noise.power(claim, 0.0) >= power)
        })
    }
}

/// The smallest value above 0 that is enough, where larger ones are too; the search starts at `scale`. 0 where the scale is:
/// then there is no noise that a value would have to exceed.
fn smallest(scale: f64, enough: impl Fn(f64) -> bool) -> Option<f64> {
    if scale == 0.0 {
        return Some(0.0);
    }
    let scale = Some(scale).filter(|scale| scale.is_finite())?.max(f64::MIN_POSITIVE);
    let mut high = (0..40).map(|doubling| scale * f64::from(doubling).exp2()).find(|&value| enough(value))?;
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        if high - low <= 1e-6 * high {
            break;
        }
        let middle = (low + high) / 2.0;
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
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

/// What the interval of an effect will be like.
struct Noise {
    standard_error: f64,
    /// Half-widths at equally probable values of the variance that the seeds will show.
    half_widths: Vec<f64>,
}

impl Noise {
    /// None where no interval will exist.
    fn of(design: &Design) -> Option<Self> {
        if design.seeds < 2 || design.examples.is_some_and(|examples| examples < 2) {
            return None;
        }
        let (seeds, examples) = (design.seeds as f64, design.examples.map(|examples| examples as f64));
        let per_example = examples.map_or(0.0, |examples| design.example_variance / examples);
        let shared = design.shared;
        let seed_variance = (design.seed_sd.powi(2) + (1.0 - shared) * per_example) / seeds;
        let example_variance = shared * per_example;
        let tail = ALPHA * last_look(design) / design.claims.max(1) as f64 / 2.0;
        let squared_width = |variance: f64, degrees: f64| t_critical(tail, degrees).powi(2) * variance;
        let example_width = examples.map_or(0.0, |examples| squared_width(example_variance, examples - 1.0));
        let seed_width = squared_width(seed_variance, seeds - 1.0);
        let half_widths =
            chi_squared_ratios(seeds - 1.0).map(|ratio| (seed_width * ratio + example_width).sqrt()).collect();
        Some(Self { standard_error: (seed_variance + example_variance).sqrt(), half_widths })
    }

    fn power(&self, claim: ExpectedEffect, effect: f64) -> f64 {
        let (low, high) = claim.range();
        if self.standard_error == 0.0 {
            return f64::from(u8::from(low < effect && effect < high));
        }
        let below = |bound: f64| normal_cdf((bound - effect) / self.standard_error);
        let supported = |half_width: &f64| (below(high - half_width) - below(low + half_width)).max(0.0);
        self.half_widths.iter().map(supported).sum::<f64>() / self.half_widths.len() as f64
    }
}

/// The share as a share: whatever else it is counts as a single look.
fn last_look(design: &Design) -> f64 {
    if design.last_look > 0.0 && design.last_look <= 1.0 { design.last_look } else { 1.0 }
}

/// Equally probable values of an estimated variance over the true one.
fn chi_squared_ratios(degrees_of_freedom: f64) -> impl Iterator<Item = f64> {
    (0..STEPS).map(move |step| {
        chi_squared_quantile((step as f64 + 0.5) / STEPS as f64, degrees_of_freedom) / degrees_of_freedom
    })
}

#[cfg(test)]
mod tests;
