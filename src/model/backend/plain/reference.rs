//! The backend of libtorch's operations.

use tch::{Kind, Tensor};

use super::activation::{self, ActivationTape};
use super::attention::{self, AttentionTape};
use super::buckets::Buckets;
use super::linear::Linear;
use super::lora::{self, LoraTape};
use super::norm::{self, NormTape};
use super::{embeddings, head, masks, optimizer};
use crate::model::attention::{AttentionGradient, Queries};
use crate::model::backend::{AdaptedRows, Attended, Backend, HeadRows, MemoryFormula, ResidualGradients};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::{Dropout, RowDropouts};
use crate::model::frozen::{Embeddings, Norm};
use crate::model::graph::Activation;
use crate::model::layout::Layout;
use crate::model::optimizer::{Moments, OptimizerStep};
use crate::model::parameters::Parameters;

/// Query, key and value, what attention gives, the normalised inputs of both LayerNorms with their dropout masks; the
/// activation's input; attention probabilities with their dropout masks.
pub const MEMORY: MemoryFormula =
    MemoryFormula { matrix_layouts: 1, hidden: 8, intermediate: 1, probabilities: 2, in_product_precision: false };

/// libtorch's operations.
#[derive(Debug)]
pub struct Plain;

impl Backend for Plain {
    type Linear = Linear;
    type Batch = Buckets;
    type NormTape = NormTape;
    type ActivationTape = ActivationTape;
    type AttentionTape = AttentionTape;
    type LoraTape = LoraTape;

    without_fused_passes!();

    fn memory(&self) -> MemoryFormula {
        MEMORY
    }

    fn kind(&self) -> Kind {
        Kind::Float
    }

    fn batch(&self, layout: &Layout) -> Result<Buckets, ComputeError> {
        Buckets::new(layout)
    }

    fn linear(&self, weight: Tensor, bias: Tensor) -> Result<Linear, ComputeError> {
        Ok(Linear::new(weight, bias))
    }

    fn bias<'a>(&self, linear: &'a Linear) -> &'a Tensor {
        &linear.bias
    }

    fn product(&self, linear: &Linear, x: &Tensor) -> Result<Tensor, ComputeError> {
        linear.product(x)
    }

    fn product_with_bias(&self, linear: &Linear, x: &Tensor) -> Result<Tensor, ComputeError> {
        Ok(linear.product(x)?.f_add_(&linear.bias)?)
    }

    fn product_backward(&self, linear: &Linear, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        linear.backward(gradient)
    }

    fn product_backward_onto(&self, linear: &Linear, gradient: &Tensor, onto: Tensor) -> Result<Tensor, ComputeError> {
        // Not in place: another handle to the same values may be in use.
        Ok(linear.backward(gradient)?.f_add_(&onto)?)
    }

    fn embed(&self, embeddings: &Embeddings, layout: &Layout, dropouts: &RowDropouts) -> Result<Tensor, ComputeError> {
        embeddings::embed(embeddings, layout, dropouts)
    }

    fn residual_norm(
        &self,
        output: Tensor,
        linear: &Linear,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, NormTape), ComputeError> {
        norm::forward(output, &linear.bias, residual, norm, &dropouts)
    }

    fn residual_norm_backward(
        &self,
        tape: &NormTape,
        norm: &Norm,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, ComputeError> {
        norm::backward(tape, norm, gradient)
    }

    fn bias_activation(
        &self,
        x: Tensor,
        linear: &Linear,
        activation: Activation,
    ) -> Result<(Tensor, ActivationTape), ComputeError> {
        activation::forward(x, &linear.bias, activation)
    }

    fn activation_backward(
        &self,
        tape: &ActivationTape,
        _linear: &Linear,
        gradient: Tensor,
        activation: Activation,
    ) -> Result<Tensor, ComputeError> {
        activation::backward(tape, &gradient, activation)
    }

    fn attention(
        &self,
        attended: Attended<'_, Self>,
        queries: Queries,
        query: &Tensor,
        key_value: &Tensor,
        dropouts: Vec<Option<Dropout>>,
    ) -> Result<(Tensor, AttentionTape), ComputeError> {
        let Attended { layout, batch, shape } = attended;
        attention::forward((layout, batch), shape, queries, (query, key_value), &dropouts)
    }

    fn attention_backward(
        &self,
        attended: Attended<'_, Self>,
        tape: &AttentionTape,
        gradient: &Tensor,
    ) -> Result<AttentionGradient, ComputeError> {
        attention::backward(attended.batch, attended.shape, tape, gradient)
    }

    fn lora(&self, adapted: &[AdaptedRows<'_>], input: &Tensor, output: &Tensor) -> Result<LoraTape, ComputeError> {
        lora::forward(adapted, input, output)
    }

    fn lora_backward(
        &self,
        adapted: &[AdaptedRows<'_>],
        tape: &LoraTape,
        gradient: &Tensor,
        input_gradient: Option<&Tensor>,
    ) -> Result<(), ComputeError> {
        lora::backward(adapted, tape, gradient, input_gradient)
    }

    fn row_mask(&self, dropouts: &RowDropouts, x: &Tensor) -> Result<Option<Tensor>, ComputeError> {
        masks::of_rows(dropouts, x.size2()?.1 as usize, x.device())
    }

    fn head_product(&self, heads: &HeadRows<'_>, x: &Tensor) -> Result<Tensor, ComputeError> {
        head::product(heads, x)
    }

    fn head_product_backward(&self, heads: &HeadRows<'_>, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        head::product_backward(heads, gradient)
    }

    fn head_accumulate(&self, heads: &HeadRows<'_>, gradient: &Tensor, x: &Tensor) -> Result<(), ComputeError> {
        head::accumulate(heads, gradient, x)
    }

    fn adamw(
        &self,
        parameters: &Parameters,
        moments: &mut Moments,
        step: &OptimizerStep,
    ) -> Result<Tensor, ComputeError> {
        optimizer::clipped_step(parameters, moments, step)
    }
}
