//! Many comparisons that nobody claimed anything of beforehand.

/// Benjamini and Hochberg's (1995) step-up adjustment: of the comparisons whose adjusted p-value is at most q, a share of at most
/// q is false on average. It holds for tests that are independent or positively dependent, as comparisons with a common baseline
/// are (Benjamini and Yekutieli 2001). In the order given.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[b].total_cmp(&p_values[a]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest: f64 = 1.0;
    for (place, index) in order.into_iter().enumerate() {
        let rank = (p_values.len() - place) as f64;
        smallest = smallest.min(p_values[index] * p_values.len() as f64 / rank);
        adjusted[index] = smallest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// R: `p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "BH")`.
    #[test]
    fn agrees_with_r() {
        let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.005, 0.5]);
        for (found, expected) in adjusted.iter().zip([0.025, 0.05, 0.05, 0.025, 0.5]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn adjusts_upwards_keeps_the_order_and_is_no_stricter_than_holm(p in prop::collection::vec(0.0f64..=1.0, 0..20)) {
            let (adjusted, holm) = (benjamini_hochberg(&p), crate::metrics::holm(&p));
            for i in 0..p.len() {
                prop_assert!(adjusted[i] >= p[i] - 1e-12 && adjusted[i] <= holm[i] + 1e-12);
                prop_assert!((0..p.len()).all(|j| p[i] > p[j] || adjusted[i] <= adjusted[j]));
            }
        }
    }
}
