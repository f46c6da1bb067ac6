//! Whether the evidence supports a claim.

use serde::{Deserialize, Serialize};

use super::effect::{Average, Basis, Effect};
use super::expected_effect::{ExpectedEffect, Side};
use super::holm::holm;
use super::interval::{Interval, LEVEL};

/// A verdict other than `Inconclusive` is wrong at most this often; with [`correct`], any verdict of the sweep.
pub const ALPHA: f64 = 1.0 - LEVEL;

/// What the evidence says about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval lies within the claimed range.
    Supported,
    /// The whole interval lies outside the claimed range.
    Refuted,
    /// The interval reaches into both.
    Inconclusive,
}

/// A claim with the evidence on it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Assessment {
    pub claim: ExpectedEffect,
    /// Treatment minus baseline, in units of the metric.
    pub effect: f64,
    /// What the effect is of the differences between the seeds.
    pub average: Average,
    /// At [`Assessment::level`]; none where the basis is `nothing`.
    pub interval: Option<Interval>,
    /// Of [`ALPHA`], what may be spent on this look at the claim; 1 where it is the only one.
    pub share: f64,
    /// Two-sided p-value of an edge of the claimed range: small where the effect is clearly within the range, and where it is
    /// clearly outside. It is the edge that lies nearest to the effect; where the effect lies within and little more than
    /// signs is known, which may leave more open about the other edge, the larger p-value of both.
    pub p_value: Option<f64>,
    /// After the correction for looks and claims; before the latter `p_value` over `share`. None where the comparison settles
    /// nothing ([`Basis::settles`]).
    pub adjusted_p_value: Option<f64>,
    pub verdict: Verdict,
    pub basis: Basis,
    pub seeds: usize,
    /// None for a metric without values per example.
    pub examples: Option<usize>,
}

/// Compares an effect with a claim.
///
/// Every claim can come out either way, so one two-sided interval decides all of them: supported where the claim's range
/// holds all of it, refuted where it holds none. For `equivalent` this is the procedure of two one-sided tests, each at half
/// of [`ALPHA`]; for `not_higher` and `not_lower` the usual test of non-inferiority.
///
/// A comparison of a single seed is always inconclusive: its interval and its p-value are about the two trained models, and
/// another seed of the same two configurations may show the opposite.
///
/// A difference that is the same everywhere has a standard error of 0 where the metric has no resolution that would be a
/// bound to it. Two seeds that agree to the last digit do not prove that all seeds would: such a difference has neither
/// interval nor p-value, and the verdict is inconclusive. Where there is no difference at all, the two sides are the same in
/// everything that was measured.
pub fn assess(effect: &Effect, claim: ExpectedEffect) -> Assessment {
    assess_at(effect, claim, 1.0)
}

/// Like [`assess`], at a look that may spend so much of [`ALPHA`] (above 0, at most 1): see [`super::looks()`].
pub fn assess_at(effect: &Effect, claim: ExpectedEffect, share: f64) -> Assessment {
    let known = effect.estimate == 0.0 || !effect.is_exact();
    let p_value = p_value(effect, claim).filter(|_| known);
    let mut assessment = Assessment {
        claim,
        effect: effect.estimate,
        average: effect.average(),
        interval: effect.interval(level(share)).filter(|_| known),
        share,
        p_value,
        adjusted_p_value: None,
        verdict: Verdict::Inconclusive,
        basis: effect.basis(),
        seeds: effect.seeds,
        examples: effect.examples,
    };
    assessment.adjusted_p_value = assessment.over_looks();
    assessment.decide();
    assessment
}

/// See [`Assessment::p_value`].
fn p_value(effect: &Effect, claim: ExpectedEffect) -> Option<f64> {
    let nearest = effect.p_value(claim.nearest_edge(effect.estimate))?;
    if effect.average() == Average::Mean || claim.side(effect.estimate) != Side::Within {
        return Some(nearest);
    }
    let (low, high) = claim.range();
    let edges = [low, high].into_iter().filter(|edge| edge.is_finite());
    Some(edges.filter_map(|edge| effect.p_value(edge)).fold(nearest, f64::max))
}

fn level(share: f64) -> f64 {
    if share == 1.0 { LEVEL } else { 1.0 - ALPHA * share }
}

impl Assessment {
    /// The confidence level of its interval: [`LEVEL`], or more where there are several looks.
    pub fn level(&self) -> f64 {
        level(self.share)
    }

    /// The p-value, corrected for the other looks at the claim. None where it settles nothing.
    pub(super) fn over_looks(&self) -> Option<f64> {
        self.p_value.filter(|_| self.basis.settles()).map(|p| (p / self.share).min(1.0))
    }

    /// Takes the p-value that is to be compared with [`ALPHA`].
    pub(super) fn settle(&mut self, adjusted_p_value: f64) {
        self.adjusted_p_value = Some(adjusted_p_value);
        self.decide();
    }

    /// The same evidence before it may decide: estimate and interval, without a test.
    pub fn provisional(self) -> Self {
        Self { p_value: None, adjusted_p_value: None, verdict: Verdict::Inconclusive, ..self }
    }

    /// The p-value of the one-sided test that speaks for the claim: small where the claim is supported, near 1 where it is
    /// refuted. For `equivalent` the larger one of the two one-sided tests.
    pub fn one_sided_p_value(&self) -> Option<f64> {
        self.p_value.map(|p| match self.claim.side(self.effect) {
            Side::Outside => 1.0 - p / 2.0,
            Side::Within | Side::Edge => p / 2.0,
        })
    }

    fn decide(&mut self) {
        let clear = self.adjusted_p_value.is_some_and(|p| p <= ALPHA);
        self.verdict = match self.claim.side(self.effect) {
            Side::Within if clear => Verdict::Supported,
            Side::Outside if clear => Verdict::Refuted,
            _ => Verdict::Inconclusive,
        };
    }
}

/// Holm's correction across the claims of a sweep: with it the chance that any verdict of theirs is wrong stays at
/// [`ALPHA`]. Claims that nothing can settle (without a p-value, or with one seed) take no part.
pub fn correct(assessments: &mut [Assessment]) {
    let p_values: Vec<f64> = assessments.iter().filter_map(Assessment::over_looks).collect();
    let family = assessments.iter_mut().filter(|assessment| assessment.over_looks().is_some());
    for (assessment, adjusted) in family.zip(holm(&p_values)) {
        assessment.settle(adjusted);
    }
}

/// The treatment that decides a claim about several treatments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// Its place in the list.
    pub treatment: usize,
    /// Its assessment, with the p-value of the joint claim.
    pub assessment: Assessment,
}

/// A claim about each of several treatments: supported where every one supports it (the weakest decides; an
/// intersection-union test, Berger 1982, needs no correction), refuted where any one refutes it (the strongest such
/// decides, its p-value multiplied by their number: Bonferroni). None without treatments.
pub fn all_of(assessments: &[Assessment]) -> Option<Joint> {
    let p_value = |assessment: &Assessment| assessment.p_value.filter(|_| assessment.basis.settles()).unwrap_or(1.0);
    let outside = |assessment: &Assessment| assessment.claim.side(assessment.effect) == Side::Outside;
    let places = || assessments.iter().enumerate();
    let refuting = places().filter(|(_, a)| outside(a)).min_by(|(_, a), (_, b)| p_value(a).total_cmp(&p_value(b)));
    let weakest = || places().max_by(|(_, a), (_, b)| p_value(a).total_cmp(&p_value(b)));
    let factor = if refuting.is_some() { assessments.len() as f64 } else { 1.0 };
    let (treatment, deciding) = refuting.or_else(weakest)?;
    let mut assessment = *deciding;
    assessment.p_value = deciding.p_value.map(|p| (factor * p).min(1.0));
    assessment.adjusted_p_value = assessment.over_looks();
    assessment.decide();
    Some(Joint { treatment, assessment })
}

#[cfg(test)]
mod tests;
