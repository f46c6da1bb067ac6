//! A linear layer that runs adapt, as kinds of adapters see it.

use tch::{Kind, Tensor};

use crate::model::adapter::{AdaptedLinear, LoraTape};
use crate::model::backend::{AdaptedRows, Backend, LayerOf};
use crate::model::compute_error::ComputeError;
use crate::model::frozen::Projections;
use crate::model::graph::LinearRole;

/// A frozen linear layer on its backend.
pub struct OnBackend<'a, B: Backend> {
    backend: &'a B,
    linear: &'a B::Linear,
    /// First column and width of its part, where several layers lie side by side.
    part: Option<(i64, i64)>,
    contains_bias: bool,
}

impl<'a, B: Backend> OnBackend<'a, B> {
    /// `width`: of the hidden states.
    pub fn new(backend: &'a B, layer: &'a LayerOf<B>, role: LinearRole, width: i64) -> Self {
        let projected = |place_of_key| match (role, &layer.projections) {
            (LinearRole::Query, Projections::Apart { query, .. }) => (query, None),
            (_, Projections::Apart { key_value, .. }) => (key_value, Some((place_of_key * width, width))),
            (LinearRole::Query, Projections::Joined(all)) => (all, Some((0, width))),
            (_, Projections::Joined(all)) => (all, Some(((place_of_key + 1) * width, width))),
        };
        let (linear, part) = match role {
            LinearRole::Query | LinearRole::Key => projected(0),
            LinearRole::Value => projected(1),
            LinearRole::AttentionOutput => (&layer.attention_output, None),
            LinearRole::Intermediate => (&layer.intermediate, None),
            LinearRole::Output => (&layer.output, None),
        };
        let contains_bias = matches!(role, LinearRole::Query | LinearRole::Key | LinearRole::Value);
        OnBackend { backend, linear, part, contains_bias }
    }
}

impl<'a, B: Backend> AdaptedLinear<'a> for OnBackend<'a, B> {
    fn product(&self, x: &Tensor) -> Result<Tensor, ComputeError> {
        let product = self.backend.product(self.linear, x)?;
        match self.part {
            Some((first, width)) => Ok(product.f_narrow(1, first, width)?),
            None => Ok(product),
        }
    }

    fn product_backward(&self, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        let Some((first, width)) = self.part else {
            return self.backend.product_backward(self.linear, gradient);
        };
        let columns = self.backend.bias(self.linear).size1()?;
        let all = gradient.f_new_zeros([gradient.size2()?.0, columns], (gradient.kind(), gradient.device()))?;
        all.f_narrow(1, first, width)?.f_copy_(gradient)?;
        self.backend.product_backward(self.linear, &all)
    }

    fn bias(&self) -> Result<Tensor, ComputeError> {
        let bias = self.backend.bias(self.linear).f_to_kind(Kind::Float)?;
        match self.part {
            Some((first, width)) => Ok(bias.f_narrow(0, first, width)?),
            None => Ok(bias),
        }
    }

    fn contains_bias(&self) -> bool {
        self.contains_bias
    }

    fn lora(
        &self,
        adapted: &[AdaptedRows<'_>],
        input: &Tensor,
        output: &Tensor,
    ) -> Result<Box<dyn LoraTape + 'a>, ComputeError> {
        let tape = self.backend.lora(adapted, input, output)?;
        Ok(Box::new(TapeOnBackend { backend: self.backend, tape }))
    }
}

/// A tape of LoRA with the backend that left it.
struct TapeOnBackend<'a, B: Backend> {
    backend: &'a B,
    tape: B::LoraTape,
}

impl<B: Backend> LoraTape for TapeOnBackend<'_, B> {
    fn backward(
        &self,
        adapted: &[AdaptedRows<'_>],
        gradient: &Tensor,
        input_gradient: Option<&Tensor>,
    ) -> Result<(), ComputeError> {
        self.backend.lora_backward(adapted, &self.tape, gradient, input_gradient)
    }
}
