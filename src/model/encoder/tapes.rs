//! What a forward pass leaves for the backward pass.

use crate::model::adapter::UpdateTape;
use crate::model::attention::Queries;
use crate::model::backend::Backend;
use crate::model::graph::LinearRole;

/// What the backward pass of the encoder needs: the layers from the lowest adapted one upwards. `'a` is how long the adapters
/// live.
pub struct EncoderTape<'a, B: Backend> {
    pub(super) lowest: (usize, LinearRole),
    pub(super) layers: Vec<LayerTape<'a, B>>,
}

/// Of the linear layers that runs adapt, one for each kind of adapter.
pub type UpdateTapes<'a> = Vec<(LinearRole, Box<dyn UpdateTape + 'a>)>;

/// What the backward pass of one layer needs.
pub struct LayerTape<'a, B: Backend> {
    pub queries: Queries,
    pub updates: UpdateTapes<'a>,
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
