//! The operations of which updates of linear layers consist, on whichever backend.

use tch::Tensor;

use crate::model::backend::AdaptedRows;
use crate::model::compute_error::ComputeError;

/// A linear layer that runs adapt, and what its backend computes for updates; `'a` is how long the backend lives.
///
/// Values between products are in the backend's kind, parameters are float32.
pub trait AdaptedLinear<'a> {
    /// The frozen product `x @ weight.T`, `[rows, out]`.
    fn product(&self, x: &Tensor) -> Result<Tensor, ComputeError>;

    /// `gradient @ weight`, `[rows, in]`: what the frozen product passes back.
    fn product_backward(&self, gradient: &Tensor) -> Result<Tensor, ComputeError>;

    /// The frozen bias, `[out]` float32.
    fn bias(&self) -> Result<Tensor, ComputeError>;

    /// Whether the output that an update changes contains the bias already. Where it does not, the bias is added later.
    fn contains_bias(&self) -> bool;

    /// Adds `scale * dropout(input) A.T B.T` to the rows of every run in `output` (`[rows, out]`, a view is fine), in place,
    /// for all runs in few passes.
    fn lora(
        &self,
        adapted: &[AdaptedRows<'_>],
        input: &Tensor,
        output: &Tensor,
    ) -> Result<Box<dyn LoraTape + 'a>, ComputeError>;
}

/// What the backward pass of [`AdaptedLinear::lora`] needs, on the backend that left it.
pub trait LoraTape {
    /// Accumulates the gradients of A and B, and adds to the gradient of the layer's input where one is given. `adapted`: as
    /// in the forward pass.
    fn backward(
        &self,
        adapted: &[AdaptedRows<'_>],
        gradient: &Tensor,
        input_gradient: Option<&Tensor>,
    ) -> Result<(), ComputeError>;
}
