//! Element-wise passes between the products, forward and backward: in plain libtorch operations, or fused.

use tch::{Device, Kind, TchError, Tensor};

use super::base::{Embeddings, Linear, Norm};
use super::config::Activation;
use super::cpu;
use super::cuda::{self, Program};
use super::dropout::RowDropouts;
use super::layout::Layout;
use super::masks;
use super::weight::Weight;

/// How element-wise passes and attention are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// libtorch operations, on any device.
    Plain,
    /// Our own: over float32 on the CPU, compiled for the model on an NVIDIA GPU.
    Fused,
}

impl Kernels {
    /// The fastest for a device.
    pub fn of(device: Device) -> Self {
        match device {
            Device::Cuda(_) => Kernels::Fused,
            _ if cpu::available(device) => Kernels::Fused,
            _ => Kernels::Plain,
        }
    }
}

/// What computes a loaded model.
#[derive(Clone, Copy, Debug)]
pub enum Compute<'a> {
    Plain,
    Processor,
    Cuda(&'a Program),
}

/// The embedding of every token, `[rows, width]`.
pub fn embed(
    compute: Compute<'_>,
    embeddings: &Embeddings,
    layout: &Layout,
    dropouts: RowDropouts,
) -> Result<Tensor, TchError> {
    match compute {
        Compute::Processor => return cpu::norm::embed(embeddings, layout, &dropouts),
        Compute::Cuda(program) => return cuda::rows::embed(program, embeddings, layout, &dropouts),
        Compute::Plain => {}
    }
    let positions = embeddings.positions(layout)?;
    let words = embeddings.word.f_index_select(0, &layout.ids)?;
    let positions = embeddings.position.f_index_select(0, &positions)?;
    let (hidden, _, _) = normalize(&words.f_add(&positions)?, &embeddings.norm)?;
    match masks::of_rows(&dropouts, hidden.size()[1] as usize, hidden.device())? {
        Some(mask) => hidden.f_mul(&mask),
        None => Ok(hidden),
    }
}

/// What rows of float32 numbers as wide as `x` are multiplied by in dropout; none where nothing is dropped.
pub fn row_mask(compute: Compute<'_>, dropouts: &RowDropouts, x: &Tensor) -> Result<Option<Tensor>, TchError> {
    let width = x.size2()?.1 as usize;
    match compute {
        Compute::Cuda(_) if dropouts.runs.iter().all(|(_, dropout)| dropout.is_none()) => Ok(None),
        Compute::Cuda(program) => cuda::rows::mask(program, dropouts, width).map(Some),
        Compute::Plain | Compute::Processor => masks::of_rows(dropouts, width, x.device()),
    }
}

/// What the backward pass of [`residual_norm`] needs.
#[derive(Debug)]
pub enum ResidualTape {
    Plain {
        /// Dropout mask on the block's output.
        mask: Option<Tensor>,
        /// `[rows, width]`: (input - mean) / deviation.
        normalized: Tensor,
        /// `[rows, 1]`
        inverse_deviation: Tensor,
    },
    Fused(cpu::norm::NormTape),
    Cuda(cuda::rows::NormTape),
}

/// `LayerNorm(residual + dropout(output + bias))`; `output` is used up.
pub fn residual_norm(
    compute: Compute<'_>,
    output: Tensor,
    bias: &Tensor,
    residual: &Tensor,
    norm: &Norm,
    dropouts: RowDropouts,
) -> Result<(Tensor, ResidualTape), TchError> {
    match compute {
        Compute::Processor => {
            let (normed, tape) = cpu::norm::forward(output, bias, residual, norm, dropouts)?;
            return Ok((normed, ResidualTape::Fused(tape)));
        }
        Compute::Cuda(program) => {
            let (normed, tape) = cuda::rows::norm(program, (&output, bias), residual, norm, dropouts)?;
            return Ok((normed, ResidualTape::Cuda(tape)));
        }
        Compute::Plain => {}
    }
    let mut output = output;
    let mask = masks::of_rows(&dropouts, output.size()[1] as usize, output.device())?;
    let mut sum = output.f_add_(bias)?;
    if let Some(mask) = &mask {
        sum = sum.f_mul_(mask)?;
    }
    let mut sum = sum.f_add_(residual)?;
    let (normed, mean, inverse_deviation) = normalize(&sum, norm)?;
    let normalized = sum.f_sub_(&mean)?.f_mul_(&inverse_deviation)?;
    Ok((normed, ResidualTape::Plain { mask, normalized, inverse_deviation }))
}

/// [`residual_norm`] of a linear layer's product with `x`.
pub fn product_residual_norm(
    compute: Compute<'_>,
    linear: &Linear,
    x: &Tensor,
    residual: &Tensor,
    norm: &Norm,
    dropouts: RowDropouts,
) -> Result<(Tensor, ResidualTape), TchError> {
    match (&linear.weight, compute) {
        (Weight::Packed { forward, .. }, Compute::Processor) => {
            let (normed, tape) = cpu::norm::forward_of_product(forward, x, &linear.bias, residual, norm, dropouts)?;
            Ok((normed, ResidualTape::Fused(tape)))
        }
        _ => residual_norm(compute, linear.weight.product(x)?, &linear.bias, residual, norm, dropouts),
    }
}

/// Gradients of the block's output and of the residual, from the gradient of the LayerNorm's output.
pub fn residual_norm_backward(
    compute: Compute<'_>,
    tape: &ResidualTape,
    norm: &Norm,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), TchError> {
    let (mask, normalized, inverse_deviation) = match (tape, compute) {
        (ResidualTape::Fused(tape), _) => return cpu::norm::backward(tape, norm, gradient),
        (ResidualTape::Cuda(tape), Compute::Cuda(program)) => {
            return cuda::rows::norm_backward(program, tape, norm, gradient);
        }
        (ResidualTape::Cuda(_), _) => return Err(foreign_tape()),
        (ResidualTape::Plain { mask, normalized, inverse_deviation }, _) => (mask, normalized, inverse_deviation),
    };
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

/// The error of a tape that other kernels have left.
pub fn foreign_tape() -> TchError {
    TchError::Torch("a forward pass on a GPU is followed by a backward pass elsewhere".to_string())
}

/// LayerNorm over the last dimension, with the row means and inverse deviations.
pub fn normalize(x: &Tensor, norm: &Norm) -> Result<(Tensor, Tensor, Tensor), TchError> {
    let width = x.size()[1];
    x.f_native_layer_norm([width], Some(&norm.weight), Some(&norm.bias), norm.eps)
}

/// What the backward pass of [`bias_activation`] needs.
#[derive(Debug)]
pub enum ActivationTape {
    /// The activation's input.
    Plain { input: Tensor },
    /// The activation's derivative.
    Fused { derivative: Tensor },
    /// The product to which the bias and then the activation is applied.
    Cuda { product: Tensor },
}

/// The activation of `x + bias`; `x` is used up.
pub fn bias_activation(
    compute: Compute<'_>,
    x: Tensor,
    bias: &Tensor,
    activation: Activation,
) -> Result<(Tensor, ActivationTape), TchError> {
    match compute {
        Compute::Processor if activation == Activation::Gelu => {
            let (output, derivative) = cpu::activation::forward(x, bias)?;
            return Ok((output, ActivationTape::Fused { derivative }));
        }
        Compute::Cuda(program) => {
            let output = cuda::rows::activate(program, &x, bias)?;
            return Ok((output, ActivationTape::Cuda { product: x }));
        }
        _ => {}
    }
    let mut x = x;
    let input = x.f_add_(bias)?;
    let output = match activation {
        Activation::Gelu => input.f_gelu("none")?,
        Activation::GeluTanh => input.f_gelu("tanh")?,
        Activation::Relu => input.f_relu()?,
    };
    Ok((output, ActivationTape::Plain { input }))
}

/// [`bias_activation`] of a linear layer's product with `x`.
pub fn product_activation(
    compute: Compute<'_>,
    linear: &Linear,
    x: &Tensor,
    activation: Activation,
) -> Result<(Tensor, ActivationTape), TchError> {
    match (&linear.weight, compute, activation) {
        (Weight::Packed { forward, .. }, Compute::Processor, Activation::Gelu) => {
            let (output, derivative) = cpu::activation::forward_of_product(forward, x, &linear.bias)?;
            Ok((output, ActivationTape::Fused { derivative }))
        }
        _ => bias_activation(compute, linear.weight.product(x)?, &linear.bias, activation),
    }
}

/// Gradient of the activation's input; `gradient` is used up.
pub fn activation_backward(
    compute: Compute<'_>,
    tape: &ActivationTape,
    bias: &Tensor,
    gradient: Tensor,
    activation: Activation,
) -> Result<Tensor, TchError> {
    match (tape, activation) {
        (ActivationTape::Cuda { product }, _) => match compute {
            Compute::Cuda(program) => {
                cuda::rows::activate_backward(program, product, bias, &gradient)?;
                Ok(gradient)
            }
            _ => Err(foreign_tape()),
        },
        (ActivationTape::Fused { derivative }, _) => cpu::activation::backward(gradient, derivative),
        (ActivationTape::Plain { input }, Activation::Gelu) => input.f_gelu_backward(&gradient, "none"),
        (ActivationTape::Plain { input }, Activation::GeluTanh) => input.f_gelu_backward(&gradient, "tanh"),
        (ActivationTape::Plain { input }, Activation::Relu) => input.f_threshold_backward(&gradient, 0.0),
    }
}
