//! Bias and GELU in one pass; the derivative is computed along and kept for the backward pass.

use rayon::prelude::*;
use tch::Tensor;

use super::isa::{COLUMNS, InstructionSet};
use super::math::gelu;
use super::panels::Panels;
use super::{Borrows, ROWS_PER_PIECE, empty};
use crate::model::backend::plain;
use crate::model::compute_error::ComputeError;
use crate::model::graph::Activation;

/// What the backward pass needs.
#[derive(Debug)]
pub enum ActivationTape {
    /// GELU's derivative.
    Derivative(Tensor),
    /// Of other activations, which are libtorch's.
    Plain(plain::activation::ActivationTape),
}

/// The activation of `x + bias`; the derivative of GELU goes into the memory of `x` (`[rows, width]`).
pub fn forward<I: InstructionSet>(
    isa: I,
    x: Tensor,
    bias: &Tensor,
    activation: Activation,
) -> Result<(Tensor, ActivationTape), ComputeError> {
    if activation != Activation::Gelu {
        let (output, tape) = plain::activation::forward(x, bias, activation)?;
        return Ok((output, ActivationTape::Plain(tape)));
    }
    let mut derivative = x;
    let size = derivative.size();
    let width = size[1] as usize;
    let mut result = empty(&size)?;
    let borrows = Borrows::new();
    let bias = borrows.values(bias)?;
    let piece = ROWS_PER_PIECE * width;
    borrows
        .values_mut(&mut derivative)?
        .par_chunks_mut(piece)
        .zip(borrows.values_mut(&mut result)?.par_chunks_mut(piece))
        .for_each(|(x, result)| {
            isa.vectorize(
                #[inline(always)]
                || forward_rows(x, result, bias),
            )
        });
    Ok((result, ActivationTape::Derivative(derivative)))
}

/// As [`forward`] with GELU, of `x @ weight` with the weight's panels, a block of rows at a time while it is at hand.
pub fn forward_of_product<I: InstructionSet>(
    isa: I,
    panels: &Panels<I::Tiles>,
    x: &Tensor,
    bias: &Tensor,
) -> Result<(Tensor, ActivationTape), ComputeError> {
    let size = [x.size()[0], panels.columns() as i64];
    let (mut derivative, mut result) = (empty(&size)?, empty(&size)?);
    let borrows = Borrows::new();
    let (bias, results) = (borrows.values(bias)?, borrows.values_mut(&mut result)?);
    panels.multiply_then(
        borrows.rows(x)?.matrix(0),
        borrows.rows_mut(&mut derivative)?,
        |blocks| blocks.split_mut(results, panels.columns()),
        |_, x, result| {
            isa.vectorize(
                #[inline(always)]
                || forward_rows(x, result, bias),
            )
        },
    );
    Ok((result, ActivationTape::Derivative(derivative)))
}

/// GELU of `x + bias` into `result`, its derivative into `x`.
#[inline(always)]
pub fn forward_rows(x: &mut [f32], result: &mut [f32], bias: &[f32]) {
    for (x, result) in x.chunks_mut(bias.len()).zip(result.chunks_mut(bias.len())) {
        forward_row(x, result, bias);
    }
}

/// GELU of a panel plus its part of the bias, in its place; the derivative into `derivative`. Both are [`COLUMNS`] values for each
/// row.
#[inline(always)]
pub fn forward_panel(x: &mut [f32], derivative: &mut [f32], bias: &[f32]) {
    let mut added = [0f32; COLUMNS];
    added[..bias.len()].copy_from_slice(bias);
    let rows = x.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(derivative.as_chunks_mut::<COLUMNS>().0);
    for (x, derivative) in rows {
        for ((x, derivative), added) in x.iter_mut().zip(derivative).zip(&added) {
            (*x, *derivative) = gelu(*x + added);
        }
    }
}

#[inline(always)]
fn forward_row(x: &mut [f32], result: &mut [f32], bias: &[f32]) {
    for ((x, result), bias) in x.iter_mut().zip(result).zip(bias) {
        (*result, *x) = gelu(*x + bias);
    }
}

/// The gradient of the activation's input, in the gradient's memory.
pub fn backward<I: InstructionSet>(
    isa: I,
    tape: &ActivationTape,
    gradient: Tensor,
    activation: Activation,
) -> Result<Tensor, ComputeError> {
    let derivative = match tape {
        ActivationTape::Derivative(derivative) => derivative,
        ActivationTape::Plain(tape) => return plain::activation::backward(tape, &gradient, activation),
    };
    let mut gradient = gradient;
    let piece = ROWS_PER_PIECE * 1024;
    let borrows = Borrows::new();
    borrows
        .values_mut(&mut gradient)?
        .par_chunks_mut(piece)
        .zip(borrows.values(derivative)?.par_chunks(piece))
        .for_each(|(gradient, derivative)| {
            isa.vectorize(
                #[inline(always)]
                || multiply(gradient, derivative),
            )
        });
    Ok(gradient)
}

/// Multiplies `x` by `y`.
#[inline(always)]
pub fn multiply(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x *= y;
    }
}
