//! Fused element-wise passes and attention for float32 on a processor.
//!
//! libtorch makes one pass over memory for each operation; here a bias, a dropout, a residual and a LayerNorm are one
//! pass, dropout masks are made where they are used and made again in the backward pass, and attention works on the
//! sequences where they lie, without padding. What lies behind attention in a layer is done a block of rows at a time.
//! Each file has its plain counterpart in [`super::plain`], which the tests compare it with.

mod activation;
mod after_attention;
mod attention;
mod embeddings;
mod first_tokens;
mod gemm;
mod linear;
mod lora;
mod math;
mod memory;
mod norm;
mod pairs;
mod panels;
mod rows;
mod sequence;
mod strip;
mod tile;
mod turn;

use tch::{Device, Kind, TchError, Tensor};

use self::activation::ActivationTape;
use self::after_attention::{AfterAttention, BlockTape};
use self::attention::AttentionTape;
use self::first_tokens::{StateProjections, StatesTape};
use self::linear::{Linear, Weight};
use self::lora::LoraTape;
use self::memory::Borrows;
use self::norm::NormTape;
use self::pairs::Pairs;
use self::rows::{Rows, RowsMut};
use self::tile::Engine;
use super::plain;
use super::{AdaptedRows, Attended, Backend, HeadRows, MemoryFormula, ResidualGradients};
use crate::model::attention::{AttentionGradient, Queries};
use crate::model::dropout::{Dropout, RowDropouts};
use crate::model::frozen::{Embeddings, Layer, Norm};
use crate::model::graph::Activation;
use crate::model::layout::Layout;
use crate::model::masks;
use crate::model::optimizer::{Moments, OptimizerStep};
use crate::model::parameters::Parameters;
use crate::spec::Precision;

/// Rows handled by one parallel piece.
const ROWS_PER_PIECE: usize = 16;

/// Whether these passes may be used: the processor multiplies and adds in one instruction.
pub fn available() -> bool {
    #[cfg(target_arch = "x86_64")]
    let fused = std::is_x86_feature_detected!("fma") && std::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    let fused = cfg!(target_arch = "aarch64");
    fused
}

/// Query, key and value, what attention gives, the normalised inputs of both LayerNorms and of the layer; the activation's
/// derivative; attention probabilities. Frozen matrices lie in two layouts where products are our own.
pub fn memory_formula(precision: Precision) -> MemoryFormula {
    let own = Engine::detect().is_some() && (precision != Precision::Bf16 || Pairs::detect().is_some());
    MemoryFormula {
        matrix_layouts: if own { 2 } else { 1 },
        hidden: 7,
        intermediate: 1,
        probabilities: 1,
        in_product_precision: false,
    }
}

/// Uninitialised memory, for a function that writes all of it.
fn empty(shape: &[i64]) -> Result<Tensor, TchError> {
    Tensor::f_empty(shape, (Kind::Float, Device::Cpu))
}

/// Our own passes, with the instructions that this processor has.
#[derive(Debug)]
pub struct Cpu {
    precision: Precision,
}

impl Cpu {
    /// For products of `precision`.
    pub fn new(precision: Precision) -> Self {
        Cpu { precision }
    }

    /// The instruction set, and what a faster one is missing.
    pub fn describe(&self) -> (String, Option<String>) {
        match (Engine::detect(), Pairs::detect(), self.precision) {
            (Some(_), Some(_), Precision::Bf16) => ("AVX-512 with AVX512_BF16 products".to_string(), None),
            (Some(_), None, Precision::Bf16) => {
                let missing = "this processor has no AVX512_BF16, so libtorch multiplies in bfloat16".to_string();
                ("AVX-512 with libtorch's products".to_string(), Some(missing))
            }
            (Some(_), _, _) => ("AVX-512".to_string(), None),
            (None, _, _) => {
                let missing = "this processor has no AVX-512, so libtorch multiplies".to_string();
                ("AVX2 with libtorch's products".to_string(), Some(missing))
            }
        }
    }
}

impl Backend for Cpu {
    type Linear = Linear;
    type StateProjections = StateProjections;
    type Batch = ();
    type NormTape = NormTape;
    type ActivationTape = ActivationTape;
    type AttentionTape = AttentionTape;
    type StatesTape = StatesTape;
    type BlockTape = BlockTape;
    type LoraTape = LoraTape;

    fn memory(&self) -> MemoryFormula {
        memory_formula(self.precision)
    }

    fn kind(&self) -> Kind {
        Kind::Float
    }

    fn batch(&self, _layout: &Layout) -> Result<(), TchError> {
        Ok(())
    }

    fn linear(&self, weight: Tensor, bias: Tensor) -> Result<Linear, TchError> {
        Ok(Linear { weight: Weight::new(weight)?, bias })
    }

    fn product(&self, linear: &Linear, x: &Tensor) -> Result<Tensor, TchError> {
        linear.weight.product(x)
    }

    fn product_with_bias(&self, linear: &Linear, x: &Tensor) -> Result<Tensor, TchError> {
        linear.weight.product_with_bias(x, &linear.bias)
    }

    fn product_backward(&self, linear: &Linear, gradient: &Tensor) -> Result<Tensor, TchError> {
        linear.weight.backward(gradient)
    }

    fn product_backward_onto(&self, linear: &Linear, gradient: &Tensor, onto: Tensor) -> Result<Tensor, TchError> {
        linear.weight.backward_onto(gradient, onto)
    }

    fn embed(&self, embeddings: &Embeddings, layout: &Layout, dropouts: &RowDropouts) -> Result<Tensor, TchError> {
        embeddings::embed(embeddings, layout, dropouts)
    }

    fn residual_norm(
        &self,
        output: Tensor,
        linear: &Linear,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, NormTape), TchError> {
        norm::forward(output, &linear.bias, residual, norm, dropouts)
    }

    fn product_residual_norm(
        &self,
        linear: &Linear,
        x: &Tensor,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, NormTape), TchError> {
        match &linear.weight {
            Weight::Packed { forward, .. } => {
                norm::forward_of_product(forward, x, &linear.bias, residual, norm, dropouts)
            }
            Weight::Plain(_) => norm::forward(linear.weight.product(x)?, &linear.bias, residual, norm, dropouts),
        }
    }

    fn residual_norm_backward(
        &self,
        tape: &NormTape,
        norm: &Norm,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, TchError> {
        norm::backward(tape, norm, gradient)
    }

    fn bias_activation(
        &self,
        x: Tensor,
        linear: &Linear,
        activation: Activation,
    ) -> Result<(Tensor, ActivationTape), TchError> {
        activation::forward(x, &linear.bias, activation)
    }

    fn product_activation(
        &self,
        linear: &Linear,
        x: &Tensor,
        activation: Activation,
    ) -> Result<(Tensor, ActivationTape), TchError> {
        match (&linear.weight, activation) {
            (Weight::Packed { forward, .. }, Activation::Gelu) => {
                activation::forward_of_product(forward, x, &linear.bias)
            }
            _ => self.bias_activation(linear.weight.product(x)?, linear, activation),
        }
    }

    fn activation_backward(
        &self,
        tape: &ActivationTape,
        _linear: &Linear,
        gradient: Tensor,
        activation: Activation,
    ) -> Result<Tensor, TchError> {
        activation::backward(tape, gradient, activation)
    }

    fn attention(
        &self,
        attended: Attended<'_, Self>,
        queries: Queries,
        query: &Tensor,
        key_value: &Tensor,
        dropouts: Vec<Option<Dropout>>,
    ) -> Result<(Tensor, AttentionTape), TchError> {
        attention::forward(attended.layout, attended.shape, queries, (query, key_value), dropouts)
    }

    fn attention_backward(
        &self,
        attended: Attended<'_, Self>,
        tape: &AttentionTape,
        gradient: &Tensor,
    ) -> Result<AttentionGradient, TchError> {
        attention::backward(attended.layout, attended.shape, tape, gradient)
    }

    fn state_projections(
        &self,
        weight: &Tensor,
        bias: &Tensor,
        heads: i64,
    ) -> Result<Option<StateProjections>, TchError> {
        StateProjections::new(weight, bias, heads)
    }

    fn attention_to_states(
        &self,
        attended: Attended<'_, Self>,
        projections: &StateProjections,
        query: &Tensor,
        hidden: &Tensor,
        dropouts: Vec<Option<Dropout>>,
    ) -> Result<(Tensor, StatesTape), TchError> {
        first_tokens::forward(attended.layout, attended.shape, projections, (query, hidden), dropouts)
    }

    fn attention_to_states_backward(
        &self,
        attended: Attended<'_, Self>,
        projections: &StateProjections,
        tape: &StatesTape,
        gradient: &Tensor,
    ) -> Result<(Tensor, Tensor), TchError> {
        first_tokens::backward(attended.layout, attended.shape, projections, tape, gradient)
    }

    fn after_attention(
        &self,
        layer: &Layer<Self>,
        activation: Activation,
        context: &Tensor,
        residual: &Tensor,
        dropouts: impl FnOnce() -> [RowDropouts; 2],
    ) -> Result<Option<(Tensor, BlockTape)>, TchError> {
        let rows = context.size2()?.0 as usize;
        match AfterAttention::new(layer, rows).filter(|_| activation == Activation::Gelu) {
            Some(block) => block.forward(context, residual, dropouts()).map(Some),
            None => Ok(None),
        }
    }

    fn after_attention_backward(
        &self,
        layer: &Layer<Self>,
        tape: &BlockTape,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, TchError> {
        after_attention::backward(layer, tape, gradient)
    }

    fn lora(&self, adapted: &[AdaptedRows<'_>], input: &Tensor, output: &Tensor) -> Result<LoraTape, TchError> {
        lora::forward(adapted, input, output)
    }

    fn lora_backward(
        &self,
        adapted: &[AdaptedRows<'_>],
        tape: &LoraTape,
        gradient: &Tensor,
        input_gradient: Option<&Tensor>,
    ) -> Result<(), TchError> {
        lora::backward(adapted, tape, gradient, input_gradient)
    }

    fn row_mask(&self, dropouts: &RowDropouts, x: &Tensor) -> Result<Option<Tensor>, TchError> {
        masks::of_rows(dropouts, x.size2()?.1 as usize, x.device())
    }

    // Heads and optimizer are small beside the encoder: libtorch's operations do.

    fn head_product(&self, heads: &HeadRows<'_>, x: &Tensor) -> Result<Tensor, TchError> {
        plain::head::product(heads, x)
    }

    fn head_product_backward(&self, heads: &HeadRows<'_>, gradient: &Tensor) -> Result<Tensor, TchError> {
        plain::head::product_backward(heads, gradient)
    }

    fn head_accumulate(&self, heads: &HeadRows<'_>, gradient: &Tensor, x: &Tensor) -> Result<(), TchError> {
        plain::head::accumulate(heads, gradient, x)
    }

    fn adamw(&self, parameters: &Parameters, moments: &mut Moments, step: &OptimizerStep) -> Result<Tensor, TchError> {
        plain::optimizer::clipped_step(parameters, moments, step)
    }
}
