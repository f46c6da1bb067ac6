//! LayerNorm with dropout and residual.

use tch::Tensor;

use super::launch::{Runs, int};
use super::program::{Function, Program};
use super::rows::{ROWS_PER_BLOCK, THREADS};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;
use crate::model::frozen::Norm;

/// What the backward pass of [`forward`] needs.
#[derive(Debug)]
pub struct NormTape {
    /// `[rows, width]`: (input - mean) / deviation.
    normalized: Tensor,
    /// `[rows]`
    inverse_deviation: Tensor,
    dropouts: RowDropouts,
}

/// `LayerNorm(residual + dropout(output + bias))`.
pub fn forward(
    program: &Program,
    (output, bias): (&Tensor, &Tensor),
    residual: &Tensor,
    norm: &Norm,
    dropouts: RowDropouts,
) -> Result<(Tensor, NormTape), ComputeError> {
    let size = output.size();
    let hidden = program.values(&size)?;
    let normalized = program.values(&size)?;
    let inverse_deviation = program.floats(&size[..1])?;
    let (memory, width, count) = (program.memory(), program.sizes.width, size[0] as usize);
    let matrix = |tensor: &Tensor| memory.values(tensor, &[count, width]);
    let vector = |tensor: &Tensor| memory.fours(tensor, &[width]);
    let (output, bias, residual) = (matrix(output)?, vector(bias)?, matrix(residual)?);
    let (weight, shift) = (vector(&norm.weight)?, vector(&norm.bias)?);
    let (to, saved, deviations) =
        (matrix(&hidden)?, matrix(&normalized)?, memory.floats(&inverse_deviation, &[count])?);
    for (rows, runs) in Runs::of_rows(&dropouts, count)? {
        // SAFETY: the parameters of `norm_forward` in their order. Sizes were checked: matrices of `count` rows, among
        // which the runs' are; vectors as wide, or as many rows long.
        unsafe {
            program.launch(
                Function::NormForward,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[
                    &output,
                    &bias,
                    &residual,
                    &weight,
                    &shift,
                    &(norm.eps as f32),
                    &to,
                    &saved,
                    &deviations,
                    &int(rows.end)?,
                    &runs,
                    &int(rows.start)?,
                ],
            )?;
        }
    }
    Ok((hidden, NormTape { normalized, inverse_deviation, dropouts }))
}

/// Gradients of [`forward`]'s output and residual.
pub fn backward(
    program: &Program,
    tape: &NormTape,
    norm: &Norm,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), ComputeError> {
    let size = gradient.size();
    let (output, residual) = (program.values(&size)?, program.values(&size)?);
    let (memory, width, count) = (program.memory(), program.sizes.width, size[0] as usize);
    let matrix = |tensor: &Tensor| memory.values(tensor, &[count, width]);
    let (gradient, normalized) = (matrix(gradient)?, matrix(&tape.normalized)?);
    let deviations = memory.floats(&tape.inverse_deviation, &[count])?;
    let weight = memory.fours(&norm.weight, &[width])?;
    let (to_residual, to_output) = (matrix(&residual)?, matrix(&output)?);
    for (rows, runs) in Runs::of_rows(&tape.dropouts, count)? {
        // SAFETY: the parameters of `norm_backward` in their order; sizes were checked, as in the forward pass.
        unsafe {
            program.launch(
                Function::NormBackward,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[
                    &gradient,
                    &normalized,
                    &deviations,
                    &weight,
                    &to_residual,
                    &to_output,
                    &int(rows.end)?,
                    &runs,
                    &int(rows.start)?,
                ],
            )?;
        }
    }
    Ok((output, residual))
}
