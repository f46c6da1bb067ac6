//! Shares of judged claims with their own 95 % intervals.

use std::collections::BTreeMap;

use statrs::distribution::{Beta, ContinuousCDF};

const LEVEL: f64 = 0.95;
const REPLICATES: usize = 4000;

/// How many of some claims, and between which shares the true one lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub count: usize,
    pub of: usize,
    pub low: f64,
    pub high: f64,
}

impl Rate {
    /// Of independent cases: the exact interval of Clopper and Pearson (1934).
    pub fn of_independent(count: usize, of: usize) -> Rate {
        let tail = (1.0 - LEVEL) / 2.0;
        let quantile = |a: usize, b: usize, p: f64| Beta::new(a as f64, b as f64).unwrap().inverse_cdf(p);
        let low = if count == 0 { 0.0 } else { quantile(count, of - count + 1, tail) };
        let high = if count == of { 1.0 } else { quantile(count + 1, of - count, 1.0 - tail) };
        Rate { count, of, low, high }
    }

    /// Of claims that come in families, which are independent of each other while claims of one family are not: families
    /// are drawn with replacement (percentiles). Where all claims came out alike there is nothing to draw; then the
    /// interval is that of the families, none (or all) of which have such a claim.
    pub fn by_family(outcomes: &[(usize, bool)]) -> Rate {
        let mut families: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (family, hit) in outcomes {
            let (count, of) = families.entry(*family).or_default();
            *count += usize::from(*hit);
            *of += 1;
        }
        let families: Vec<(usize, usize)> = families.into_values().collect();
        let (count, of) = families.iter().fold((0, 0), |sum, family| (sum.0 + family.0, sum.1 + family.1));
        if count == 0 || count == of {
            let all = if count == 0 { 0 } else { families.len() };
            let Rate { low, high, .. } = Rate::of_independent(all, families.len());
            return Rate { count, of, low, high };
        }
        let mut random = Random(1);
        let mut shares: Vec<f64> = (0..REPLICATES)
            .map(|_| {
                let drawn = (0..families.len()).map(|_| families[random.below(families.len())]);
                let (count, of) = drawn.fold((0, 0), |sum, family| (sum.0 + family.0, sum.1 + family.1));
                count as f64 / of as f64
            })
            .collect();
        shares.sort_by(f64::total_cmp);
        let at = |share: f64| shares[((REPLICATES - 1) as f64 * share).round() as usize];
        Rate { count, of, low: at((1.0 - LEVEL) / 2.0), high: at((1.0 + LEVEL) / 2.0) }
    }

    pub fn share(&self) -> f64 {
        self.count as f64 / self.of as f64
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^= value >> 31;
        ((u128::from(value) * bound as u128) >> 64) as usize
    }
}

/// R 4: `binom.test(3, 50)$conf.int` and so on.
#[test]
fn the_exact_interval_is_that_of_r() {
    for (count, of, low, high) in [
        (3, 50, 0.012548578, 0.165481932),
        (0, 25, 0.0, 0.137185171),
        (15, 300, 0.028250266, 0.081116289),
        (10, 10, 0.691502892, 1.0),
    ] {
        let rate = Rate::of_independent(count, of);
        assert!((rate.low - low).abs() < 2e-5 && (rate.high - high).abs() < 2e-5, "{rate:?}");
    }
}

#[test]
fn claims_that_come_out_alike_in_a_family_count_as_little_as_the_family() {
    let alike: Vec<(usize, bool)> = (0..25).flat_map(|family| (0..12).map(move |_| (family, family < 5))).collect();
    let apart: Vec<(usize, bool)> = (0..300).map(|claim| (claim, claim % 5 == 0)).collect();
    let width = |rate: Rate| rate.high - rate.low;
    let (alike, apart) = (Rate::by_family(&alike), Rate::by_family(&apart));
    assert_eq!((alike.share(), apart.share()), (0.2, 0.2));
    assert!(width(alike) > 3.0 * width(apart), "{alike:?} {apart:?}");
    let exact = Rate::of_independent(60, 300);
    assert!((width(apart) - width(exact)).abs() < 0.01, "{apart:?} {exact:?}");
}
