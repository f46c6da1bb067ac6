//! Whether the confirmed configurations of a search can be told apart by their fresh seeds.

use crate::metrics::{Assessment, Expectation, ExpectedEffect, Verdict, assess, correct};
use crate::report::model::{Report, Run};
use crate::report::pairing;
use crate::spec::HypothesisMetric;

use super::evidence::{Evidence, Trial};
use super::outcome::{Outcome, Winner};

/// Compares all that were confirmed with each other, paired by fresh seed and by example, and corrects for the number of
/// pairs (Holm): the winner is the best of them, which makes it look better than it is against any one of the others. Those
/// than which it is not shown to be better stay in [`Winner::not_told_apart`].
pub(in crate::report) fn tell_apart(report: &Report, evidence: &Evidence, outcome: &mut Outcome) {
    let Outcome::Confirmed(winner) = outcome else {
        return;
    };
    let better = better_than(report, evidence, winner);
    winner.not_told_apart.retain(|other| !better.contains(other));
}

/// The others than which the winner is shown to be better.
fn better_than(report: &Report, evidence: &Evidence, winner: &Winner) -> Vec<usize> {
    let all: Vec<usize> = [winner.trial].into_iter().chain(winner.others.iter().copied()).collect();
    let mut pairs = Vec::new();
    let mut assessments = Vec::new();
    for (place, &first) in all.iter().enumerate() {
        for &second in &all[place + 1..] {
            if let Some(assessment) = assessment(report, evidence, first, second) {
                pairs.push((first, second));
                assessments.push(assessment);
            }
        }
    }
    correct(&mut assessments);
    let is_clear = |((first, _), assessment): &(&(usize, usize), &Assessment)| {
        *first == winner.trial && assessment.verdict == Verdict::Supported
    };
    pairs.iter().zip(&assessments).filter(is_clear).map(|((_, second), _)| *second).collect()
}

/// Of the claim that the first is better. None where the two cannot be compared.
fn assessment(report: &Report, evidence: &Evidence, first: usize, second: usize) -> Option<Assessment> {
    let metric = HypothesisMetric::Best(evidence.metric());
    let fresh = |trial: usize| fresh_runs(report, evidence, &evidence.trials[trial]);
    let pairs = pairing::by_seed(fresh(first).into_iter(), fresh(second).into_iter());
    let effect = pairing::effect(&pairs, metric).ok()?;
    let better = if evidence.metric().lower_is_better() { Expectation::Lower } else { Expectation::Higher };
    Some(assess(&effect, ExpectedEffect::new(better, None, metric.scale()).ok()?))
}

fn fresh_runs<'a>(report: &'a Report, evidence: &Evidence, trial: &Trial) -> Vec<&'a Run> {
    let own = report.configurations.iter().find(|configuration| configuration.name == trial.configuration);
    let is_fresh = |run: &&Run| !evidence.settings.seeds.contains(&run.spec.seed);
    own.into_iter().flat_map(|configuration| report.runs_of(configuration)).filter(is_fresh).collect()
}
