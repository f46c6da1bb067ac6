//! Cross-entropy of a pack's batch, and the gradient of each run's own loss.

use tch::{Kind, TchError, Tensor};

/// Losses and gradient of one batch.
pub struct BatchLoss {
    /// `[sequences]` float32: cross-entropy of each example.
    pub losses: Tensor,
    /// `[sequences]` float32: 1 where the most probable class is the label.
    pub correct: Tensor,
    /// `[sequences, classes]`: gradient of the logits.
    pub gradient: Tensor,
}

/// `logits`: `[sequences, classes]`; `labels`: `[sequences]` int64; `weights`: `[sequences]` float32, what each
/// example's loss counts in its run's optimizer step.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor, weights: &Tensor) -> Result<BatchLoss, TchError> {
    let log_probabilities = logits.f_log_softmax(-1, Kind::Float)?;
    let places = labels.f_unsqueeze(1)?;
    let losses = log_probabilities.f_gather(1, &places, false)?.f_squeeze_dim(1)?.f_neg()?;
    let ones = Tensor::f_ones_like(&places)?.f_to_kind(Kind::Float)?.f_neg()?;
    let gradient = log_probabilities.f_exp()?.f_scatter_add(1, &places, &ones)?.f_mul(&weights.f_unsqueeze(1)?)?;
    let correct = logits.f_argmax(-1, false)?.f_eq_tensor(labels)?.f_to_kind(Kind::Float)?;
    Ok(BatchLoss { losses, correct, gradient })
}
