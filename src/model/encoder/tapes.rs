//! What a forward pass leaves for the backward pass.

use crate::model::attention::Queries;
use crate::model::backend::Backend;
use crate::model::graph::LinearRole;

/// What the backward pass of the encoder needs: the layers from the lowest adapted one upwards.
pub struct EncoderTape<B: Backend> {
    pub(super) lowest: (usize, LinearRole),
    pub(super) layers: Vec<LayerTape<B>>,
}

/// LoRA tapes of the linear layers that runs adapt.
pub type LoraTapes<B> = Vec<(LinearRole, <B as Backend>::LoraTape)>;

/// What the backward pass of one layer needs.
pub struct LayerTape<B: Backend> {
    pub queries: Queries,
    pub lora: LoraTapes<B>,
    pub attention: AttentionTape<B>,
    pub rest: RestTape<B>,
}

/// Of what lies behind attention.
pub enum RestTape<B: Backend> {
    Whole(B::BlockTape),
    Parts { attention_norm: B::NormTape, activation: B::ActivationTape, output_norm: B::NormTape },
}

/// What the backward pass of attention needs.
pub enum AttentionTape<B: Backend> {
    /// Of keys and values.
    Keys(B::AttentionTape),
    /// Of first tokens to hidden states.
    States(B::StatesTape),
}
