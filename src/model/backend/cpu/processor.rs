//! The backend of our own passes on a processor.

use tch::{Kind, Tensor};

use super::activation::{self, ActivationTape};
use super::after_attention::{self, AfterAttention, BlockTape};
use super::attention::{self, AttentionTape};
use super::embeddings;
use super::first_tokens::{self, StateProjections, StatesTape};
use super::isa::{self, InstructionSet, Tiles, WithTiles, Words};
use super::linear::{Linear, Weight};
use super::lora::{self, LoraTape};
use super::norm::{self, NormTape};
use crate::model::attention::{AttentionGradient, Queries};
use crate::model::backend::plain;
use crate::model::backend::{
    AdaptedRows, Attended, Backend, BackendChoice, HeadRows, LayerOf, MemoryFormula, ResidualGradients,
};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::{Dropout, RowDropouts};
use crate::model::frozen::{Embeddings, Norm};
use crate::model::graph::Activation;
use crate::model::layout::Layout;
use crate::model::optimizer::{Moments, OptimizerStep};
use crate::model::parameters::Parameters;
use crate::spec::Precision;

/// Whether these passes may be used: the processor multiplies and adds in one instruction.
pub fn available() -> bool {
    struct Nothing;
    impl WithTiles for Nothing {
        type Output = ();
        fn with<I: InstructionSet>(self, _isa: I, _tiles: I::Tiles) {}
    }
    isa::with_fastest(Precision::Fp32, Nothing).is_ok()
}

/// What this backend keeps on this processor; None where it cannot be used.
pub fn expected_memory(precision: Precision) -> Option<MemoryFormula> {
    struct Memory;
    impl WithTiles for Memory {
        type Output = MemoryFormula;
        fn with<I: InstructionSet>(self, isa: I, tiles: I::Tiles) -> MemoryFormula {
            Cpu::new(isa, tiles).memory()
        }
    }
    isa::with_fastest(precision, Memory).ok()
}

/// What this processor computes products of this precision with; None where our own passes cannot be used.
pub fn kernels(precision: Precision) -> Option<String> {
    struct Name;
    impl WithTiles for Name {
        type Output = String;
        fn with<I: InstructionSet>(self, isa: I, tiles: I::Tiles) -> String {
            Cpu::new(isa, tiles).choice().kernels
        }
    }
    isa::with_fastest(precision, Name).ok()
}

/// Whether this processor multiplies float32 numbers where this precision is asked for; None where our own passes cannot be used.
pub fn multiplies_floats(precision: Precision) -> Option<bool> {
    struct Multiplied;
    impl WithTiles for Multiplied {
        type Output = bool;
        fn with<I: InstructionSet>(self, _isa: I, tiles: I::Tiles) -> bool {
            matches!(tiles.words(), Words::Floats | Words::Rounded)
        }
    }
    isa::with_fastest(precision, Multiplied).ok()
}

/// Our own passes, with the instructions of `I`.
#[derive(Debug)]
pub struct Cpu<I: InstructionSet> {
    isa: I,
    /// Products with frozen matrices.
    tiles: I::Tiles,
}

impl<I: InstructionSet> Cpu<I> {
    pub fn new(isa: I, tiles: I::Tiles) -> Self {
        Cpu { isa, tiles }
    }

    /// What to say of it: the instruction set, and what is multiplied.
    pub fn choice(&self) -> BackendChoice {
        let kernels = format!("{}, {}", self.isa.name(), self.tiles.name());
        BackendChoice { backend: "cpu", kernels, slower_because: None }
    }
}

impl<I: InstructionSet> Backend for Cpu<I> {
    type Linear = Linear<I::Tiles>;
    type StateProjections = StateProjections<I::Tiles>;
    type Batch = ();
    type NormTape = NormTape;
    type ActivationTape = ActivationTape;
    type AttentionTape = AttentionTape;
    type StatesTape = StatesTape;
    type BlockTape = BlockTape;
    type LoraTape = LoraTape;

    /// Query, key and value, what attention gives, the normalised inputs of both LayerNorms and of the layer; the activation's
    /// derivative; attention probabilities. Frozen matrices lie in two layouts.
    fn memory(&self) -> MemoryFormula {
        MemoryFormula {
            matrix_layouts: match self.tiles.words() {
                Words::Floats | Words::Pairs | Words::Parts => 2,
                // They are counted in bytes of bfloat16, and lie there in four.
                Words::Rounded => 4,
            },
            hidden: 7,
            intermediate: 1,
            probabilities: 1,
            in_product_precision: false,
        }
    }

    fn kind(&self) -> Kind {
        Kind::Float
    }

    fn batch(&self, _layout: &Layout) -> Result<(), ComputeError> {
        Ok(())
    }

    fn linear(&self, weight: Tensor, bias: Tensor) -> Result<Linear<I::Tiles>, ComputeError> {
        Ok(Linear { weight: Weight::new(self.tiles, &weight)?, bias })
    }

    fn bias<'a>(&self, linear: &'a Linear<I::Tiles>) -> &'a Tensor {
        &linear.bias
    }

    fn product(&self, linear: &Linear<I::Tiles>, x: &Tensor) -> Result<Tensor, ComputeError> {
        linear.weight.product(x)
    }

    fn product_with_bias(&self, linear: &Linear<I::Tiles>, x: &Tensor) -> Result<Tensor, ComputeError> {
        linear.weight.product_with_bias(x, &linear.bias)
    }

    fn product_backward(&self, linear: &Linear<I::Tiles>, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        linear.weight.backward(gradient)
    }

    fn product_backward_onto(
        &self,
        linear: &Linear<I::Tiles>,
        gradient: &Tensor,
        onto: Tensor,
    ) -> Result<Tensor, ComputeError> {
        linear.weight.backward_onto(gradient, onto)
    }

    fn embed(&self, embeddings: &Embeddings, layout: &Layout, dropouts: &RowDropouts) -> Result<Tensor, ComputeError> {
        embeddings::embed(self.isa, embeddings, layout, dropouts)
    }

    fn residual_norm(
        &self,
        output: Tensor,
        linear: &Linear<I::Tiles>,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, NormTape), ComputeError> {
        norm::forward(self.isa, output, &linear.bias, residual, norm, dropouts)
    }

    fn product_residual_norm(
        &self,
        linear: &Linear<I::Tiles>,
        x: &Tensor,
        residual: &Tensor,
        norm: &Norm,
        dropouts: RowDropouts,
    ) -> Result<(Tensor, NormTape), ComputeError> {
        norm::forward_of_product(self.isa, &linear.weight.forward, x, &linear.bias, residual, norm, dropouts)
    }

    fn residual_norm_backward(
        &self,
        tape: &NormTape,
        norm: &Norm,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, ComputeError> {
        norm::backward(self.isa, tape, norm, gradient)
    }

    fn bias_activation(
        &self,
        x: Tensor,
        linear: &Linear<I::Tiles>,
        activation: Activation,
    ) -> Result<(Tensor, ActivationTape), ComputeError> {
        activation::forward(self.isa, x, &linear.bias, activation)
    }

    fn product_activation(
        &self,
        linear: &Linear<I::Tiles>,
        x: &Tensor,
        activation: Activation,
    ) -> Result<(Tensor, ActivationTape), ComputeError> {
        match activation {
            Activation::Gelu => activation::forward_of_product(self.isa, &linear.weight.forward, x, &linear.bias),
            _ => self.bias_activation(linear.weight.product(x)?, linear, activation),
        }
    }

    fn activation_backward(
        &self,
        tape: &ActivationTape,
        _linear: &Linear<I::Tiles>,
        gradient: Tensor,
        activation: Activation,
    ) -> Result<Tensor, ComputeError> {
        activation::backward(self.isa, tape, gradient, activation)
    }

    fn attention(
        &self,
        attended: Attended<'_, Self>,
        queries: Queries,
        query: &Tensor,
        key_value: &Tensor,
        dropouts: Vec<Option<Dropout>>,
    ) -> Result<(Tensor, AttentionTape), ComputeError> {
        attention::forward(self.isa, attended.layout, attended.shape, queries, (query, key_value), dropouts)
    }

    fn attention_backward(
        &self,
        attended: Attended<'_, Self>,
        tape: &AttentionTape,
        gradient: &Tensor,
    ) -> Result<AttentionGradient, ComputeError> {
        attention::backward(self.isa, attended.layout, attended.shape, tape, gradient)
    }

    fn state_projections(
        &self,
        weight: &Tensor,
        bias: &Tensor,
        heads: i64,
    ) -> Result<Option<StateProjections<I::Tiles>>, ComputeError> {
        StateProjections::new(self.tiles, weight, bias, heads)
    }

    fn attention_to_states(
        &self,
        attended: Attended<'_, Self>,
        projections: &StateProjections<I::Tiles>,
        query: &Tensor,
        hidden: &Tensor,
        dropouts: Vec<Option<Dropout>>,
    ) -> Result<(Tensor, StatesTape), ComputeError> {
        first_tokens::forward(self.isa, attended.layout, attended.shape, projections, (query, hidden), dropouts)
    }

    fn attention_to_states_backward(
        &self,
        attended: Attended<'_, Self>,
        projections: &StateProjections<I::Tiles>,
        tape: &StatesTape,
        gradient: &Tensor,
    ) -> Result<(Tensor, Tensor), ComputeError> {
        first_tokens::backward(self.isa, attended.layout, attended.shape, projections, tape, gradient)
    }

    fn after_attention(
        &self,
        layer: &LayerOf<Self>,
        activation: Activation,
        context: &Tensor,
        residual: &Tensor,
        dropouts: impl FnOnce() -> [RowDropouts; 2],
    ) -> Result<Option<(Tensor, BlockTape)>, ComputeError> {
        let rows = context.size2()?.0 as usize;
        match AfterAttention::new(self.isa, layer, rows).filter(|_| activation == Activation::Gelu) {
            Some(block) => block.forward(context, residual, dropouts()).map(Some),
            None => Ok(None),
        }
    }

    fn after_attention_backward(
        &self,
        layer: &LayerOf<Self>,
        tape: &BlockTape,
        gradient: &Tensor,
    ) -> Result<ResidualGradients, ComputeError> {
        after_attention::backward(self.isa, layer, tape, gradient)
    }

    fn lora(&self, adapted: &[AdaptedRows<'_>], input: &Tensor, output: &Tensor) -> Result<LoraTape, ComputeError> {
        lora::forward(self.isa, adapted, input, output)
    }

    fn lora_backward(
        &self,
        adapted: &[AdaptedRows<'_>],
        tape: &LoraTape,
        gradient: &Tensor,
        input_gradient: Option<&Tensor>,
    ) -> Result<(), ComputeError> {
        lora::backward(self.isa, adapted, tape, gradient, input_gradient)
    }

    fn row_mask(&self, dropouts: &RowDropouts, x: &Tensor) -> Result<Option<Tensor>, ComputeError> {
        plain::masks::of_rows(dropouts, x.size2()?.1 as usize, x.device())
    }

    // Heads and optimizer are small beside the encoder: libtorch's operations do.

    fn head_product(&self, heads: &HeadRows<'_>, x: &Tensor) -> Result<Tensor, ComputeError> {
        plain::head::product(heads, x)
    }

    fn head_product_backward(&self, heads: &HeadRows<'_>, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        plain::head::product_backward(heads, gradient)
    }

    fn head_accumulate(&self, heads: &HeadRows<'_>, gradient: &Tensor, x: &Tensor) -> Result<(), ComputeError> {
        plain::head::accumulate(heads, gradient, x)
    }

    fn adamw(
        &self,
        parameters: &Parameters,
        moments: &mut Moments,
        step: &OptimizerStep,
    ) -> Result<Tensor, ComputeError> {
        plain::optimizer::clipped_step(parameters, moments, step)
    }
}
