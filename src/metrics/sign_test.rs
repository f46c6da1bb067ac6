//! Differences of which little more than the direction is known.

use super::distribution::fair_coin_cdf;
use super::mcnemar::McNemar;

/// What is known of one difference between a treatment and its baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum KnownDifference {
    Exactly(f64),
    AtLeast(f64),
    AtMost(f64),
}

impl KnownDifference {
    /// The value, or the bound, which understates the difference.
    pub(super) fn value_or_bound(self) -> f64 {
        match self {
            KnownDifference::Exactly(value) | KnownDifference::AtLeast(value) | KnownDifference::AtMost(value) => value,
        }
    }

    fn is_above(self, value: f64) -> bool {
        matches!(self, KnownDifference::Exactly(known) | KnownDifference::AtLeast(known) if known > value)
    }

    fn is_below(self, value: f64) -> bool {
        matches!(self, KnownDifference::Exactly(known) | KnownDifference::AtMost(known) if known < value)
    }

    fn equals(self, value: f64) -> bool {
        self == KnownDifference::Exactly(value)
    }
}

/// The exact sign test: if the median difference is some value, each difference lies above or below it like a fair coin.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SignTest(Vec<KnownDifference>);

impl SignTest {
    pub(super) fn new(differences: Vec<KnownDifference>) -> Self {
        Self(differences)
    }

    /// McNemar's exact test is the sign test of the examples on which two runs disagree.
    pub(super) fn of_two_runs(table: McNemar) -> Self {
        let of = |count: u64, value: f64| std::iter::repeat_n(KnownDifference::Exactly(value), count as usize);
        Self(of(table.only_treatment, 1.0).chain(of(table.only_baseline, -1.0)).collect())
    }

    /// The median of the differences, of which those that are not known in full count as their bounds. None without any.
    pub(super) fn median(&self) -> Option<f64> {
        let mut values: Vec<f64> = self.0.iter().map(|known| known.value_or_bound()).collect();
        values.sort_by(f64::total_cmp);
        let upper = *values.get(values.len() / 2)?;
        Some(if values.len() % 2 == 1 { upper } else { (values[values.len() / 2 - 1] + upper) / 2.0 })
    }

    /// Two-sided p-value of "the median difference is `value`". Differences equal to it take no part; those that may lie on
    /// either side of it count to the side with fewer, so that they never add evidence. 1 where nothing takes part, and where
    /// the median is that value. Where it is below 1, most of those that take part lie on the side of the median.
    pub(super) fn p_value(&self, value: f64) -> f64 {
        if self.median() == Some(value) {
            return 1.0;
        }
        let count =
            |on_side: fn(KnownDifference, f64) -> bool| self.0.iter().filter(|known| on_side(**known, value)).count();
        let taking_part = self.0.iter().filter(|known| !known.equals(value)).count();
        let more = count(KnownDifference::is_above).max(count(KnownDifference::is_below));
        let fewer = taking_part - more;
        if fewer >= more { 1.0 } else { (2.0 * fair_coin_cdf(fewer as u64, taking_part as u64)).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_mcnemars_test_for_two_runs() {
        for (only_treatment, only_baseline) in [(0, 0), (1, 0), (3, 9), (9, 3), (40, 12)] {
            let table = McNemar { only_treatment, only_baseline };
            assert_eq!(SignTest::of_two_runs(table).p_value(0.0), table.p_value());
        }
    }

    #[test]
    fn five_of_one_sign_are_not_yet_five_percent_and_six_are() {
        let later = |count| SignTest::new(vec![KnownDifference::AtLeast(2.0); count]);
        assert!((later(5).p_value(0.0) - 0.0625).abs() < 1e-12);
        assert!((later(6).p_value(0.0) - 0.03125).abs() < 1e-12);
        assert_eq!(later(6).p_value(2.0), 1.0, "a bound says nothing about values beyond it");
        assert_eq!(SignTest::new(Vec::new()).p_value(0.0), 1.0);
    }

    #[test]
    fn what_is_undecided_never_adds_evidence() {
        let mut differences = vec![KnownDifference::Exactly(3.0); 8];
        let without = SignTest::new(differences.clone()).p_value(1.0);
        differences.push(KnownDifference::AtLeast(0.5));
        assert!(SignTest::new(differences).p_value(1.0) > without);
    }

    #[test]
    fn the_median_counts_bounds_as_values() {
        use KnownDifference::{AtLeast, AtMost, Exactly};
        let median = |of: &[KnownDifference]| SignTest::new(of.to_vec()).median();
        assert_eq!(median(&[Exactly(-1.0), AtLeast(10.0), Exactly(-1.0)]), Some(-1.0));
        assert_eq!(median(&[AtMost(-4.0), Exactly(2.0), Exactly(1.0), Exactly(0.0)]), Some(0.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn where_most_are_equal_to_a_value_nothing_speaks_against_it() {
        let differences = |equal| {
            let of = |count, value| std::iter::repeat_n(KnownDifference::Exactly(value), count);
            SignTest::new(of(equal, 0.0).chain(of(8, 1.0)).collect())
        };
        assert!(differences(7).p_value(0.0) < 0.01);
        assert_eq!(differences(9).p_value(0.0), 1.0);
    }

    proptest! {
        #[test]
        fn a_small_p_value_is_that_of_a_majority_on_the_side_of_the_median(
            values in prop::collection::vec((0u8..3, -3i8..4), 0..30), value in -4i8..5,
        ) {
            let known: Vec<KnownDifference> = values.iter().map(|&(kind, value)| match kind {
                0 => KnownDifference::Exactly(value.into()),
                1 => KnownDifference::AtLeast(value.into()),
                _ => KnownDifference::AtMost(value.into()),
            }).collect();
            let value = f64::from(value) / 2.0;
            let count = |on_side: fn(KnownDifference, f64) -> bool| known.iter().filter(|one| on_side(**one, value)).count();
            let (above, below) = (count(KnownDifference::is_above), count(KnownDifference::is_below));
            let test = SignTest::new(known.clone());
            let p = test.p_value(value);
            prop_assert!(p > 0.0 && p <= 1.0, "{p}");
            if p < 1.0 {
                prop_assert_eq!(above > below, test.median().unwrap() > value);
                prop_assert_eq!(below > above, test.median().unwrap() < value);
            }
        }
    }
}
