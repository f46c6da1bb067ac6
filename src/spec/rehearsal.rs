//! What a rehearsal runs on.

use super::DatasetSpec;

/// What a rehearsal runs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    /// A model that is at hand.
    pub model: String,
    /// Data that is at hand, with a `limit` where it should be less of it. Its test is for sweeps that have one: then there are as
    /// many rows more.
    pub dataset: DatasetSpec,
    /// Longest sequence in tokens.
    pub max_length: usize,
    /// The learning rate that suits the model: base gets it, and other rates keep their ratio to base's. None: rates stay.
    pub learning_rate: Option<f64>,
    /// How many examples an optimizer step should see at most: base's micro-batch shrinks to it, and after it its
    /// accumulation; others keep their ratio to base's. None: batches stay.
    pub examples_per_step: Option<usize>,
}
