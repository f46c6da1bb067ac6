//! The sign-flip permutation test on paired differences.

use super::random::Stream;

/// Up to this many seeds all 2^n sign patterns are gone through; beyond, some are drawn.
const EXACT_UP_TO: usize = 16;

const DRAWS: u64 = 1 << EXACT_UP_TO;

/// Result of a sign-flip test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignFlip {
    /// Two-sided.
    pub p_value: f64,
    /// The smallest p-value that so many differences can give: above 0.05 with up to five.
    pub smallest_possible: f64,
}

/// Tests whether differences (one per seed) are symmetric around `center`: the share of sign patterns whose mean is as far from it as the
/// observed one (Fisher 1935). It assumes no distribution but symmetry; scipy's
/// `permutation_test(permutation_type="samples")`. Exact up to 16 differences, with drawn patterns (a function of
/// `seed`) beyond. None without differences or where their sum is not finite.
pub fn sign_flip(differences: &[f64], center: f64, seed: u64) -> Option<SignFlip> {
    let shifted: Vec<f64> = differences.iter().map(|difference| difference - center).collect();
    let size = shifted.iter().map(|value| value.abs()).sum::<f64>();
    if shifted.is_empty() || !size.is_finite() {
        return None;
    }
    let observed = shifted.iter().sum::<f64>().abs();
    // Sums of the same numbers in another sign pattern differ by rounding.
    let as_far = observed - 1e-12 * size;
    let hits = |patterns: &mut dyn Iterator<Item = u64>| {
        patterns.filter(|&pattern| flipped_sum(&shifted, pattern).abs() >= as_far).count() as f64
    };
    let exact = shifted.len() <= EXACT_UP_TO;
    let (p_value, patterns) = if exact {
        let patterns = 1u64 << shifted.len();
        (hits(&mut (0..patterns)) / patterns as f64, patterns as f64 / 2.0)
    } else {
        let mut random = Stream::new(seed, 0);
        // The observed pattern counts as drawn, so that the p-value is never 0 (Phipson and Smyth 2010).
        ((hits(&mut (0..DRAWS).map(|_| random.draw())) + 1.0) / (DRAWS + 1) as f64, (DRAWS + 1) as f64)
    };
    Some(SignFlip { p_value, smallest_possible: 1.0 / patterns })
}

/// Bit i of `pattern` turns the sign of value i; values beyond 64 take the bits again, mixed.
fn flipped_sum(values: &[f64], pattern: u64) -> f64 {
    let mut bits = pattern;
    let mut sum = 0.0;
    for (index, value) in values.iter().enumerate() {
        if index > 0 && index % 64 == 0 {
            bits = Stream::new(pattern, index as u64).draw();
        }
        sum += if bits & 1 == 1 { -value } else { *value };
        bits >>= 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_seeds_cannot_show_anything() {
        let five = sign_flip(&[1.0, 1.1, 0.9, 1.2, 0.8], 0.0, 0).unwrap();
        assert_eq!((five.p_value, five.smallest_possible), (2.0 / 32.0, 2.0 / 32.0));
        assert_eq!(sign_flip(&[0.5], 0.0, 0).unwrap().p_value, 1.0);
        assert_eq!(sign_flip(&[0.0; 4], 0.0, 0).unwrap().p_value, 1.0);
        assert_eq!(sign_flip(&[], 0.0, 0), None);
        assert_eq!(sign_flip(&[f64::NAN], 0.0, 0), None);
    }

    #[test]
    fn drawn_patterns_come_near_the_exact_ones() {
        // 17 differences are drawn; a seventeenth of 0 changes no exact p-value.
        let mut differences: Vec<f64> = (0..16).map(|i| f64::from(i % 5) - 1.4).collect();
        let exact = sign_flip(&differences, 0.0, 0).unwrap().p_value;
        differences.push(0.0);
        let drawn = sign_flip(&differences, 0.0, 9).unwrap().p_value;
        assert!((exact - drawn).abs() < 0.01, "{exact} {drawn}");
        assert_eq!(drawn, sign_flip(&differences, 0.0, 9).unwrap().p_value);
    }

    #[test]
    fn many_differences_are_flipped_independently() {
        let differences: Vec<f64> = (0..200).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert_eq!(sign_flip(&differences, 0.0, 1).unwrap().p_value, 1.0);
        let p = sign_flip(&differences, 0.1, 1).unwrap().p_value;
        assert!((p - 0.157).abs() < 0.03, "a normal variable is beyond 1.41 standard deviations with 15.7 %: {p}");
    }

    proptest! {
        #[test]
        fn is_symmetric(differences in prop::collection::vec(-1.0f64..1.0, 1..9)) {
            let turned: Vec<f64> = differences.iter().map(|value| -value).collect();
            prop_assert_eq!(sign_flip(&differences, 0.0, 0), sign_flip(&turned, 0.0, 0));
        }
    }
}
