//! How good the best is that a budget buys.

use super::evidence::{Evidence, TrialState};

/// The best value after so many samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Step {
    pub samples: usize,
    /// Training tokens of these samples; none where they are not known.
    pub tokens: Option<f64>,
    pub best: f64,
}

/// The best mean so far, sample by sample, in the order in which the search chose them, as far as all of them have ended.
/// Samples without a mean cost what they cost and add nothing.
pub(in crate::report) fn best_so_far(evidence: &Evidence) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut tokens, mut best) = (Some(0.0), None);
    for trial in evidence.trials.iter().take_while(|trial| trial.state() != TrialState::Open) {
        tokens = tokens.and_then(|so_far| Some(so_far + trial.tokens()?));
        if let Some(summary) = trial.summary() {
            let better = |best: f64| if evidence.sign() * (summary.mean - best) > 0.0 { summary.mean } else { best };
            best = Some(best.map_or(summary.mean, better));
        }
        steps.extend(best.map(|best| Step { samples: trial.number, tokens, best }));
    }
    steps
}

/// The expected best of 1, 2, ... draws (Dodge et al., "Show Your Work: Improved Reporting of Experimental Results", 2019): with
/// replacement from all samples, which removes the luck of their order. That is right where samples do not depend on each
/// other, as those of random search; a method that learns has no such curve, its order is its work. A sample without a mean
/// counts as the worst of those that have one. None where the method is another one, or no sample has a mean.
pub(in crate::report) fn expected_best(evidence: &Evidence) -> Option<Vec<Step>> {
    const INDEPENDENT: &str = "random";
    if evidence.settings.method != INDEPENDENT {
        return None;
    }
    let ended: Vec<_> = evidence.trials.iter().filter(|trial| trial.state() != TrialState::Open).collect();
    let scores: Vec<Option<f64>> = ended.iter().map(|trial| Some(evidence.sign() * trial.summary()?.mean)).collect();
    let worst = scores.iter().flatten().copied().reduce(f64::min)?;
    let mut scores: Vec<f64> = scores.into_iter().map(|score| score.unwrap_or(worst)).collect();
    scores.sort_by(f64::total_cmp);
    let tokens: Option<f64> = ended.iter().map(|trial| trial.tokens()).sum();
    let step = |samples: usize| Step {
        samples,
        tokens: tokens.map(|tokens| tokens / ended.len() as f64 * samples as f64),
        best: evidence.sign() * expected_maximum(&scores, samples),
    };
    Some((1..=ended.len()).map(step).collect())
}

/// Of so many draws with replacement from sorted values: a draw's maximum is at most the i-th smallest of N values with the
/// probability (i / N)^draws.
fn expected_maximum(sorted: &[f64], draws: usize) -> f64 {
    let at_most = |rank: usize| (rank as f64 / sorted.len() as f64).powf(draws as f64);
    sorted.iter().enumerate().map(|(rank, value)| value * (at_most(rank + 1) - at_most(rank))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All N^n draws, one by one.
    fn by_brute_force(values: &[f64], draws: u32) -> f64 {
        let all = values.len().pow(draws);
        let largest = |mut number: usize| {
            let mut largest = f64::NEG_INFINITY;
            for _ in 0..draws {
                largest = largest.max(values[number % values.len()]);
                number /= values.len();
            }
            largest
        };
        (0..all).map(largest).sum::<f64>() / all as f64
    }

    #[test]
    fn the_expected_maximum_is_that_of_all_draws() {
        let sorted = [0.1, 0.4, 0.4, 0.7, 0.95];
        for draws in 1..=5 {
            let (found, expected) = (expected_maximum(&sorted, draws as usize), by_brute_force(&sorted, draws));
            assert!((found - expected).abs() < 1e-12, "{draws}: {found} {expected}");
        }
    }
}
