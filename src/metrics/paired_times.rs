//! How long a treatment and its baseline take to reach a goal, where some never do.

use super::effect::Effect;
use super::paired::{PairedSeeds, PairingError, unlike};
use super::sign_test::{KnownDifference, SignTest};

/// When a run reached its goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToReach {
    /// The first epoch at which it had, counted from 1; none if it never did.
    pub reached: Option<usize>,
    /// How many epochs it was watched for.
    pub epochs: usize,
}

impl TimeToReach {
    /// When it reached the goal if it had been watched for so many epochs only.
    fn within(self, epochs: usize) -> Option<f64> {
        self.reached.filter(|&epoch| epoch <= epochs).map(|epoch| epoch as f64)
    }
}

/// Pairs of such runs with the same seed. Each pair is watched for as many epochs as the shorter of its two runs had:
/// what one of them does later cannot be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedTimes {
    known: Vec<KnownDifference>,
    /// Pairs neither of which reached the goal, which says nothing about their difference.
    without_information: usize,
}

impl PairedTimes {
    /// One entry per seed, in the same order on both sides.
    ///
    /// # Errors
    /// No seed, or not the same number on both sides.
    pub fn of(treatment: &[TimeToReach], baseline: &[TimeToReach]) -> Result<Self, PairingError> {
        if treatment.len() != baseline.len() {
            return Err(PairingError::Seeds { treatment: treatment.len(), baseline: baseline.len() });
        }
        if treatment.is_empty() {
            return Err(PairingError::Empty);
        }
        let pairs: Vec<Option<KnownDifference>> =
            treatment.iter().zip(baseline).map(|(&a, &b)| difference(a, b)).collect();
        let known: Vec<KnownDifference> = pairs.iter().flatten().copied().collect();
        Ok(Self { without_information: pairs.len() - known.len(), known })
    }

    /// Pairs neither of which reached the goal while both were watched.
    pub fn without_information(&self) -> usize {
        self.without_information
    }

    /// Pairs of which one reached the goal while both were watched and the other did not.
    pub fn one_sided(&self) -> usize {
        self.known.iter().filter(|known| !matches!(known, KnownDifference::Exactly(_))).count()
    }

    /// The difference in epochs. Where every pair reached the goal, its mean as [`PairedSeeds::effect`] has it. Otherwise the
    /// exact sign test gives the p-value, and the estimate is what that tests: the median. A mean of bounds would say little,
    /// since one run that was watched for long weighs as much in it as all others. There is no interval then. None where no
    /// pair has information.
    pub fn effect(&self) -> Option<Effect> {
        let values: Vec<f64> = self.known.iter().map(|known| known.value_or_bound()).collect();
        if values.is_empty() {
            return None;
        }
        if self.one_sided() == 0 && self.without_information == 0 {
            return PairedSeeds::of(&values, &vec![0.0; values.len()], 1.0).ok().map(|paired| paired.effect());
        }
        let sign_test = SignTest::new(self.known.clone());
        Some(Effect {
            estimate: sign_test.median()?,
            seeds: values.len(),
            examples: None,
            seed_part: None,
            example_part: None,
            sign_test: Some(sign_test),
            noise_seen: unlike(&values),
            limit: f64::INFINITY,
        })
    }
}

/// Treatment minus baseline; none where neither reached the goal.
fn difference(treatment: TimeToReach, baseline: TimeToReach) -> Option<KnownDifference> {
    let watched = treatment.epochs.min(baseline.epochs);
    let least = (watched + 1) as f64;
    match (treatment.within(watched), baseline.within(watched)) {
        (Some(a), Some(b)) => Some(KnownDifference::Exactly(a - b)),
        (None, Some(b)) => Some(KnownDifference::AtLeast(least - b)),
        (Some(a), None) => Some(KnownDifference::AtMost(a - least)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Average, Basis, Expectation, ExpectedEffect, Scale, Verdict, assess};

    fn time(reached: impl Into<Option<usize>>, epochs: usize) -> TimeToReach {
        TimeToReach { reached: reached.into(), epochs }
    }

    fn slower(treatment: &[TimeToReach], baseline: &[TimeToReach]) -> Option<Verdict> {
        let claim = ExpectedEffect::new(Expectation::Higher, None, Scale::Epochs).unwrap();
        Some(assess(&PairedTimes::of(treatment, baseline).unwrap().effect()?, claim).verdict)
    }

    #[test]
    fn a_longer_run_that_reaches_the_goal_later_is_not_slower_than_one_that_ended_before() {
        // The baseline has 3 epochs and never gets there, the treatment gets there in epoch 6 of 8.
        let paired = PairedTimes::of(&[time(6, 8); 5], &[time(None, 3); 5]).unwrap();
        assert_eq!((paired.without_information(), paired.effect()), (5, None));
        assert_eq!(slower(&[time(2, 8); 6], &[time(None, 3); 6]), Some(Verdict::Refuted));
    }

    #[test]
    fn where_all_reach_the_goal_the_mean_difference_has_an_interval() {
        let effect = PairedTimes::of(&[time(4, 5), time(5, 5)], &[time(2, 5), time(2, 5)]).unwrap().effect().unwrap();
        assert_eq!((effect.estimate, effect.basis()), (2.5, Basis::Seeds));
        assert!(effect.interval(0.95).is_some());
    }

    #[test]
    fn one_that_never_does_gives_only_the_direction() {
        let baseline = [time(2, 5); 6];
        let mut treatment = [time(4, 5); 6];
        treatment[0] = time(None, 5);
        let paired = PairedTimes::of(&treatment, &baseline).unwrap();
        let effect = paired.effect().unwrap();
        assert_eq!((paired.one_sided(), effect.interval(0.95)), (1, None));
        assert!((effect.p_value(0.0).unwrap() - 0.03125).abs() < 1e-12);
        assert_eq!(slower(&treatment, &baseline), Some(Verdict::Supported));
        assert_eq!(slower(&treatment[..5], &baseline[..5]), Some(Verdict::Inconclusive));
    }

    /// Eight of nine are one epoch faster; the ninth never reaches the goal, and its bound alone is as large as all others.
    #[test]
    fn one_that_is_watched_for_long_does_not_turn_the_verdict() {
        let mut treatment = [time(2, 12); 9];
        treatment[8] = time(None, 12);
        let effect = PairedTimes::of(&treatment, &[time(3, 12); 9]).unwrap().effect().unwrap();
        assert_eq!((effect.estimate, effect.average()), (-1.0, Average::Median));
        let verdict = |expectation, margin| {
            let claim = ExpectedEffect::new(expectation, margin, Scale::Epochs).unwrap();
            assess(&effect, claim).verdict
        };
        assert_eq!(verdict(Expectation::Lower, None), Verdict::Supported);
        assert_eq!(verdict(Expectation::Higher, None), Verdict::Refuted);
        assert_eq!(verdict(Expectation::Equivalent, Some(0.75)), Verdict::Refuted);
        assert_eq!(verdict(Expectation::NotHigher, Some(0.75)), Verdict::Supported);
        assert_eq!(verdict(Expectation::NotLower, Some(0.75)), Verdict::Refuted);
    }

    #[test]
    fn equivalence_needs_a_majority_on_the_inner_side_of_both_edges() {
        let assessment = |never: usize| {
            let mut treatment = [time(1, 12); 9];
            treatment[..never].fill(time(None, 12));
            let effect = PairedTimes::of(&treatment, &[time(2, 12); 9]).unwrap().effect().unwrap();
            assess(&effect, ExpectedEffect::new(Expectation::Equivalent, Some(1.5), Scale::Epochs).unwrap())
        };
        let one = assessment(1);
        assert_eq!((one.verdict, one.effect), (Verdict::Supported, -1.0));
        // The lower edge is nearer, and all nine lie on its inner side; on that of the upper one lie only seven.
        let two = assessment(2);
        assert_eq!((two.verdict, two.effect), (Verdict::Inconclusive, -1.0));
        assert!((two.p_value.unwrap() - 2.0 * 46.0 / 512.0).abs() < 1e-12, "{two:?}");
    }

    #[test]
    fn one_seed_settles_nothing() {
        assert_eq!(slower(&[time(None, 5)], &[time(2, 5)]), Some(Verdict::Inconclusive));
    }
}
