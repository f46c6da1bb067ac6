//! Values per example that follow from predicted probabilities.

/// Probability of the predicted class: the largest one. None without classes.
pub fn confidence(probabilities: &[f32]) -> Option<f64> {
    probabilities.iter().copied().reduce(f32::max).map(f64::from)
}

/// Cross-entropy in nats: minus the logarithm of the label's probability, which is kept within float32's epsilon of
/// 0 and 1 as scikit-learn's `log_loss` does, so that a single confident error does not make every mean infinite. None
/// where the label is no class.
pub fn log_loss(probabilities: &[f32], label: u32) -> Option<f64> {
    let probability = f64::from(*probabilities.get(label as usize)?);
    let epsilon = f64::from(f32::EPSILON);
    Some(-probability.clamp(epsilon, 1.0 - epsilon).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confident_error_costs_a_finite_loss() {
        let loss = log_loss(&[1.0, 0.0], 1).unwrap();
        assert!((loss - 15.942_385).abs() < 1e-6, "{loss}");
        assert!((log_loss(&[0.25, 0.75], 1).unwrap() - 0.287_682).abs() < 1e-6);
        assert_eq!(log_loss(&[0.25, 0.75], 2), None);
    }

    #[test]
    fn confidence_is_the_largest_probability() {
        assert_eq!(confidence(&[0.25, 0.5, 0.25]), Some(0.5));
        assert_eq!(confidence(&[]), None);
    }
}
