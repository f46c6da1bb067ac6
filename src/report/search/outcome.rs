//! What a search has found, and how far that can be believed.
//!
//! The best of many noisy results is partly the luckiest: its mean over the seeds that it was chosen by is too good. So the
//! winner is the configuration with the best mean over *fresh* seeds, which had no part in the choice, and by how much its own
//! mean shrank is told with an interval.

use crate::metrics::{Interval, LEVEL, Summary, mean_interval, share_interval};

use super::evidence::{Evidence, Trial, TrialRun};

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// No sample has a mean yet.
    Nothing,
    /// The best by the search's own seeds: its index. No fresh seeds were trained.
    Unconfirmed(usize),
    /// The same; the fresh seeds are not all trained, of so many.
    Confirming { best: usize, ended: usize, planned: usize },
    /// By fresh seeds.
    Confirmed(Winner),
}

impl Outcome {
    /// The index of the sample that is best as far as is known: by fresh seeds where there are such.
    pub fn best(&self) -> Option<usize> {
        match self {
            Outcome::Nothing => None,
            Outcome::Unconfirmed(best) | Outcome::Confirming { best, .. } => Some(*best),
            Outcome::Confirmed(winner) => Some(winner.trial),
        }
    }
}

/// The best configuration by fresh seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Winner {
    /// Index of the sample.
    pub trial: usize,
    /// Over the search's own seeds.
    pub search: Summary,
    pub fresh: Summary,
    /// 95 % interval of the mean over fresh seeds; none with one seed.
    pub interval: Option<Interval>,
    pub shrinkage: Shrinkage,
    /// Indices of the others that were confirmed, the best first.
    pub others: Vec<usize>,
    /// Those of `others` than which the winner was not shown to be better, as far as that was tested.
    pub not_told_apart: Vec<usize>,
}

/// By how much the mean over the search's own seeds was too good, in units of the metric; negative where it was too bad.
///
/// The search's mean is a number that was seen; what is uncertain is the worth of the configuration, which the fresh seeds
/// tell. So the interval is that of the mean over fresh seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrinkage {
    pub amount: f64,
    /// At 95 %; none with one fresh seed.
    pub interval: Option<Interval>,
}

/// What the search has found so far. Whether the confirmed ones can be told apart is for `compare` to say: until
/// then nothing tells them apart.
pub fn outcome(evidence: &Evidence) -> Outcome {
    let Some(best) = evidence.best() else {
        return Outcome::Nothing;
    };
    let best = best.number - 1;
    let planned: Vec<&TrialRun> = evidence.trials.iter().flat_map(|trial| &trial.fresh).collect();
    let ended = planned.iter().filter(|run| run.state.is_final()).count();
    if ended < planned.len() {
        return Outcome::Confirming { best, ended, planned: planned.len() };
    }
    let mut confirmed = confirmed(evidence);
    if confirmed.is_empty() {
        return Outcome::Unconfirmed(best);
    }
    let (trial, search, fresh) = confirmed.remove(0);
    let others: Vec<usize> = confirmed.into_iter().map(|(other, ..)| other).collect();
    let interval = interval(evidence, &evidence.trials[trial]);
    let too_good = |value: f64| evidence.sign() * (search.mean - value);
    let shrinkage = Shrinkage {
        amount: too_good(fresh.mean),
        interval: interval.map(|Interval { low, high }| {
            let (one, other) = (too_good(low), too_good(high));
            Interval { low: one.min(other), high: one.max(other) }
        }),
    };
    let not_told_apart = others.clone();
    Outcome::Confirmed(Winner { trial, search, fresh, interval, shrinkage, others, not_told_apart })
}

/// Samples with both means, the best over fresh seeds first; of equals the one that the search itself found better.
fn confirmed(evidence: &Evidence) -> Vec<(usize, Summary, Summary)> {
    let mut confirmed: Vec<(usize, Summary, Summary)> = evidence
        .trials
        .iter()
        .enumerate()
        .filter_map(|(index, trial)| Some((index, trial.summary()?, trial.fresh_summary()?)))
        .collect();
    let key = |summary: &Summary| evidence.sign() * summary.mean;
    confirmed.sort_by(|a, b| key(&b.2).total_cmp(&key(&a.2)).then(key(&b.1).total_cmp(&key(&a.1))));
    confirmed
}

/// Of the mean over fresh seeds, on the evaluation examples.
pub(super) fn interval(evidence: &Evidence, trial: &Trial) -> Option<Interval> {
    let values: Vec<f64> = trial.fresh.iter().map(|run| run.value).collect::<Option<_>>()?;
    if !evidence.metric().is_share() {
        return mean_interval(&values, LEVEL);
    }
    let examples = trial.fresh.iter().filter_map(|run| run.examples).min();
    let resolution = examples.filter(|_| evidence.metric().counts_examples()).map_or(0.0, |n| 1.0 / n.max(1) as f64);
    share_interval(&values, resolution, LEVEL)
}

#[cfg(test)]
mod tests;
