//! The classification head as a run trains it.

use crate::model::parameters::Trainable;

/// A trained linear layer of the head.
#[derive(Debug)]
pub struct HeadLinear {
    /// `[out, in]`
    pub weight: Trainable,
    /// `[out]`
    pub bias: Trainable,
}
