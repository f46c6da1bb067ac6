//! Two classifiers on the same examples.

use serde::{Deserialize, Serialize};

use super::distribution::fair_coin_cdf;

/// Examples that exactly one of two runs got right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct McNemar {
    pub only_treatment: u64,
    pub only_baseline: u64,
}

impl McNemar {
    /// Counts the disagreements. None where the two are not of the same examples, as far as their number tells.
    pub fn of(treatment: &[bool], baseline: &[bool]) -> Option<Self> {
        if treatment.len() != baseline.len() {
            return None;
        }
        let count =
            |wanted: (bool, bool)| treatment.iter().zip(baseline).filter(|&(&t, &b)| (t, b) == wanted).count() as u64;
        Some(Self { only_treatment: count((true, false)), only_baseline: count((false, true)) })
    }

    pub fn discordant(&self) -> u64 {
        self.only_treatment + self.only_baseline
    }

    /// Exact two-sided p-value of "both err equally often": given their number, disagreements fall on either side like
    /// a fair coin (McNemar 1947; statsmodels `mcnemar(exact=True)`). 1 without disagreement.
    pub fn p_value(&self) -> f64 {
        let fewer = self.only_treatment.min(self.only_baseline);
        (2.0 * fair_coin_cdf(fewer, self.discordant())).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_symmetric_and_a_probability(b in 0u64..500, c in 0u64..500) {
            let p = McNemar { only_treatment: b, only_baseline: c }.p_value();
            prop_assert_eq!(p, McNemar { only_treatment: c, only_baseline: b }.p_value());
            prop_assert!((0.0..=1.0).contains(&p));
        }

        #[test]
        fn more_imbalance_is_more_evidence(b in 0u64..100, c in 0u64..100) {
            let (low, high) = (b.min(c), b.max(c));
            let p = McNemar { only_treatment: high, only_baseline: low }.p_value();
            let more = McNemar { only_treatment: high + 1, only_baseline: low }.p_value();
            prop_assert!(more <= p + 1e-12);
        }
    }

    #[test]
    fn no_disagreement_is_no_evidence() {
        assert_eq!(McNemar::of(&[true, false], &[true, false]).unwrap().p_value(), 1.0);
        assert_eq!(McNemar::of(&[], &[]).unwrap().p_value(), 1.0);
        assert_eq!(McNemar::of(&[true], &[]), None);
    }

    #[test]
    fn counts_each_side() {
        let runs = McNemar::of(&[true, true, false, true], &[true, false, true, false]).unwrap();
        assert_eq!((runs.only_treatment, runs.only_baseline), (2, 1));
    }
}
