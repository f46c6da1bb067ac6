//! Passes over rows, a warp for each: embeddings, LayerNorm with dropout and residual, activations.

use tch::{TchError, Tensor};

use super::super::base::{Embeddings, Norm};
use super::super::dropout::RowDropouts;
use super::super::layout::Layout;
use super::launch::{Address, LANES, Runs, int};
use super::program::{Function, Program};

const ROWS_PER_BLOCK: usize = 8;
const THREADS: u32 = ROWS_PER_BLOCK as u32 * LANES;
/// Threads of a block that takes elements as they come.
const ELEMENTWISE_THREADS: usize = 256;
/// What each of them takes.
const BYTES: usize = 16;

/// What the backward pass of [`norm`] needs.
#[derive(Debug)]
pub struct NormTape {
    /// `[rows, width]`: (input - mean) / deviation.
    normalized: Tensor,
    /// `[rows]`
    inverse_deviation: Tensor,
    dropouts: RowDropouts,
}

/// The embedding of every token, `[rows, width]`.
pub fn embed(
    program: &Program,
    embeddings: &Embeddings,
    layout: &Layout,
    dropouts: &RowDropouts,
) -> Result<Tensor, TchError> {
    let (memory, width, count) = (program.memory(), program.sizes.width, layout.rows);
    let hidden = program.values(&[count as i64, width as i64])?;
    // The tables have a row for each of these, and for each token.
    let positions = embeddings.positions(layout)?;
    let (words, places) = (embeddings.word.size()[0], embeddings.position.size()[0]);
    let words = memory.fours(&embeddings.word, &[words as usize, width])?;
    let places = memory.fours(&embeddings.position, &[places as usize, width])?;
    let (ids, positions) = (memory.integers(&layout.ids, &[count])?, memory.integers(&positions, &[count])?);
    let weight = memory.fours(&embeddings.norm.weight, &[width])?;
    let bias = memory.fours(&embeddings.norm.bias, &[width])?;
    let to = memory.values(&hidden, &[count, width])?;
    for (rows, runs) in Runs::of_rows(dropouts, count)? {
        // SAFETY: the parameters of `embed` in their order. Sizes were checked: ids and positions have a number for each
        // row, tables a row for each of these numbers.
        unsafe {
            program.launch(
                Function::Embed,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[
                    &words,
                    &places,
                    &ids,
                    &positions,
                    &weight,
                    &bias,
                    &(embeddings.norm.eps as f32),
                    &to,
                    &int(rows.end)?,
                    &runs,
                    &int(rows.start)?,
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

/// Gradients of [`norm`]'s output and residual.
pub fn norm_backward(
    program: &Program,
    tape: &NormTape,
    norm: &Norm,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), TchError> {
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

/// What rows of float32 numbers are multiplied by: `[rows, width]`.
pub fn mask(program: &Program, dropouts: &RowDropouts, width: usize) -> Result<Tensor, TchError> {
    let rows = dropouts.runs.last().map_or(0, |(span, _)| span.end);
    let mask = program.floats(&[rows as i64, width as i64])?;
    let to = program.memory().floats(&mask, &[rows, width])?;
    for (rows, runs) in Runs::of_rows(dropouts, rows)? {
        // SAFETY: the parameters of `mask_rows` in their order; the mask has the runs' rows, of that width.
        unsafe {
            program.launch(
                Function::MaskRows,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[&to, &int(width)?, &int(rows.end)?, &runs, &int(rows.start)?],
            )?;
        }
    }
    Ok(mask)
}

/// The activation of `x + bias`.
pub fn activate(program: &Program, x: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
    let result = program.values(&x.size())?;
    let groups = Groups::of(program, x, bias)?;
    let to = program.memory().values(&result, &groups.size)?;
    // SAFETY: the parameters of `activate` in their order. Sizes were checked: two matrices of the same size, rows of whole
    // groups, and a vector as wide.
    unsafe {
        program.launch(
            Function::Activate,
            [groups.count.div_ceil(ELEMENTWISE_THREADS), 1, 1],
            ELEMENTWISE_THREADS as u32,
            &[&groups.x, &groups.bias, &to, &(groups.count as u64), &int(groups.size[1])?],
        )?;
    }
    Ok(result)
}

/// Turns the gradient of [`activate`]'s result into that of `x`.
pub fn activate_backward(program: &Program, x: &Tensor, bias: &Tensor, gradient: &Tensor) -> Result<(), TchError> {
    let groups = Groups::of(program, x, bias)?;
    let gradient = program.memory().values(gradient, &groups.size)?;
    // SAFETY: the parameters of `activate_backward` in their order; sizes were checked, as in the forward pass.
    unsafe {
        program.launch(
            Function::ActivateBackward,
            [groups.count.div_ceil(ELEMENTWISE_THREADS), 1, 1],
            ELEMENTWISE_THREADS as u32,
            &[&groups.x, &groups.bias, &gradient, &(groups.count as u64), &int(groups.size[1])?],
        )
    }
}

/// A matrix in pieces of 16 bytes, of which each row has whole ones, and what is added to each row.
struct Groups {
    x: Address,
    bias: Address,
    size: [usize; 2],
    count: usize,
}

impl Groups {
    fn of(program: &Program, x: &Tensor, bias: &Tensor) -> Result<Self, TchError> {
        let (rows, width) = x.size2()?;
        let size = [rows as usize, width as usize];
        let row = size[1] * x.kind().elt_size_in_bytes();
        if !row.is_multiple_of(BYTES) {
            return Err(TchError::Torch(format!("a kernel was given rows of {row} bytes")));
        }
        let memory = program.memory();
        let (x, bias) = (memory.values(x, &size)?, memory.floats(bias, &size[1..])?);
        Ok(Groups { x, bias, size, count: size[0] * (row / BYTES) })
    }
}
