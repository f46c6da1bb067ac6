//! The operations of which encoder and heads consist: what a backend implements.

use std::fmt::Debug;
use std::ops::Range;

use tch::{Kind, Tensor};

use super::memory_formula::MemoryFormula;

use crate::model::adapter::{HeadLinear, Lora};
use crate::model::attention::{AttentionGradient, AttentionShape, Queries};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::{Dropout, RowDropouts};
use crate::model::frozen::{Embeddings, Frozen, Layer, Norm};
use crate::model::graph::Activation;
use crate::model::layout::Layout;
use crate::model::optimizer::{Moments, OptimizerStep};
use crate::model::parameters::Parameters;

/// A run with a low-rank update of a linear layer: the update, its rows in the layer's input and output, and its dropout of the input.
#[derive(Clone, Debug)]
pub struct AdaptedRows<'a> {
    pub lora: &'a Lora,
    pub rows: Range<usize>,
    pub dropout: Option<Dropout>,
}

/// The same linear layer of the heads of all runs, and each head's rows, which follow each other without gaps.
pub type HeadRows<'a> = [(&'a HeadLinear, Range<usize>)];

/// Frozen weights on a backend.
pub type FrozenOf<B> = Frozen<<B as Backend>::Linear, <B as Backend>::StateProjections>;

/// A layer on a backend.
pub type LayerOf<B> = Layer<<B as Backend>::Linear, <B as Backend>::StateProjections>;

/// Gradients of a block's output and of its residual.
pub type ResidualGradients = (Tensor, Tensor);

/// The operations of which encoder and heads consist, forward and backward.
///
/// Shapes: `rows` are the tokens of a batch, or its sequences where only first tokens are computed. Values between products
/// are of [`Self::kind`]; what a head computes, parameters and their gradients are float32.
pub trait Backend: Debug + Send + Sized + 'static {
    /// A frozen linear layer, laid out as its products like it.
    type Linear: Debug + Send;
    /// A frozen key and value projection, laid out for attention of first tokens to hidden states.
    type StateProjections: Debug + Send;
    /// What attention needs of a batch beside its layout.
    type Batch: Debug;
    /// Of [`Self::residual_norm`].
    type NormTape: Debug;
    /// Of [`Self::bias_activation`].
    type ActivationTape: Debug;
    /// Of [`Self::attention`].
    type AttentionTape: Debug;
    /// Of [`Self::attention_to_states`].
    type StatesTape: Debug;
    /// Of [`Self::after_attention`].
    type BlockTape: Debug;
    /// Of [`Self::lora`].
    type LoraTape: Debug;

    /// What it keeps in memory.
    fn memory(&self) -> MemoryFormula;

    /// The kind of values between products.
    fn kind(&self) -> Kind;

    /// What attention needs of a batch of this layout.
    fn batch(&self, layout: &Layout) -> Result<Self::Batch, ComputeError>;

    /// Lays out a linear layer: `weight` (`[out, in]`) in the precision of products, `bias` (`[out]`) in float32.
    fn linear(&self, weight: Tensor, bias: Tensor) -> Result<Self::Linear, ComputeError>;

    /// The bias of a linear layer, `[out]` float32.
    fn bias<'a>(&self, linear: &'a Self::Linear) -> &'a Tensor;

    /// `x @ weight.T`, `[rows, out]`.
    fn product(&self, linear: &Self::Linear, x: &Tensor) -> Result<Tensor, ComputeError>;

    /// `x @ weight.T + bias`, `[rows, out]`.
    fn product_with_bias(&self, linear: &Self::Linear, x: &Tensor) -> Result<Tensor, ComputeError>;

    /// `gradient @ weight`, `[rows, in]`: what a product passes back.
    fn product_backward(&self, linear: &Self::Linear, gradient: &Tensor) -> Result<Tensor, ComputeError>;

    /// `gradient @ weight + onto`; `onto` is used up.
    fn product_backward_onto(
        &self,
        linear: &Self::Linear,
        gradient: &Tensor,
        onto: Tensor,
    ) -> Result<Tensor, ComputeError>;

    /// The embedding of every token after LayerNorm and dropout, `[rows, width]`.
    fn embed(&self, embeddings: &Embeddings, layout: &Layout, dropouts: &RowDropouts) -> Result<Tensor, ComputeError>;

    /// `LayerNorm(residual + dropout(output + bias))`, where `bias` is that of the linear layer that gave `output`. `output` is
    /// used up.
    fn residual_norm(
        &self,
        output: Tensor,
        linear: &Self::Linear,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, Self::NormTape), ComputeError>;

    /// [`Self::residual_norm`] of a linear layer's product with `x`.
    fn product_residual_norm(
        &self,
        linear: &Self::Linear,
        x: &Tensor,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, Self::NormTape), ComputeError> {
        self.residual_norm(self.product(linear, x)?, linear, residual, norm, dropouts)
    }

    /// From the gradient of the LayerNorm's output.
    fn residual_norm_backward(
        &self,
        tape: &Self::NormTape,
        norm: &Norm,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, ComputeError>;

    /// The activation of `x + bias`, where `bias` is that of the linear layer that gave `x`. `x` is used up.
    fn bias_activation(
        &self,
        x: Tensor,
        linear: &Self::Linear,
        activation: Activation,
    ) -> Result<(Tensor, Self::ActivationTape), ComputeError>;

    /// [`Self::bias_activation`] of a linear layer's product with `x`.
    fn product_activation(
        &self,
        linear: &Self::Linear,
        x: &Tensor,
        activation: Activation,
    ) -> Result<(Tensor, Self::ActivationTape), ComputeError> {
        self.bias_activation(self.product(linear, x)?, linear, activation)
    }

    /// The gradient of the activation's input; `gradient` is used up.
    fn activation_backward(
        &self,
        tape: &Self::ActivationTape,
        linear: &Self::Linear,
        gradient: Tensor,
        activation: Activation,
    ) -> Result<Tensor, ComputeError>;

    /// Multi-head attention. `query`: `[rows or sequences, width]`; `key_value`: `[rows, 2 * width]`; views are fine;
    /// `dropouts`: of the attention probabilities, one for each run. Returns the context, shaped as `query`.
    fn attention(
        &self,
        attended: Attended<'_, Self>,
        queries: Queries,
        query: &Tensor,
        key_value: &Tensor,
        dropouts: Vec<Option<Dropout>>,
    ) -> Result<(Tensor, Self::AttentionTape), ComputeError>;

    /// From the gradient of the context.
    fn attention_backward(
        &self,
        attended: Attended<'_, Self>,
        tape: &Self::AttentionTape,
        gradient: &Tensor,
    ) -> Result<AttentionGradient, ComputeError>;

    /// For a layer in which only first tokens have queries. None where the backend has no such attention for these sizes.
    /// `weight` (`[2 * width, width]`) and `bias` (`[2 * width]`): of keys, then of values.
    fn state_projections(
        &self,
        weight: &Tensor,
        bias: &Tensor,
        heads: i64,
    ) -> Result<Option<Self::StateProjections>, ComputeError>;

    /// As [`Self::attention`] of first tokens, from hidden states (`[rows, width]`) instead of keys and values.
    fn attention_to_states(
        &self,
        attended: Attended<'_, Self>,
        projections: &Self::StateProjections,
        query: &Tensor,
        hidden: &Tensor,
        dropouts: Vec<Option<Dropout>>,
    ) -> Result<(Tensor, Self::StatesTape), ComputeError>;

    /// Gradients of `query` and `hidden`, from that of the context.
    fn attention_to_states_backward(
        &self,
        attended: Attended<'_, Self>,
        projections: &Self::StateProjections,
        tape: &Self::StatesTape,
        gradient: &Tensor,
    ) -> Result<(Tensor, Tensor), ComputeError>;

    /// A layer from attention's context to its output, where no run adapts a linear layer on the way. None where the backend
    /// has no such pass for these sizes; then its parts are computed one by one. `dropouts`: of both residual blocks.
    fn after_attention(
        &self,
        layer: &LayerOf<Self>,
        activation: Activation,
        context: &Tensor,
        residual: &Tensor,
        dropouts: impl FnOnce() -> [RowDropouts; 2],
    ) -> Result<Option<(Tensor, Self::BlockTape)>, ComputeError>;

    /// Gradients of context and residual, from that of the layer's output.
    fn after_attention_backward(
        &self,
        layer: &LayerOf<Self>,
        tape: &Self::BlockTape,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, ComputeError>;

    /// Adds `scale * dropout(input) A.T B.T` to the rows of every run in `output` (`[rows, out]`, a view is fine), in place.
    fn lora(
        &self,
        adapted: &[AdaptedRows<'_>],
        input: &Tensor,
        output: &Tensor,
    ) -> Result<Self::LoraTape, ComputeError>;

    /// Accumulates the gradients of A and B, and adds to the gradient of the layer's input where one is given.
    fn lora_backward(
        &self,
        adapted: &[AdaptedRows<'_>],
        tape: &Self::LoraTape,
        gradient: &Tensor,
        input_gradient: Option<&Tensor>,
    ) -> Result<(), ComputeError>;

    /// What rows of float32 numbers are multiplied by in dropout, `[rows, width]`; none where nothing is dropped.
    fn row_mask(&self, dropouts: &RowDropouts, x: &Tensor) -> Result<Option<Tensor>, ComputeError>;

    /// `x` (`[rows, in]`) times each run's weights, with its bias: `[rows, out]`.
    fn head_product(&self, heads: &HeadRows<'_>, x: &Tensor) -> Result<Tensor, ComputeError>;

    /// The gradient of `x` from that of the result.
    fn head_product_backward(&self, heads: &HeadRows<'_>, gradient: &Tensor) -> Result<Tensor, ComputeError>;

    /// Adds to the gradients of weights and biases.
    fn head_accumulate(&self, heads: &HeadRows<'_>, gradient: &Tensor, x: &Tensor) -> Result<(), ComputeError>;

    /// Clips the gradient, takes a step of AdamW, and clears the gradient. Returns the gradient's norm before clipping, `[]`.
    fn adamw(
        &self,
        parameters: &Parameters,
        moments: &mut Moments,
        step: &OptimizerStep,
    ) -> Result<Tensor, ComputeError>;
}

/// A batch as attention sees it.
#[derive(Debug)]
pub struct Attended<'a, B: Backend> {
    pub layout: &'a Layout,
    /// Of the same layout.
    pub batch: &'a B::Batch,
    pub shape: AttentionShape,
}
