//! What a plan can settle, and what a better plan needs.

use super::expected_effect::{Expectation, ExpectedEffect, Scale};
use super::power::{DEFAULT_CORRELATION, DEFAULT_SEED_SD, DEFAULT_SHARED, Design, discordance};

/// A plan settles a claim if it finds the wanted effect with this probability.
pub const POWER: f64 = 0.8;

/// Nobody trains more seeds than this.
const MOST_SEEDS: usize = 30;
/// Nor evaluates on more examples.
const MOST_EXAMPLES: usize = 1_000_000;

/// What a metric is, as far as it tells how much its differences vary. The figures are of the order that small encoders
/// show on a few hundred news items; of a metric that was measured already, [`Design::observed`] knows better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// Accuracy, precision, recall or F1 of runs of about this accuracy.
    Score { accuracy: f64 },
    /// The probability of the predicted class.
    Confidence,
    /// A cross-entropy in nats, or a gap between two.
    Loss,
    /// A number of epochs.
    Epochs,
}

impl Quantity {
    /// Variance of the difference on one example within a seed.
    fn example_variance(self) -> f64 {
        match self {
            Quantity::Score { accuracy } => discordance(accuracy, DEFAULT_CORRELATION),
            Quantity::Confidence => 0.1 * 0.1,
            Quantity::Loss => 0.4 * 0.4,
            Quantity::Epochs => 0.0,
        }
    }

    /// Standard deviation over seeds of the difference on unlimited examples.
    fn seed_sd(self) -> f64 {
        match self {
            Quantity::Score { .. } => DEFAULT_SEED_SD,
            Quantity::Confidence => 0.01,
            Quantity::Loss => 0.02,
            // Each side half of the time an epoch later than otherwise: variance 1/4 + 1/4.
            Quantity::Epochs => std::f64::consts::FRAC_1_SQRT_2,
        }
    }

    pub fn scale(self) -> Scale {
        match self {
            Quantity::Score { .. } | Quantity::Confidence => Scale::Share,
            Quantity::Loss => Scale::Loss,
            Quantity::Epochs => Scale::Epochs,
        }
    }

    /// A comparison with so many common seeds and evaluation examples, one of `claims` claims of a sweep. `per_example`:
    /// there is a value for each example, so that the interval accounts for the choice of examples.
    pub fn design(self, seeds: usize, examples: usize, per_example: bool, claims: usize) -> Design {
        let (variance, shared) = (self.example_variance(), DEFAULT_SHARED);
        if per_example {
            let examples = Some(examples);
            let seed_sd = self.seed_sd();
            return Design { seeds, examples, seed_sd, example_variance: variance, shared, claims, last_look: 1.0 };
        }
        // What examples add within each seed looks like noise of the seeds.
        let within = (1.0 - shared) * variance / examples.max(1) as f64;
        let seed_sd = (self.seed_sd().powi(2) + within).sqrt();
        Design { seeds, examples: None, seed_sd, example_variance: 0.0, shared, claims, last_look: 1.0 }
    }
}

/// What a plan can say of a claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// For `higher` and `lower` the size of the effect that is to be found: the margin and, beyond it, the smallest
    /// difference that a reader would act on ([`Scale::default_margin`]); for the others the margin, if there is no effect.
    pub wanted: f64,
    /// The smallest of these that the plan settles with [`POWER`]. None: it settles nothing about other seeds.
    pub settles: Option<f64>,
    pub needs: Needs,
}

/// What settles a claim as it is wanted, with [`POWER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The plan does.
    Nothing,
    /// So many seeds in all, or (all else as planned) so many examples, where one of them alone is enough.
    Either {
        seeds: Option<usize>,
        examples: Option<usize>,
    },
    Both {
        seeds: usize,
        examples: usize,
    },
    /// No plan that anybody would carry out.
    OutOfReach,
}

impl Prospect {
    /// `treatments`: configurations that are each compared with the baseline; a claim about several is supported only if
    /// all of them support it (taken as independent).
    pub fn of(design: &Design, claim: ExpectedEffect, treatments: usize, scale: Scale) -> Self {
        let power = POWER.powf(1.0 / treatments.max(1) as f64);
        let (wanted, effect) = match claim.expectation() {
            Expectation::Higher => (claim.margin() + scale.default_margin(), claim.margin() + scale.default_margin()),
            Expectation::Lower => (claim.margin() + scale.default_margin(), -claim.margin() - scale.default_margin()),
            _ => (claim.margin(), 0.0),
        };
        Self { wanted, settles: settles(design, claim, power), needs: Needs::of(design, claim, effect, power) }
    }
}

/// One seed speaks for its two models only, so it settles nothing about configurations.
fn settles(design: &Design, claim: ExpectedEffect, power: f64) -> Option<f64> {
    if design.seeds < 2 {
        return None;
    }
    match claim.expectation() {
        Expectation::Higher | Expectation::Lower => Some(claim.margin() + design.detectable_effect(power)?),
        Expectation::NotHigher | Expectation::NotLower => design.detectable_effect(power),
        Expectation::Equivalent => design.detectable_margin(power),
    }
}

impl Needs {
    fn of(design: &Design, claim: ExpectedEffect, effect: f64, power: f64) -> Self {
        let several = design.seeds > 1;
        if several && design.power(claim, effect) >= power {
            return Needs::Nothing;
        }
        let seeds = design.needed_seeds(claim, effect, power, MOST_SEEDS);
        let examples = design.needed_examples(claim, effect, power, MOST_EXAMPLES).filter(|_| several);
        if seeds.is_some() || examples.is_some() {
            return Needs::Either { seeds, examples };
        }
        let tried = [3, 5, 10, 20, MOST_SEEDS].into_iter().filter(|&seeds| seeds > design.seeds);
        let mut both = tried.filter_map(|seeds| {
            let examples = Design { seeds, ..*design }.needed_examples(claim, effect, power, MOST_EXAMPLES)?;
            Some(Needs::Both { seeds, examples })
        });
        // A number of seeds that just about works may need a hundred times the examples that a few more seeds need.
        let first = both.next();
        match (first, both.next()) {
            (Some(Needs::Both { examples: many, .. }), Some(next @ Needs::Both { examples: fewer, .. }))
                if many > 4 * fewer =>
            {
                next
            }
            (Some(first), _) => first,
            (None, _) => Needs::OutOfReach,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(expectation: Expectation, margin: Option<f64>) -> ExpectedEffect {
        ExpectedEffect::new(expectation, margin, Scale::Share).unwrap()
    }

    fn score() -> Quantity {
        Quantity::Score { accuracy: 0.928 }
    }

    #[test]
    fn what_is_needed_suffices_and_less_does_not() {
        let higher = claim(Expectation::Higher, Some(0.005));
        let of = |seeds, examples| Prospect::of(&score().design(seeds, examples, true, 1), higher, 1, Scale::Share);
        let settled = |seeds, examples| of(seeds, examples).needs == Needs::Nothing;
        let (mut by_seeds, mut by_examples) = (0, 0);
        for (seeds, examples) in [(3, 640), (2, 2000), (3, 7600), (4, 20_000)] {
            let prospect = of(seeds, examples);
            assert_eq!(prospect.wanted, 0.015);
            let Needs::Either { seeds: more_seeds, examples: more_examples } = prospect.needs else {
                continue;
            };
            if let Some(more) = more_seeds {
                assert!(settled(more, examples) && !settled(more - 1, examples), "{more} seeds");
                by_seeds += 1;
            }
            if let Some(more) = more_examples {
                assert!(settled(seeds, more) && !settled(seeds, more - 1), "{more} examples");
                by_examples += 1;
            }
        }
        assert!(by_seeds > 0 && by_examples > 0, "settled by {by_seeds} and {by_examples}");
    }

    #[test]
    fn the_smallest_difference_that_a_plan_settles_is_one_that_it_needs_nothing_more_for() {
        for (expectation, treatments, claims) in
            [(Expectation::NotHigher, 1, 1), (Expectation::Equivalent, 3, 1), (Expectation::NotLower, 2, 12)]
        {
            let design = score().design(4, 640, true, claims);
            let settles = |margin| Prospect::of(&design, claim(expectation, Some(margin)), treatments, Scale::Share);
            let least = settles(0.01).settles.unwrap();
            assert_eq!(settles(least * 1.001).needs, Needs::Nothing);
            assert_ne!(settles(least * 0.999).needs, Needs::Nothing);
        }
    }

    #[test]
    fn more_claims_and_more_treatments_need_more() {
        let settles = |treatments, claims| {
            let design = score().design(5, 640, true, claims);
            Prospect::of(&design, claim(Expectation::Higher, None), treatments, Scale::Share).settles.unwrap()
        };
        assert!(settles(1, 1) < settles(3, 1) && settles(1, 1) < settles(1, 12));
    }

    #[test]
    fn one_seed_settles_nothing_however_many_the_examples() {
        let prospect =
            Prospect::of(&score().design(1, 100_000, true, 1), claim(Expectation::Higher, None), 1, Scale::Share);
        assert_eq!(prospect.settles, None);
        assert!(matches!(prospect.needs, Needs::Either { seeds: Some(2..), examples: None }), "{prospect:?}");
    }

    #[test]
    fn where_neither_alone_is_enough_both_are_named() {
        let close = claim(Expectation::Equivalent, Some(0.005));
        let prospect = Prospect::of(&score().design(2, 640, true, 12), close, 2, Scale::Share);
        let Needs::Both { seeds, examples } = prospect.needs else { panic!("{prospect:?}") };
        let better = Prospect::of(&score().design(seeds, examples, true, 12), close, 2, Scale::Share);
        assert_eq!(better.needs, Needs::Nothing);
        let never = Prospect::of(
            &score().design(2, 640, true, 12),
            claim(Expectation::Equivalent, Some(1e-5)),
            2,
            Scale::Share,
        );
        assert_eq!(never.needs, Needs::OutOfReach);
    }

    #[test]
    fn a_metric_without_values_per_example_needs_seeds() {
        let design = Quantity::Loss.design(1, 640, false, 4);
        let prospect = Prospect::of(&design, claim(Expectation::Higher, None), 1, Scale::Loss);
        assert_eq!(prospect.settles, None);
        assert!(matches!(prospect.needs, Needs::Either { seeds: Some(4..), examples: None }), "{prospect:?}");
    }
}
