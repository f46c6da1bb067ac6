//! Frozen linear layers: products are libtorch's, and their results stay in the precision of products.

use tch::Tensor;

use crate::model::compute_error::ComputeError;

/// A frozen linear layer.
#[derive(Debug)]
pub struct Linear {
    /// `[out, in]` in the precision of products.
    weight: Tensor,
    /// `[out]` float32, for our own kernels.
    pub bias: Tensor,
    /// The bias in the precision of products.
    product_bias: Tensor,
}

impl Linear {
    pub fn new(weight: Tensor, bias: Tensor) -> Result<Self, ComputeError> {
        let product_bias = bias.f_to_kind(weight.kind())?;
        Ok(Linear { weight, bias, product_bias })
    }

    /// `x @ weight.T`, `[rows, out]`.
    pub fn product(&self, x: &Tensor) -> Result<Tensor, ComputeError> {
        Ok(x.f_to_kind(self.weight.kind())?.f_mm(&self.weight.f_tr()?)?)
    }

    /// `x @ weight.T + bias`.
    pub fn product_with_bias(&self, x: &Tensor) -> Result<Tensor, ComputeError> {
        Ok(self.product_bias.f_addmm(&x.f_to_kind(self.weight.kind())?, &self.weight.f_tr()?)?)
    }

    /// `gradient @ weight`, `[rows, in]`.
    pub fn backward(&self, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        Ok(gradient.f_to_kind(self.weight.kind())?.f_mm(&self.weight)?)
    }

    /// `gradient @ weight + onto`; `onto` is used up.
    pub fn backward_onto(&self, gradient: &Tensor, mut onto: Tensor) -> Result<Tensor, ComputeError> {
        Ok(onto.f_addmm_(gradient, &self.weight)?)
    }
}
