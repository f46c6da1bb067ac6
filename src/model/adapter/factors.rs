//! A low-rank update.

use crate::model::parameters::Trainable;

/// The LoRA update of one linear layer: `scale * B A x`.
#[derive(Debug)]
pub struct Lora {
    /// `[rank, in]`
    pub a: Trainable,
    /// `[out, rank]`
    pub b: Trainable,
    pub scale: f64,
}
