//! The backend of our own kernels on an NVIDIA GPU.

use tch::{Device, Kind, Tensor};

use super::attention::{self, AttentionTape, Batch};
use super::error::CudaError;
use super::linear::Linear;
use super::lora::{self, LoraTape};
use super::norm::{self, NormTape};
use super::program::Program;
use super::{activation, embeddings, head, masks, optimizer, shared_constants};
use crate::model::attention::{AttentionGradient, Queries};
use crate::model::backend::{
    AdaptedRows, Attended, Backend, BackendChoice, HeadRows, MemoryFormula, ResidualGradients,
};
use crate::model::compute_error::ComputeError;
use crate::model::config::ModelConfig;
use crate::model::dropout::{Dropout, RowDropouts};
use crate::model::frozen::{Embeddings, Norm};
use crate::model::graph::Activation;
use crate::model::layout::Layout;
use crate::model::optimizer::{Moments, OptimizerStep};
use crate::model::parameters::Parameters;
use crate::model::precision::product_kind;
use crate::spec::Precision;

/// Query, key and value, what attention gives, the normalised inputs of both LayerNorms and of the layer; the product before
/// the activation and the activation. Attention probabilities and dropout masks are made again.
pub const MEMORY: MemoryFormula =
    MemoryFormula { matrix_layouts: 1, hidden: 7, intermediate: 2, probabilities: 0, in_product_precision: true };

/// The product to which bias and activation are applied.
#[derive(Debug)]
pub struct ActivationTape(Tensor);

/// Our own kernels, compiled for one model on one GPU.
#[derive(Debug)]
pub struct Cuda {
    program: Program,
}

impl Cuda {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// Sizes that the kernels are not made for, a machine without NVRTC, or a GPU that it knows nothing of.
    pub fn compile(device: Device, config: &ModelConfig, precision: Precision) -> Result<Self, CudaError> {
        Ok(Cuda { program: Program::compile(device, config, product_kind(precision), shared_constants::definitions)? })
    }

    /// What to say of it.
    pub fn choice(&self) -> BackendChoice {
        BackendChoice { backend: "cuda", kernels: self.program.describe(), slower_because: None }
    }
}

impl Backend for Cuda {
    type Linear = Linear;
    type Batch = Batch;
    type NormTape = NormTape;
    type ActivationTape = ActivationTape;
    type AttentionTape = AttentionTape;
    type LoraTape = LoraTape;

    without_fused_passes!();

    fn memory(&self) -> MemoryFormula {
        MEMORY
    }

    fn kind(&self) -> Kind {
        self.program.memory().kind
    }

    fn batch(&self, layout: &Layout) -> Result<Batch, ComputeError> {
        Batch::new(&self.program, layout)
    }

    fn linear(&self, weight: Tensor, bias: Tensor) -> Result<Linear, ComputeError> {
        Linear::new(weight, bias)
    }

    fn bias<'a>(&self, linear: &'a Linear) -> &'a Tensor {
        &linear.bias
    }

    fn product(&self, linear: &Linear, x: &Tensor) -> Result<Tensor, ComputeError> {
        linear.product(x)
    }

    fn product_with_bias(&self, linear: &Linear, x: &Tensor) -> Result<Tensor, ComputeError> {
        linear.product_with_bias(x)
    }

    fn product_backward(&self, linear: &Linear, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        linear.backward(gradient)
    }

    fn product_backward_onto(&self, linear: &Linear, gradient: &Tensor, onto: Tensor) -> Result<Tensor, ComputeError> {
        linear.backward_onto(gradient, onto)
    }

    fn embed(&self, embeddings: &Embeddings, layout: &Layout, dropouts: &RowDropouts) -> Result<Tensor, ComputeError> {
        embeddings::embed(&self.program, embeddings, layout, dropouts)
    }

    fn residual_norm(
        &self,
        output: Tensor,
        linear: &Linear,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, NormTape), ComputeError> {
        norm::forward(&self.program, (&output, &linear.bias), residual, norm, dropouts)
    }

    fn residual_norm_backward(
        &self,
        tape: &NormTape,
        norm: &Norm,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, ComputeError> {
        norm::backward(&self.program, tape, norm, gradient)
    }

    // Which activation, the kernels were compiled for.

    fn bias_activation(
        &self,
        x: Tensor,
        linear: &Linear,
        _activation: Activation,
    ) -> Result<(Tensor, ActivationTape), ComputeError> {
        let output = activation::forward(&self.program, &x, &linear.bias)?;
        Ok((output, ActivationTape(x)))
    }

    fn activation_backward(
        &self,
        ActivationTape(product): &ActivationTape,
        linear: &Linear,
        gradient: Tensor,
        _activation: Activation,
    ) -> Result<Tensor, ComputeError> {
        activation::backward(&self.program, product, &linear.bias, &gradient)?;
        Ok(gradient)
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
        attention::forward(&self.program, (layout, batch), shape, queries, (query, key_value), dropouts)
    }

    fn attention_backward(
        &self,
        attended: Attended<'_, Self>,
        tape: &AttentionTape,
        gradient: &Tensor,
    ) -> Result<AttentionGradient, ComputeError> {
        let Attended { layout, batch, shape } = attended;
        attention::backward(&self.program, (layout, batch), shape, tape, gradient)
    }

    fn lora(&self, adapted: &[AdaptedRows<'_>], input: &Tensor, output: &Tensor) -> Result<LoraTape, ComputeError> {
        lora::forward(&self.program, adapted, input, output)
    }

    fn lora_backward(
        &self,
        adapted: &[AdaptedRows<'_>],
        tape: &LoraTape,
        gradient: &Tensor,
        input_gradient: Option<&Tensor>,
    ) -> Result<(), ComputeError> {
        lora::backward(&self.program, adapted, tape, gradient, input_gradient)
    }

    fn row_mask(&self, dropouts: &RowDropouts, x: &Tensor) -> Result<Option<Tensor>, ComputeError> {
        if dropouts.runs.iter().all(|(_, dropout)| dropout.is_none()) {
            return Ok(None);
        }
        masks::of_rows(&self.program, dropouts, x.size2()?.1 as usize).map(Some)
    }

    fn head_product(&self, heads: &HeadRows<'_>, x: &Tensor) -> Result<Tensor, ComputeError> {
        head::Layer::new(&self.program, heads)?.forward(x)
    }

    fn head_product_backward(&self, heads: &HeadRows<'_>, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        head::Layer::new(&self.program, heads)?.inputs(gradient)
    }

    fn head_accumulate(&self, heads: &HeadRows<'_>, gradient: &Tensor, x: &Tensor) -> Result<(), ComputeError> {
        head::Layer::new(&self.program, heads)?.accumulate(gradient, x)
    }

    fn adamw(
        &self,
        parameters: &Parameters,
        moments: &mut Moments,
        step: &OptimizerStep,
    ) -> Result<Tensor, ComputeError> {
        optimizer::clipped_step(&self.program, parameters, moments, step)
    }
}
