//! Passes over rows, a warp for each: embeddings, LayerNorm with dropout and residual, activations.

use tch::{TchError, Tensor};

use super::super::base::{Embeddings, Norm};
use super::super::dropout::RowDropouts;
use super::super::layout::Layout;
use super::launch::{Address, LANES, Runs};
use super::program::{Function, Program};

const ROWS_PER_BLOCK: usize = 8;
const THREADS: u32 = ROWS_PER_BLOCK as u32 * LANES;
/// Threads of a block that takes elements as they come.
const ELEMENTWISE_THREADS: usize = 256;

/// What the backward pass of [`norm`] needs.
#[derive(Debug)]
pub struct NormTape {
    /// `[rows, width]`: (input - mean) / deviation.
    normalized: Tensor,
    /// `[rows]`
    inverse_deviation: Tensor,
    dropouts: RowDropouts,
}

/// The embedding of every token, `[rows, width]`; `positions` are those of [`Embeddings::positions`], which has checked them
/// and the token ids.
pub fn embed(
    program: &Program,
    embeddings: &Embeddings,
    (layout, positions): (&Layout, &Tensor),
    dropouts: &RowDropouts,
) -> Result<Tensor, TchError> {
    let width = embeddings.norm.weight.size()[0];
    let hidden = program.values(&[layout.rows as i64, width])?;
    for (rows, runs) in Runs::of_rows(dropouts) {
        // SAFETY: ids and positions have a number for each row, tables a row for each of these numbers.
        unsafe {
            program.launch(
                Function::Embed,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[
                    &Address::of_whole(&embeddings.word)?,
                    &Address::of_whole(&embeddings.position)?,
                    &Address::of_whole(&layout.ids)?,
                    &Address::of_whole(positions)?,
                    &Address::of_whole(&embeddings.norm.weight)?,
                    &Address::of_whole(&embeddings.norm.bias)?,
                    &(embeddings.norm.eps as f32),
                    &Address::of_whole(&hidden)?,
                    &(rows.end as i32),
                    &runs,
                    &(rows.start as i32),
                ],
            )?;
        }
    }
    Ok(hidden)
}

/// `LayerNorm(residual + dropout(output + bias))`.
pub fn norm(
    program: &Program,
    (output, bias): (&Tensor, &Tensor),
    residual: &Tensor,
    norm: &Norm,
    dropouts: RowDropouts,
) -> Result<(Tensor, NormTape), TchError> {
    let size = output.size();
    let hidden = program.values(&size)?;
    let normalized = program.values(&size)?;
    let inverse_deviation = program.floats(&size[..1])?;
    for (rows, runs) in Runs::of_rows(&dropouts) {
        // SAFETY: matrices of the same size; vectors as wide, or as many rows long.
        unsafe {
            program.launch(
                Function::NormForward,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[
                    &Address::of_whole(output)?,
                    &Address::of_whole(bias)?,
                    &Address::of_whole(residual)?,
                    &Address::of_whole(&norm.weight)?,
                    &Address::of_whole(&norm.bias)?,
                    &(norm.eps as f32),
                    &Address::of_whole(&hidden)?,
                    &Address::of_whole(&normalized)?,
                    &Address::of_whole(&inverse_deviation)?,
                    &(rows.end as i32),
                    &runs,
                    &(rows.start as i32),
                ],
            )?;
        }
    }
    Ok((hidden, NormTape { normalized, inverse_deviation, dropouts }))
}

/// Gradients of [`norm`]'s output and residual.
pub fn norm_backward(
    program: &Program,
    tape: &NormTape,
    norm: &Norm,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), TchError> {
    let size = gradient.size();
    let (output, residual) = (program.values(&size)?, program.values(&size)?);
    for (rows, runs) in Runs::of_rows(&tape.dropouts) {
        // SAFETY: as in the forward pass.
        unsafe {
            program.launch(
                Function::NormBackward,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[
                    &Address::of_whole(gradient)?,
                    &Address::of_whole(&tape.normalized)?,
                    &Address::of_whole(&tape.inverse_deviation)?,
                    &Address::of_whole(&norm.weight)?,
                    &Address::of_whole(&residual)?,
                    &Address::of_whole(&output)?,
                    &(rows.end as i32),
                    &runs,
                    &(rows.start as i32),
                ],
            )?;
        }
    }
    Ok((output, residual))
}

/// What rows of float32 numbers are multiplied by: `[rows, width]`.
pub fn mask(program: &Program, dropouts: &RowDropouts, width: usize) -> Result<Tensor, TchError> {
    let rows = dropouts.runs.last().map_or(0, |(span, _)| span.end);
    let mask = program.floats(&[rows as i64, width as i64])?;
    for (rows, runs) in Runs::of_rows(dropouts) {
        // SAFETY: the mask has so many rows of that width.
        unsafe {
            program.launch(
                Function::MaskRows,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[&Address::of(&mask), &(width as i32), &(rows.end as i32), &runs, &(rows.start as i32)],
            )?;
        }
    }
    Ok(mask)
}

/// The activation of `x + bias`.
pub fn activate(program: &Program, x: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
    let result = program.values(&x.size())?;
    let (groups, width) = groups(x);
    // SAFETY: two matrices of the same size and a vector as wide.
    unsafe {
        program.launch(
            Function::Activate,
            [groups.div_ceil(ELEMENTWISE_THREADS), 1, 1],
            ELEMENTWISE_THREADS as u32,
            &[
                &Address::of_whole(x)?,
                &Address::of_whole(bias)?,
                &Address::of_whole(&result)?,
                &(groups as u64),
                &width,
            ],
        )?;
    }
    Ok(result)
}

/// Turns the gradient of [`activate`]'s result into that of `x`.
pub fn activate_backward(program: &Program, x: &Tensor, bias: &Tensor, gradient: &Tensor) -> Result<(), TchError> {
    let (groups, width) = groups(x);
    // SAFETY: as in the forward pass.
    unsafe {
        program.launch(
            Function::ActivateBackward,
            [groups.div_ceil(ELEMENTWISE_THREADS), 1, 1],
            ELEMENTWISE_THREADS as u32,
            &[
                &Address::of_whole(x)?,
                &Address::of_whole(bias)?,
                &Address::of_whole(gradient)?,
                &(groups as u64),
                &width,
            ],
        )
    }
}

/// Pieces of 16 bytes, and columns; the latter are a multiple of such a piece.
fn groups(x: &Tensor) -> (usize, i32) {
    (x.numel() * x.kind().elt_size_in_bytes() / 16, x.size()[1] as i32)
}
