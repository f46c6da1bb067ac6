//! Tree-structured Parzen estimator: points that look like the good ones and unlike the others.
//!
//! Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011. The samples are split into the best tenth and the
//! others; a density is fitted to each; of candidates drawn from the density of the best, the one is taken at which it
//! exceeds the other by the largest factor. As Optuna has it (Watanabe, "Tree-Structured Parzen Estimator: Understanding Its
//! Algorithm Components and Their Roles for Better Empirical Performance", 2023): multivariate, by groups of dimensions that
//! apply together, with the points that wait for their results among the others ("constant liar"), so that the samples of
//! one batch keep apart.
//!
//! Beyond that, better ones of the best weigh more; and samples are chosen in different ways, so that those of a batch, which are
//! chosen by the same results, differ, and no way has to be the right one for every function: with kernels that are wider
//! or narrower ([`NARROWNESS`], [`SMOOTH`]), combining the values of several good points ([`COMBINED`]), parameter by parameter
//! ([`SEPARATE`]). They were chosen on other seeds than those by which `tests/search/regret.rs` judges (docs/search.md).

mod density;
mod groups;
mod kernel;
mod split;
mod width;

use crate::metrics::Stream;
use crate::spec::Point;

use super::definition::{Method, Question};
use super::random::{ATTEMPTS, Random, stream};
use super::sobol::Sobol;
use density::Density;
use groups::{Groups, Projection};
use split::{Split, split};
use width::Width;

/// Points with results before densities are fitted; until then the points are those of [`Sobol`].
const STARTUP: usize = 10;
/// Candidates that are compared for each group of dimensions.
const CANDIDATES: usize = 100;
/// How narrow kernels may be, by the number of the sample: every other one looks closer at what is good already. (Of the widths
/// that were tried, one alone was worse on functions with many peaks or on those with one.)
const NARROWNESS: [f64; 2] = [1.0, 1.5];
/// Every so many samples, the one in the middle of them sees the other points smoothly: their kernels are [`SMOOTH`]. (That brings
/// a search much closer where parameters are integers and choices; more of such samples are worse on functions with many peaks.)
const SMOOTH_EVERY: usize = 6;
const SMOOTH: Width = Width::Even { part: 0.2 };

/// In samples that are not the first of their batch: the probability that a value comes from another good point than the one
/// which the candidate is drawn around. (Of those that were tried, 0.15 gained nothing and 0.5 no more.)
const COMBINED: f64 = 0.3;
/// Every eighth sample of a batch takes each parameter for itself. (More of them are worse where parameters depend on each other,
/// none is worse where they do not.)
const SEPARATE: usize = 8;

#[derive(Clone, Copy, Debug)]
pub struct Tpe;

impl Method for Tpe {
    fn name(&self) -> &'static str {
        "tpe"
    }

    fn propose(&self, question: &Question<'_>) -> Option<Point> {
        if question.finished.len() < STARTUP {
            return Sobol.propose(question);
        }
        let Split { best, others } = split(question);
        let mut stream = stream(question);
        let number = question.number();
        let near = Width::Neighbours { narrowness: NARROWNESS[number % NARROWNESS.len()] };
        let of_others = if number % SMOOTH_EVERY == SMOOTH_EVERY / 2 { SMOOTH } else { near };
        let groups = Groups::of(question);
        let groups = if question.pending.len() % SEPARATE == SEPARATE - 1 { groups.separate() } else { groups };
        let combined = if question.pending.is_empty() { 0.0 } else { COMBINED };
        let fitted: Vec<Fitted<'_>> = groups
            .iter()
            .map(|group| {
                let dimensions = Projection::new(question.space.dimensions(), group);
                Fitted {
                    best: Density::fit(&dimensions, &best, near),
                    others: Density::fit(&dimensions, &others, of_others),
                    combined,
                }
            })
            .collect();
        let drawn = (0..ATTEMPTS / 100).map(|_| assembled(question, &groups, &fitted, &mut stream));
        let found = drawn.into_iter().find(|point| question.is_new(point));
        // Around the best points all are taken, or left out.
        found.or_else(|| Random.propose(question))
    }
}

/// The densities of one group of dimensions.
struct Fitted<'s> {
    best: Density<'s>,
    others: Density<'s>,
    /// See [`COMBINED`].
    combined: f64,
}

/// A point from the best candidates of all groups that apply to it.
fn assembled(question: &Question<'_>, groups: &Groups, fitted: &[Fitted<'_>], stream: &mut Stream) -> Point {
    let dimensions = question.space.dimensions();
    let mut point = Point(vec![None; dimensions.len()]);
    let mut chosen: Vec<Option<Vec<f64>>> = vec![None; groups.len()];
    for number in question.space.order() {
        let dimension = &dimensions[number];
        if !question.space.is_active(number, &point) {
            continue;
        }
        point.0[number] = Some(match groups.place(number) {
            None => dimension.distribution.at(stream.uniform()),
            Some((group, place)) => {
                let values = chosen[group].get_or_insert_with(|| best_candidate(&fitted[group], stream));
                kernel::coordinate(&dimension.distribution, values[place])
            }
        });
    }
    point
}

fn best_candidate(fitted: &Fitted<'_>, stream: &mut Stream) -> Vec<f64> {
    let mut best = (f64::NEG_INFINITY, Vec::new());
    for _ in 0..CANDIDATES {
        let candidate = fitted.best.draw(fitted.combined, stream);
        let gain = fitted.best.log_density(&candidate) - fitted.others.log_density(&candidate);
        if best.1.is_empty() || gain > best.0 {
            best = (gain, candidate);
        }
    }
    best.1
}
