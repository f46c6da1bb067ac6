//! The predictions of an evaluation, as metrics see them.

use crate::metrics::confusion::{Confusion, ConfusionError, Scores};

/// What was predicted for some examples, one value of each slice per example.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    pub classes: usize,
    pub labels: &'a [u32],
    pub predicted: &'a [u32],
    /// Probability of the predicted class.
    pub confidences: &'a [f64],
    /// Cross-entropy in nats.
    pub losses: &'a [f64],
}

/// The same with what several metrics have in common.
#[derive(Clone, Copy, Debug)]
pub struct Evaluated<'a> {
    pub examples: Examples<'a>,
    /// All 0 without examples, as scikit-learn has it where nothing can be divided.
    pub scores: Scores,
}

impl<'a> Evaluated<'a> {
    /// # Errors
    /// Labels and predictions of different number, or a class out of range.
    pub fn new(examples: Examples<'a>) -> Result<Self, ConfusionError> {
        const NONE: Scores = Scores { accuracy: 0.0, precision: 0.0, recall: 0.0, f1: 0.0 };
        let confusion = Confusion::of(examples.classes, examples.labels, examples.predicted)?;
        Ok(Self { examples, scores: confusion.scores().unwrap_or(NONE) })
    }
}

/// NaN without values.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}
