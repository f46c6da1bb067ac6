//! Differences between a treatment and its baseline, paired by seed and by evaluation example.

use super::effect::{Effect, ROUNDING, VarianceComponent};
use super::mcnemar::McNemar;
use super::sign_test::SignTest;
use super::summary::Summary;

/// Values that cannot be paired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    #[error("nothing to compare: no seed or no example on either side")]
    Empty,
    #[error("{treatment} seeds of the treatment against {baseline} of the baseline: pair the seeds that both have")]
    Seeds { treatment: usize, baseline: usize },
    #[error("pair of runs {pair} has {found} examples where {expected} were expected: compare on the same examples")]
    Examples { pair: usize, found: usize, expected: usize },
    #[error("pair of runs {pair} has a value that is not finite, or far too large: leave diverged runs out")]
    NotFinite { pair: usize },
}

/// What a difference on one example can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    /// Right or wrong: differences are -1, 0 and 1.
    Correctness,
    /// Built of right and wrong (F1, precision, recall).
    Score,
    /// Anything.
    Measurement,
}

/// One difference per seed and evaluation example, all seeds on the same examples.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedExamples {
    values: Values,
    seeds: usize,
    /// Example after example, each with its differences by seed.
    differences: Vec<f64>,
}

impl PairedExamples {
    /// From right (true) and wrong: one list per seed, in the same order of seeds on both sides, one entry per example.
    pub fn of_correctness(treatment: &[Vec<bool>], baseline: &[Vec<bool>]) -> Result<Self, PairingError> {
        Self::pair(Values::Correctness, treatment, baseline, |&right| f64::from(u8::from(right)))
    }

    /// From [`super::example_values`] of a score: one list per seed, one entry per example.
    pub fn of_scores(treatment: &[Vec<f64>], baseline: &[Vec<f64>]) -> Result<Self, PairingError> {
        Self::pair(Values::Score, treatment, baseline, |&value| value)
    }

    /// From a quantity measured on each example (loss, confidence): one list per seed, one entry per example.
    pub fn of_measurements(treatment: &[Vec<f64>], baseline: &[Vec<f64>]) -> Result<Self, PairingError> {
        Self::pair(Values::Measurement, treatment, baseline, |&value| value)
    }

    fn pair<T>(
        values: Values,
        treatment: &[Vec<T>],
        baseline: &[Vec<T>],
        number: impl Fn(&T) -> f64,
    ) -> Result<Self, PairingError> {
        if treatment.len() != baseline.len() {
            return Err(PairingError::Seeds { treatment: treatment.len(), baseline: baseline.len() });
        }
        let examples = treatment.first().map_or(0, Vec::len);
        if examples == 0 {
            return Err(PairingError::Empty);
        }
        let seeds = treatment.len();
        let mut differences = vec![0.0; seeds * examples];
        for (pair, (treated, base)) in treatment.iter().zip(baseline).enumerate() {
            if let Some(found) = [treated.len(), base.len()].into_iter().find(|&found| found != examples) {
                return Err(PairingError::Examples { pair, found, expected: examples });
            }
            for (example, (a, b)) in treated.iter().zip(base).enumerate() {
                let difference = number(a) - number(b);
                if !is_usable(difference) {
                    return Err(PairingError::NotFinite { pair });
                }
                differences[example * seeds + pair] = difference;
            }
        }
        Ok(Self { values, seeds, differences })
    }

    pub fn seeds(&self) -> usize {
        self.seeds
    }

    pub fn examples(&self) -> usize {
        self.differences.len() / self.seeds
    }

    /// Whether any two differences are unlike. Where all of them are equal, nothing tells how much other seeds or examples
    /// would differ.
    pub fn shows_noise(&self) -> bool {
        unlike(&self.differences)
    }

    /// Each example's differences by seed.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.differences.chunks_exact(self.seeds)
    }

    /// Examples that only one of two runs got right. None for several seeds or other values than right and wrong.
    pub fn two_runs(&self) -> Option<McNemar> {
        if self.values != Values::Correctness || self.seeds != 1 {
            return None;
        }
        let count = |wanted: f64| self.differences.iter().filter(|&&value| value == wanted).count() as u64;
        Some(McNemar { only_treatment: count(1.0), only_baseline: count(-1.0) })
    }

    /// The mean difference, with what other seeds and other examples could change about it. A single example is no
    /// basis for that.
    ///
    /// A share of N examples comes in steps of 1/N, so that two seeds show the very same difference now and then, which is
    /// no proof that seeds do not matter: the rounding alone gives a difference a variance (Sheppard).
    pub fn effect(&self) -> Effect {
        let components = Components::of(self);
        let (seeds, examples) = (self.seeds as f64, self.examples() as f64);
        let resolution = if self.values == Values::Measurement { 0.0 } else { 1.0 / examples };
        let seed_part = components
            .seed_variance
            .filter(|_| self.examples() > 1)
            .map(|variance| variance.max(rounding(resolution)))
            .map(|variance| VarianceComponent { variance: variance / seeds, degrees_of_freedom: seeds - 1.0 });
        let example_part = self
            .example_mean_variance(&components)
            .map(|variance| VarianceComponent { variance, degrees_of_freedom: examples - 1.0 });
        Effect {
            estimate: components.mean,
            seeds: self.seeds,
            examples: Some(self.examples()),
            seed_part,
            example_part,
            sign_test: self.two_runs().map(SignTest::of_two_runs),
            noise_seen: self.shows_noise(),
            limit: if self.values == Values::Correctness { 1.0 } else { f64::INFINITY },
        }
    }

    /// What the choice of examples adds to the squared standard error: variance of the examples' means, less what is
    /// noise within the seeds. None for a single example.
    ///
    /// Where examples are right or wrong, a small sample without disagreement does not prove that there is none: two
    /// examples are added, one that only the treatment and one that only the baseline gets right (Bonett and Price 2012,
    /// Journal of Educational and Behavioral Statistics 37; they do it for two runs), and what these two alone contribute
    /// is never taken away again.
    fn example_mean_variance(&self, components: &Components) -> Option<f64> {
        let examples = self.examples();
        if examples < 2 {
            return None;
        }
        let row_mean = |row: &[f64]| row.iter().sum::<f64>() / self.seeds as f64;
        let added: &[f64] = if self.values == Values::Measurement { &[] } else { &[1.0, -1.0] };
        let count = (examples + added.len()) as f64;
        let center = components.mean * examples as f64 / count;
        let squares: f64 =
            self.rows().map(row_mean).chain(added.iter().copied()).map(|value| (value - center).powi(2)).sum();
        let residual = components.residual_variance.unwrap_or(0.0) / self.differences.len() as f64;
        let least = added.len() as f64 / (count * count);
        Some((squares / (count - 1.0) / count - residual).max(least))
    }
}

/// Variances of the crossed layout seeds x examples with one value per cell.
pub(super) struct Components {
    pub mean: f64,
    /// Variance of the seeds' mean differences (noise of the seeds, and of the examples within them).
    pub seed_variance: Option<f64>,
    /// Variance of what neither seed nor example explains.
    pub residual_variance: Option<f64>,
    /// Variance of a single difference within a seed.
    pub example_variance: Option<f64>,
}

impl Components {
    pub fn of(paired: &PairedExamples) -> Self {
        let (seeds, examples) = (paired.seeds, paired.examples());
        let mut seed_means = vec![0.0; seeds];
        for row in paired.rows() {
            for (sum, value) in seed_means.iter_mut().zip(row) {
                *sum += value / examples as f64;
            }
        }
        let mean = seed_means.iter().sum::<f64>() / seeds as f64;
        let (mut residual, mut within) = (0.0, 0.0);
        for row in paired.rows() {
            let shift = row.iter().sum::<f64>() / seeds as f64 - mean;
            for (value, seed_mean) in row.iter().zip(&seed_means) {
                residual += (value - seed_mean - shift).powi(2);
                within += (value - seed_mean).powi(2);
            }
        }
        let share = |squares: f64, count: usize| (count > 0).then(|| squares / count as f64);
        Self {
            mean,
            seed_variance: Summary::of(&seed_means).and_then(|summary| summary.sd).map(|sd| sd * sd),
            residual_variance: share(residual, (seeds - 1) * (examples - 1)),
            example_variance: share(within, seeds * (examples - 1)),
        }
    }
}

/// Variance that rounding to steps of `resolution` gives the difference of two values: Sheppard's `resolution^2 / 12` for
/// each of them.
fn rounding(resolution: f64) -> f64 {
    resolution.powi(2) / 6.0
}

/// One difference per seed, for a metric without values per example.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedSeeds {
    differences: Vec<f64>,
    resolution: f64,
}

impl PairedSeeds {
    /// `treatment` and `baseline` hold one value per seed, in the same order. `resolution` is the step in which the
    /// metric is measured: 1 for whole epochs, 1/N for a share of N examples, 0 for real numbers.
    pub fn of(treatment: &[f64], baseline: &[f64], resolution: f64) -> Result<Self, PairingError> {
        if treatment.len() != baseline.len() {
            return Err(PairingError::Seeds { treatment: treatment.len(), baseline: baseline.len() });
        }
        if treatment.is_empty() {
            return Err(PairingError::Empty);
        }
        let differences: Vec<f64> = treatment.iter().zip(baseline).map(|(a, b)| a - b).collect();
        if let Some(pair) = differences.iter().position(|value| !is_usable(*value)) {
            return Err(PairingError::NotFinite { pair });
        }
        Ok(Self { differences, resolution: resolution.max(0.0) })
    }

    pub fn differences(&self) -> &[f64] {
        &self.differences
    }

    /// The mean difference with Student's t.
    ///
    /// Three seeds that all came one epoch later are no proof of zero variance: a difference is never taken as surer than
    /// the rounding to steps of `resolution` lets it be.
    pub fn effect(&self) -> Effect {
        let seeds = self.differences.len();
        let mean = self.differences.iter().sum::<f64>() / seeds as f64;
        let variance = Summary::of(&self.differences)
            .and_then(|summary| summary.sd)
            .map(|sd| (sd * sd).max(rounding(self.resolution)));
        Effect {
            estimate: mean,
            seeds,
            examples: None,
            seed_part: variance.map(|variance| VarianceComponent {
                variance: variance / seeds as f64,
                degrees_of_freedom: (seeds - 1) as f64,
            }),
            example_part: None,
            sign_test: None,
            noise_seen: unlike(&self.differences),
            limit: f64::INFINITY,
        }
    }
}

/// Whether a difference can be squared and summed.
fn is_usable(difference: f64) -> bool {
    const LARGEST: f64 = 1e100;
    difference.abs() <= LARGEST
}

/// Whether two of the values differ by more than rounding.
pub(super) fn unlike(values: &[f64]) -> bool {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    high - low > ROUNDING * low.abs().max(high.abs())
}

#[cfg(test)]
mod tests;
