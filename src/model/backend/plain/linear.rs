//! Frozen linear layers.

use tch::{Kind, Tensor};

use crate::model::compute_error::ComputeError;

/// A frozen linear layer.
#[derive(Debug)]
pub struct Linear {
    /// `[out, in]` in the precision of products; results are float32.
    weight: Tensor,
    /// `[out]`
    pub bias: Tensor,
}

impl Linear {
    pub fn new(weight: Tensor, bias: Tensor) -> Self {
        Linear { weight, bias }
    }

    /// `x @ weight.T`, `[rows, out]`.
    pub fn product(&self, x: &Tensor) -> Result<Tensor, ComputeError> {
        Ok(x.f_to_kind(self.weight.kind())?.f_matmul(&self.weight.f_tr()?)?.f_to_kind(Kind::Float)?)
    }

    /// `gradient @ weight`, `[rows, in]`.
    pub fn backward(&self, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        Ok(gradient.f_to_kind(self.weight.kind())?.f_matmul(&self.weight)?.f_to_kind(Kind::Float)?)
    }
}
