//! Which dimensions of a space matter: PED-ANOVA (Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying
//! Hyperparameter Importance in Arbitrary Subspaces", 2023).
//!
//! For each dimension the density of the best samples is compared with the density of all of them by Pearson's divergence,
//! `sum over cells of p_all (p_best / p_all - 1)^2`: 0 where the best have the same values as all others. The densities are
//! those of kernels, so the measure has a closed form. fANOVA (Hutter, Hoos and Leyton-Brown 2014) needs a forest that
//! predicts the metric everywhere, also where a search has hardly been; with some tens of samples that forest is mostly wrong,
//! and it tells what matters for bad values as well. This measure only asks what the best have in common. The reference is
//! the density of *all samples* and not the uniform one: a method that learns crowds its samples, and that is no merit of a
//! dimension.
//!
//! **What is noise.** Some divergence is there by chance, of many choices more than of numbers. Which samples are the best is
//! drawn anew at random, many times. What is there on average is taken off; a dimension counts as important only where its divergence is above what the largest of the dimensions reaches by chance in
//! 95 of 100 draws, each on its own scale (the step-free method of Westfall and Young, 1993).
//!
//! A conditional dimension is judged by the samples that have it, the best of those against all of those. Samples that were
//! stopped rank behind those that were trained to their end, failed ones behind all.

use crate::metrics::Stream;
use crate::spec::{Coordinate, Dimension};

use super::density::{Kernel, density, kernels};
use super::evidence::Evidence;

/// Fewer samples than this tell nothing of a dimension.
pub const FEWEST: usize = 10;
/// The best are one of so many samples.
const BEST_IN: usize = 10;
/// They are at least so many, or half of the samples.
const FEWEST_BEST: usize = 5;
const DRAWS: u64 = 300;
/// Of the draws: a dimension without importance is called important in at most 5 of 100 searches.
const LEVEL: f64 = 0.95;
/// The draws are the same in every report.
const SEED: u64 = 0x9e3d_a170_7a00_0001;

/// What is known of a dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Importance {
    /// Index of the dimension.
    pub dimension: usize,
    /// Samples that have it.
    pub samples: usize,
    /// Pearson's divergence of the best from all, above what it is by chance on average; at least 0.
    pub divergence: f64,
    /// What of that is reached by chance.
    pub floor: f64,
}

impl Importance {
    pub fn is_above_chance(&self) -> bool {
        self.divergence > self.floor
    }
}

/// The dimensions of a space by their importance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Importances {
    /// The most important one first.
    pub of: Vec<Importance>,
    /// Indices of dimensions that too few samples have, or that had the same value in all of them.
    pub untold: Vec<usize>,
}

/// The samples of a dimension.
struct Sampled {
    dimension: usize,
    /// The best sample first.
    kernels: Vec<Kernel>,
    /// How many of them are the best.
    best: usize,
    of_all: Vec<f64>,
}

impl Importances {
    pub fn of(evidence: &Evidence) -> Importances {
        let ranking = evidence.ranking();
        let points: Vec<&[Option<Coordinate>]> =
            ranking.iter().map(|&index| &evidence.trials[index]).filter(|trial| is_told(trial)).map(values).collect();
        importances(&evidence.space, &points)
    }

    /// The importance of a dimension as a share of that of all together.
    pub fn share(&self, value: f64) -> f64 {
        let total: f64 = self.of.iter().map(|one| one.divergence).sum();
        if total > 0.0 { value / total } else { 0.0 }
    }

    /// Indices of the dimensions that are above chance, the most important one first.
    pub fn above_chance(&self) -> Vec<usize> {
        self.of.iter().filter(|one| one.is_above_chance()).map(|one| one.dimension).collect()
    }
}

fn is_told(trial: &super::evidence::Trial) -> bool {
    trial.state() != super::evidence::TrialState::Open
}

fn values(trial: &super::evidence::Trial) -> &[Option<Coordinate>] {
    &trial.point.0
}

/// `ranked`: the points of samples, the best first.
fn importances(space: &[Dimension], ranked: &[&[Option<Coordinate>]]) -> Importances {
    let (mut sampled, mut untold) = (Vec::new(), Vec::new());
    for (number, dimension) in space.iter().enumerate() {
        let coordinates: Vec<Coordinate> =
            ranked.iter().filter_map(|point| point.get(number).copied().flatten()).collect();
        let varies = coordinates.windows(2).any(|pair| pair[0] != pair[1]);
        if coordinates.len() < FEWEST || !varies {
            untold.push(number);
            continue;
        }
        let best = coordinates.len().div_ceil(BEST_IN).max(FEWEST_BEST.min(coordinates.len() / 2));
        let kernels = kernels(&dimension.distribution, &coordinates, best);
        let of_all = density(kernels.iter(), kernels[0].len());
        sampled.push(Sampled { dimension: number, kernels, best, of_all });
    }
    let floors = floors(&sampled);
    let mut of: Vec<Importance> = sampled
        .iter()
        .zip(floors)
        .map(|(one, (mean, floor))| Importance {
            dimension: one.dimension,
            samples: one.kernels.len(),
            divergence: (one.of_the_best() - mean).max(0.0),
            floor: floor - mean,
        })
        .collect();
    of.sort_by(|a, b| b.divergence.total_cmp(&a.divergence));
    Importances { of, untold }
}

impl Sampled {
    fn divergence<'a>(&self, best: impl Iterator<Item = &'a Kernel>) -> f64 {
        let of_best = density(best, self.of_all.len());
        of_best.iter().zip(&self.of_all).map(|(best, all)| all * (best / all - 1.0).powi(2)).sum()
    }

    fn of_the_best(&self) -> f64 {
        self.divergence(self.kernels[..self.best].iter())
    }

    /// Divergences where the best are drawn at random.
    fn by_chance(&self) -> Vec<f64> {
        let draw = |number: u64| {
            let mut random = Stream::new(SEED.wrapping_add(self.dimension as u64), number);
            let mut order: Vec<usize> = (0..self.kernels.len()).collect();
            for place in 0..self.best {
                let other = place + random.below(order.len() - place);
                order.swap(place, other);
            }
            self.divergence(order[..self.best].iter().map(|&sample| &self.kernels[sample]))
        };
        (0..DRAWS).map(draw).collect()
    }
}

/// What each dimension is by chance on average, and what it reaches by chance where the largest of all is looked at.
fn floors(sampled: &[Sampled]) -> Vec<(f64, f64)> {
    let draws: Vec<Vec<f64>> = sampled.iter().map(Sampled::by_chance).collect();
    let scales: Vec<(f64, f64)> = draws.iter().map(|draws| mean_and_deviation(draws)).collect();
    let mut largest: Vec<f64> = (0..DRAWS as usize)
        .map(|number| {
            let scaled = draws.iter().zip(&scales).map(|(draws, (mean, sd))| (draws[number] - mean) / sd);
            scaled.fold(f64::NEG_INFINITY, f64::max)
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    let place = ((largest.len() as f64 * LEVEL).ceil() as usize).min(largest.len() - 1);
    scales.iter().map(|(mean, sd)| (*mean, mean + largest[place] * sd)).collect()
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt().max(1e-12))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Distribution;

    fn unit(name: &str) -> Dimension {
        Dimension { name: name.to_owned(), distribution: Distribution::Uniform { low: 0.0, high: 1.0 }, when: None }
    }

    /// Random points, the best first by `value`.
    fn ranked(
        samples: u64,
        dimensions: usize,
        seed: u64,
        value: impl Fn(&[f64]) -> f64,
    ) -> Vec<Vec<Option<Coordinate>>> {
        let mut points: Vec<Vec<f64>> = (0..samples)
            .map(|number| {
                let mut random = Stream::new(seed, number);
                (0..dimensions).map(|_| random.uniform()).collect()
            })
            .collect();
        points.sort_by(|a, b| value(b).total_cmp(&value(a)));
        points.iter().map(|point| point.iter().map(|value| Some(Coordinate::Number(*value))).collect()).collect()
    }

    fn found(space: &[Dimension], points: &[Vec<Option<Coordinate>>]) -> Importances {
        importances(space, &points.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn the_only_dimension_that_matters_is_found() {
        let space = [unit("noise"), unit("rate"), unit("more noise")];
        let points = ranked(60, 3, 7, |point| -(point[1] - 0.3).powi(2));
        let found = found(&space, &points);
        assert_eq!(found.of[0].dimension, 1);
        assert_eq!(found.above_chance(), [1], "{found:?}");
        assert!(found.share(found.of[0].divergence) > 0.7);
    }

    #[test]
    fn noise_is_seldom_called_important() {
        let space: Vec<Dimension> = ["a", "b", "c", "d", "e"].map(unit).to_vec();
        let wrong = (0..60).filter(|seed| {
            let points = ranked(40, 5, 1000 + seed, |point| Stream::new(point[0].to_bits(), *seed).uniform());
            !found(&space, &points).above_chance().is_empty()
        });
        // 3 of 60 are expected.
        assert!(wrong.count() <= 8);
    }

    #[test]
    fn the_divergence_of_two_choices_is_as_computed_by_hand() {
        let distribution = Distribution::Choice(["a", "b"].map(str::to_owned).to_vec());
        let coordinates: Vec<Coordinate> =
            (0..20).map(|number| Coordinate::Choice(usize::from(number >= 10))).collect();
        let kernels = kernels(&distribution, &coordinates, 5);
        let of_all = density(kernels.iter(), 2);
        let sampled = Sampled { dimension: 0, kernels, best: 5, of_all };
        // The five best have one choice, all twenty are half and half, each with one uniform sample more.
        let expected = ((5.5 / 6.0) / 0.5 - 1.0_f64).powi(2);
        assert!((sampled.of_the_best() - expected).abs() < 1e-12);
    }

    #[test]
    fn a_dimension_that_few_samples_have_is_not_judged() {
        let mut points = ranked(30, 2, 3, |point| point[0]);
        for point in &mut points[5..] {
            point[1] = None;
        }
        let found = found(&[unit("rate"), unit("warmup")], &points);
        assert_eq!(found.untold, [1]);
        assert_eq!(found.above_chance(), [0]);
        assert_eq!(importances(&[unit("rate")], &[]), Importances { of: Vec::new(), untold: vec![0] });
    }
}
