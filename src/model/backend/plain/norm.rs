//! `LayerNorm(residual + dropout(output + bias))`, forward and backward.

use tch::{Kind, Tensor};

use super::masks;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;
use crate::model::frozen::Norm;

/// What the backward pass needs.
#[derive(Debug)]
pub struct NormTape {
    /// Dropout mask on the block's output.
    mask: Option<Tensor>,
    /// `[rows, width]`: (input - mean) / deviation.
    normalized: Tensor,
    /// `[rows, 1]`
    inverse_deviation: Tensor,
}

/// `output` is used up.
pub fn forward(
    output: Tensor,
    bias: &Tensor,
    residual: &Tensor,
    norm: &Norm,
    dropouts: &RowDropouts,
) -> Result<(Tensor, NormTape), ComputeError> {
    let mut output = output;
    let mask = masks::of_rows(dropouts, output.size()[1] as usize, output.device())?;
    let mut sum = output.f_add_(bias)?;
    if let Some(mask) = &mask {
        sum = sum.f_mul_(mask)?;
    }
    let mut sum = sum.f_add_(residual)?;
    let (normed, mean, inverse_deviation) = normalize(&sum, norm)?;
    let normalized = sum.f_sub_(&mean)?.f_mul_(&inverse_deviation)?;
    Ok((normed, NormTape { mask, normalized, inverse_deviation }))
}

/// Gradients of the block's output and of the residual.
pub fn backward(tape: &NormTape, norm: &Norm, gradient: &Tensor) -> Result<(Tensor, Tensor), ComputeError> {
    let NormTape { mask, normalized, inverse_deviation } = tape;
    // With n the normalized input and g = gradient * weight: (g - mean(g) - n * mean(g * n)) / deviation.
    let weighted = gradient.f_mul(&norm.weight)?;
    let mean = weighted.f_mean_dim([-1i64].as_slice(), true, Kind::Float)?;
    let projection = weighted.f_mul(normalized)?.f_mean_dim([-1i64].as_slice(), true, Kind::Float)?;
    let mut centred = weighted.f_sub(&mean)?.f_sub_(&normalized.f_mul(&projection)?)?;
    let residual = centred.f_mul_(inverse_deviation)?;
    let output = match mask {
        Some(mask) => residual.f_mul(mask)?,
        None => residual.shallow_clone(),
    };
    Ok((output, residual))
}

/// LayerNorm over the last dimension, with the row means and inverse deviations.
pub fn normalize(x: &Tensor, norm: &Norm) -> Result<(Tensor, Tensor, Tensor), ComputeError> {
    let width = x.size()[1];
    Ok(x.f_native_layer_norm([width], Some(&norm.weight), Some(&norm.bias), norm.eps)?)
}
