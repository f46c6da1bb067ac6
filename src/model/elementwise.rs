//! Element-wise passes between the products, forward and backward.

use tch::{Kind, TchError, Tensor};

use super::base::Norm;
use super::config::Activation;

/// What the backward pass of [`residual_norm`] needs.
#[derive(Debug)]
pub struct ResidualTape {
    /// Dropout mask on the block's output.
    mask: Option<Tensor>,
    /// `[rows, width]`: the LayerNorm's input.
    sum: Tensor,
    /// `[rows, 1]`
    mean: Tensor,
    /// `[rows, 1]`
    inverse_deviation: Tensor,
}

/// `LayerNorm(residual + dropout(output + bias))`.
pub fn residual_norm(
    output: Tensor,
    bias: &Tensor,
    residual: &Tensor,
    norm: &Norm,
    mask: Option<Tensor>,
) -> Result<(Tensor, ResidualTape), TchError> {
    let mut output = output;
    let mut sum = output.f_add_(bias)?;
    if let Some(mask) = &mask {
        sum = sum.f_mul_(mask)?;
    }
    let sum = sum.f_add_(residual)?;
    let (normed, mean, inverse_deviation) = normalize(&sum, norm)?;
    Ok((normed, ResidualTape { mask, sum, mean, inverse_deviation }))
}

/// Gradients of the block's output and of the residual, from the gradient of the LayerNorm's output.
pub fn residual_norm_backward(
    tape: &ResidualTape,
    norm: &Norm,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), TchError> {
    // With n the normalized input and g = gradient * weight: (g - mean(g) - n * mean(g * n)) / deviation.
    let normalized = tape.sum.f_sub(&tape.mean)?.f_mul_(&tape.inverse_deviation)?;
    let weighted = gradient.f_mul(&norm.weight)?;
    let mean = weighted.f_mean_dim([-1i64].as_slice(), true, Kind::Float)?;
    let projection = weighted.f_mul(&normalized)?.f_mean_dim([-1i64].as_slice(), true, Kind::Float)?;
    let centred = weighted.f_sub(&mean)?.f_sub_(&normalized.f_mul(&projection)?)?;
    let mut centred = centred;
    let residual = centred.f_mul_(&tape.inverse_deviation)?;
    let output = match &tape.mask {
        Some(mask) => residual.f_mul(mask)?,
        None => residual.shallow_clone(),
    };
    Ok((output, residual))
}

/// LayerNorm over the last dimension, with the row means and inverse deviations.
pub fn normalize(x: &Tensor, norm: &Norm) -> Result<(Tensor, Tensor, Tensor), TchError> {
    let width = x.size()[1];
    x.f_native_layer_norm([width], Some(&norm.weight), Some(&norm.bias), norm.eps)
}

/// Adds the bias in place and applies the activation; returns the biased input as well, for the backward pass.
pub fn bias_activation(x: Tensor, bias: &Tensor, activation: Activation) -> Result<(Tensor, Tensor), TchError> {
    let mut x = x;
    let input = x.f_add_(bias)?;
    let output = match activation {
        Activation::Gelu => input.f_gelu("none")?,
        Activation::GeluTanh => input.f_gelu("tanh")?,
        Activation::Relu => input.f_relu()?,
    };
    Ok((output, input))
}

/// Gradient of the activation's input.
pub fn activation_backward(gradient: &Tensor, input: &Tensor, activation: Activation) -> Result<Tensor, TchError> {
    match activation {
        Activation::Gelu => input.f_gelu_backward(gradient, "none"),
        Activation::GeluTanh => input.f_gelu_backward(gradient, "tanh"),
        Activation::Relu => gradient.f_threshold_backward(input, 0.0),
    }
}
