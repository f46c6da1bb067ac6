//! Activations of feed-forward blocks.

use tch::Tensor;

use crate::model::compute_error::ComputeError;
use crate::model::graph::Activation;

/// The activation's input.
#[derive(Debug)]
pub struct ActivationTape(Tensor);

/// The activation of `x + bias`; `x` is used up.
pub fn forward(x: Tensor, bias: &Tensor, activation: Activation) -> Result<(Tensor, ActivationTape), ComputeError> {
    let mut x = x;
    let input = x.f_add_(bias)?;
    let output = match activation {
        Activation::Gelu => input.f_gelu("none")?,
        Activation::GeluTanh => input.f_gelu("tanh")?,
        Activation::Relu => input.f_relu()?,
    };
    Ok((output, ActivationTape(input)))
}

/// The gradient of the activation's input.
pub fn backward(
    ActivationTape(input): &ActivationTape,
    gradient: &Tensor,
    activation: Activation,
) -> Result<Tensor, ComputeError> {
    match activation {
        Activation::Gelu => Ok(input.f_gelu_backward(gradient, "none")?),
        Activation::GeluTanh => Ok(input.f_gelu_backward(gradient, "tanh")?),
        Activation::Relu => Ok(input.f_threshold_backward(gradient, 0.0)?),
    }
}
