//! Frozen linear layers.

use tch::{Kind, TchError, Tensor};

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
    pub fn product(&self, x: &Tensor) -> Result<Tensor, TchError> {
        x.f_to_kind(self.weight.kind())?.f_matmul(&self.weight.f_tr()?)?.f_to_kind(Kind::Float)
    }

    /// `gradient @ weight`, `[rows, in]`.
    pub fn backward(&self, gradient: &Tensor) -> Result<Tensor, TchError> {
        gradient.f_to_kind(self.weight.kind())?.f_matmul(&self.weight)?.f_to_kind(Kind::Float)
    }
}
