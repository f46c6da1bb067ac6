//! `LayerNorm(residual + dropout(output + bias))` in one pass, and its backward pass.

use rayon::prelude::*;
use tch::Tensor;

use super::isa::InstructionSet;
use super::panels::{Panels, RowBlocks};
use super::{Borrows, ROWS_PER_PIECE, empty};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::{BLOCK, RowDropouts};
use crate::model::frozen::Norm;

/// What the backward pass needs.
#[derive(Debug)]
pub struct NormTape {
    /// `[rows, width]`: (input - mean) / deviation.
    normalized: Tensor,
    /// One per row.
    inverse_deviation: Vec<f32>,
    dropouts: RowDropouts,
}

impl NormTape {
    /// To be filled.
    pub fn new(rows: usize, width: usize, dropouts: RowDropouts) -> Result<Self, ComputeError> {
        let normalized = empty(&[rows as i64, width as i64])?;
        Ok(NormTape { normalized, inverse_deviation: vec![0f32; rows], dropouts })
    }

    /// Blocks of rows to fill: normalized values, inverse deviations.
    pub fn blocks_mut<'a>(
        &'a mut self,
        borrows: &'a Borrows,
        blocks: &RowBlocks,
        width: usize,
    ) -> Result<impl Iterator<Item = (&'a mut [f32], &'a mut [f32])> + use<'a>, ComputeError> {
        let normalized = blocks.split_mut(borrows.values_mut(&mut self.normalized)?, width);
        Ok(normalized.zip(blocks.split_mut(&mut self.inverse_deviation, 1)))
    }

    /// Blocks of rows to read.
    pub fn blocks<'a>(
        &'a self,
        borrows: &'a Borrows,
        blocks: &RowBlocks,
        width: usize,
    ) -> Result<impl Iterator<Item = (&'a [f32], &'a [f32])> + use<'a>, ComputeError> {
        let normalized = blocks.split(borrows.values(&self.normalized)?, width);
        Ok(normalized.zip(blocks.split(&self.inverse_deviation, 1)))
    }

    pub fn dropouts(&self) -> &RowDropouts {
        &self.dropouts
    }
}

/// Bias of the product, weight and bias of the LayerNorm, and what keeps its variance from 0.
pub type Parameters<'a> = (&'a [f32], &'a [f32], &'a [f32], f32);

/// As [`forward_rows`] takes them.
pub fn parameters<'a>(borrows: &'a Borrows, bias: &'a Tensor, norm: &'a Norm) -> Result<Parameters<'a>, ComputeError> {
    Ok((borrows.values(bias)?, borrows.values(&norm.weight)?, borrows.values(&norm.bias)?, norm.eps as f32))
}

/// `output` is `[rows, width]` without its bias and is used up.
pub fn forward<I: InstructionSet>(
    isa: I,
    output: Tensor,
    bias: &Tensor,
    residual: &Tensor,
    norm: &Norm,
    dropouts: RowDropouts,
) -> Result<(Tensor, NormTape), ComputeError> {
    let mut normalized = output;
    let size = normalized.size();
    let (rows, width) = (size[0] as usize, size[1] as usize);
    let mut result = empty(&size)?;
    let mut inverse_deviation = vec![0f32; rows];
    let borrows = Borrows::new();
    let parameters = parameters(&borrows, bias, norm)?;
    let residual = borrows.values(residual)?;
    let piece = ROWS_PER_PIECE * width;
    borrows
        .values_mut(&mut normalized)?
        .par_chunks_mut(piece)
        .zip(borrows.values_mut(&mut result)?.par_chunks_mut(piece))
        .zip(residual.par_chunks(piece))
        .zip(inverse_deviation.par_chunks_mut(ROWS_PER_PIECE))
        .enumerate()
        .for_each(|(index, (((sums, result), residual), deviations))| {
            let first = index * ROWS_PER_PIECE;
            let rows = (sums, result, residual, deviations);
            isa.vectorize(
                #[inline(always)]
                || forward_rows(first, width, rows, parameters, &dropouts),
            );
        });
    Ok((result, NormTape { normalized, inverse_deviation, dropouts }))
}

/// As [`forward`], of `x @ weight` with the weight's panels, a block of rows at a time while it is at hand.
pub fn forward_of_product<I: InstructionSet>(
    isa: I,
    panels: &Panels<I::Tiles>,
    x: &Tensor,
    bias: &Tensor,
    residual: &Tensor,
    norm: &Norm,
    dropouts: RowDropouts,
) -> Result<(Tensor, NormTape), ComputeError> {
    let (rows, width) = (x.size()[0] as usize, panels.columns());
    let (mut normalized, mut result) = (empty(&residual.size())?, empty(&residual.size())?);
    let mut inverse_deviation = vec![0f32; rows];
    let borrows = Borrows::new();
    let parameters = parameters(&borrows, bias, norm)?;
    let (results, residual) = (borrows.values_mut(&mut result)?, borrows.values(residual)?);
    panels.multiply_then(
        borrows.rows(x)?.matrix(0),
        borrows.rows_mut(&mut normalized)?,
        |blocks| {
            let others = blocks.split_mut(results, width).zip(blocks.split(residual, width));
            others.zip(blocks.split_mut(&mut inverse_deviation, 1))
        },
        |first, sums, ((result, residual), deviations)| {
            let rows = (sums, result, residual, deviations);
            isa.vectorize(
                #[inline(always)]
                || forward_rows(first, width, rows, parameters, &dropouts),
            );
        },
    );
    Ok((result, NormTape { normalized, inverse_deviation, dropouts }))
}

/// Products, which normalized values replace; results; residuals; inverse deviations.
type ForwardRows<'a> = (&'a mut [f32], &'a mut [f32], &'a [f32], &'a mut [f32]);

/// Rows from `first` on.
#[inline(always)]
pub fn forward_rows(
    first: usize,
    width: usize,
    (sums, result, residual, deviations): ForwardRows<'_>,
    (bias, weight, shift, eps): Parameters<'_>,
    dropouts: &RowDropouts,
) {
    let mut mask = vec![1f32; width];
    let rows = sums.chunks_mut(width).zip(result.chunks_mut(width)).zip(residual.chunks(width)).zip(deviations);
    for (row, (((sum, result), residual), deviation)) in rows.enumerate() {
        fill_mask(&mut mask, first + row, dropouts);
        for column in 0..width {
            sum[column] = (sum[column] + bias[column]).mul_add(mask[column], residual[column]);
        }
        let mean = total(sum) / width as f32;
        let variance = squared_distance(sum, mean) / width as f32;
        let inverse = 1.0 / (variance + eps).sqrt();
        *deviation = inverse;
        for column in 0..width {
            let normalized = (sum[column] - mean) * inverse;
            sum[column] = normalized;
            result[column] = normalized.mul_add(weight[column], shift[column]);
        }
    }
}

/// Gradients of the output and of the residual.
pub fn backward<I: InstructionSet>(
    isa: I,
    tape: &NormTape,
    norm: &Norm,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), ComputeError> {
    let size = gradient.size();
    let width = size[1] as usize;
    let (mut output, mut residual) = (empty(&size)?, empty(&size)?);
    let borrows = Borrows::new();
    let weight = borrows.values(&norm.weight)?;
    let dropouts = &tape.dropouts;
    let piece = ROWS_PER_PIECE * width;
    borrows
        .values_mut(&mut output)?
        .par_chunks_mut(piece)
        .zip(borrows.values_mut(&mut residual)?.par_chunks_mut(piece))
        .zip(borrows.values(gradient)?.par_chunks(piece))
        .zip(borrows.values(&tape.normalized)?.par_chunks(piece))
        .zip(tape.inverse_deviation.par_chunks(ROWS_PER_PIECE))
        .enumerate()
        .for_each(|(index, ((((output, residual), gradient), normalized), deviations))| {
            let first = index * ROWS_PER_PIECE;
            let rows = (output, residual, gradient, normalized, deviations);
            isa.vectorize(
                #[inline(always)]
                || backward_rows(first, width, rows, weight, dropouts),
            );
        });
    Ok((output, residual))
}

/// Gradients of the output and of the residual; gradient of the result; normalized values; inverse deviations.
type BackwardRows<'a> = (&'a mut [f32], &'a mut [f32], &'a [f32], &'a [f32], &'a [f32]);

/// With n the normalized input and g = gradient * weight: (g - mean(g) - n * mean(g * n)) / deviation.
#[inline(always)]
pub fn backward_rows(
    first: usize,
    width: usize,
    (output, residual, gradient, normalized, deviations): BackwardRows<'_>,
    weight: &[f32],
    dropouts: &RowDropouts,
) {
    let mut mask = vec![1f32; width];
    let outputs = output.chunks_mut(width).zip(residual.chunks_mut(width));
    let inputs = gradient.chunks(width).zip(normalized.chunks(width)).zip(deviations);
    for (row, ((output, residual), ((gradient, normalized), &inverse))) in outputs.zip(inputs).enumerate() {
        fill_mask(&mut mask, first + row, dropouts);
        for column in 0..width {
            residual[column] = gradient[column] * weight[column];
        }
        let mean = total(residual) / width as f32;
        let projection = dot(residual, normalized) / width as f32;
        for column in 0..width {
            let value = (residual[column] - mean - normalized[column] * projection) * inverse;
            residual[column] = value;
            output[column] = value * mask[column];
        }
    }
}

/// The row's mask; ones where its run does not drop.
#[inline(always)]
pub fn fill_mask(mask: &mut [f32], row: usize, dropouts: &RowDropouts) {
    match dropouts.of_row(row) {
        Some((dropout, row)) => {
            let stride = mask.len().next_multiple_of(BLOCK);
            dropout.fill(mask, (row * stride) as u64);
        }
        None => mask.fill(1.0),
    }
}

/// Independent partial sums, so that the loops vectorize.
const LANES: usize = 32;

#[inline(always)]
pub fn total(x: &[f32]) -> f32 {
    reduce(x, x, |sum, value, _| sum + value)
}

#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    reduce(x, y, |sum, x, y| x.mul_add(y, sum))
}

#[inline(always)]
pub fn squared_distance(x: &[f32], centre: f32) -> f32 {
    reduce(x, x, |sum, value, _| (value - centre).mul_add(value - centre, sum))
}

#[inline(always)]
fn reduce(x: &[f32], y: &[f32], add: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let mut sums = [0f32; LANES];
    let (chunks, others) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let (rest, other_rest) = (chunks.remainder(), others.remainder());
    for (x, y) in chunks.zip(others) {
        for lane in 0..LANES {
            sums[lane] = add(sums[lane], x[lane], y[lane]);
        }
    }
    let tail = rest.iter().zip(other_rest).fold(0f32, |sum, (&x, &y)| add(sum, x, y));
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0] + tail
}
