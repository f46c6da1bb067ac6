//! LoRA updates on the CPU, in float32 whatever the precision. The rows of all runs are divided into pieces, which go through all
//! products of a pass where they are: they are neither laid out nor read again.

mod block;
mod padded;

use std::ops::Range;

use rayon::prelude::*;
use tch::Tensor;

use super::Borrows;
use super::isa::InstructionSet;
use super::matrix::Matrix;
use super::panels::RowBlocks;
use crate::model::adapter::Lora;
use crate::model::backend::AdaptedRows;
use crate::model::compute_error::ComputeError;
use block::{BackwardFactors, Block, FactorGradients, ForwardFactors, Scratch, Sizes};
use padded::{Padded, wide};

/// Rows of a run that one thread takes at a time. Gradients of A and B are sums of the sums over so many rows, and so do not depend
/// on the number of threads.
const ROWS_PER_PIECE: usize = 128;
/// Most pieces of a run: each has sums of its own until all are added up.
const MOST_PIECES: usize = 64;
/// Below so many multiplications one thread is done before another one is awake.
const SMALL: usize = 4 << 20;

/// What the backward pass of one linear layer's updates needs.
#[derive(Debug)]
pub struct LoraTape {
    /// The layer's input, of all runs.
    input: Tensor,
    /// For each run `[rows, rank]`, rows filled up to whole vectors: `dropout(input) A.T`.
    low: Vec<Vec<f32>>,
}

/// Adds the updates of all runs, `scale * dropout(input) A.T B.T`, to `output` (`[rows, out]`, a view is fine) in place.
pub fn forward<I: InstructionSet>(
    isa: I,
    adapted: &[AdaptedRows<'_>],
    input: &Tensor,
    output: &Tensor,
) -> Result<LoraTape, ComputeError> {
    let factors = all(adapted, |run| forward_factors(run.lora))?;
    let mut views = all(adapted, |run| narrow(output, &run.rows))?;
    let lows = adapted.iter().map(|run| vec![0.0; run.rows.len() * wide(sizes(run.lora).rank)]);
    let mut low: Vec<Vec<f32>> = lows.collect();
    let borrows = Borrows::new();
    let input_rows = borrows.rows(input)?;
    let mut outputs = views.iter_mut().map(|view| borrows.rows_mut(view)).collect::<Result<Vec<_>, _>>()?;
    let mut pieces = Vec::new();
    for (((run, output), low), factors) in adapted.iter().zip(&mut outputs).zip(&mut low).zip(&factors) {
        let (sizes, rows_per_piece) = (sizes(run.lora), rows_per_piece(run));
        let lows = low.chunks_mut(rows_per_piece * wide(sizes.rank));
        for ((first, output), low) in output.blocks(&RowBlocks::even(run.rows.len(), rows_per_piece)).zip(lows) {
            pieces.push((Block::new(run, sizes, first, input_rows), factors, low, output));
        }
    }
    let pieces = pieces.into_par_iter().with_min_len(pieces_at_once(adapted));
    pieces.for_each_init(Scratch::default, |scratch, (block, factors, low, mut output)| {
        isa.vectorize(
            #[inline(always)]
            || block.forward(isa, factors, (low, &mut output), scratch),
        );
    });
    Ok(LoraTape { input: input.shallow_clone(), low })
}

/// Accumulates the gradients of A and B, and adds to the gradient of the layer's input where one is given.
pub fn backward<I: InstructionSet>(
    isa: I,
    adapted: &[AdaptedRows<'_>],
    tape: &LoraTape,
    gradient: &Tensor,
    input_gradient: Option<&Tensor>,
) -> Result<(), ComputeError> {
    let factors = all(adapted, |run| backward_factors(run.lora))?;
    let mut views = all(adapted, |run| input_gradient.map(|input| narrow(input, &run.rows)).transpose())?;
    let borrows = Borrows::new();
    let (input, gradient) = (borrows.rows(&tape.input)?, borrows.rows(gradient)?);
    let views = views.iter_mut().map(|view| view.as_mut().map(|view| borrows.rows_mut(view)).transpose());
    let mut input_gradients = views.collect::<Result<Vec<_>, _>>()?;
    let mut pieces = Vec::new();
    for (((run, into), low), factors) in adapted.iter().zip(&mut input_gradients).zip(&tape.low).zip(&factors) {
        let (sizes, rows_per_piece) = (sizes(run.lora), rows_per_piece(run));
        let blocks = RowBlocks::even(run.rows.len(), rows_per_piece);
        let mut into = into.as_mut().map(|rows| rows.blocks(&blocks));
        for (first, low) in blocks.first_rows().zip(low.chunks(rows_per_piece * wide(sizes.rank))) {
            let into = into.as_mut().and_then(Iterator::next).map(|(_, rows)| rows);
            pieces.push((Block::new(run, sizes, first, input), factors, low, into));
        }
    }
    let pieces = pieces.into_par_iter().with_min_len(pieces_at_once(adapted));
    let sums: Vec<FactorGradients> = pieces
        .map_init(Scratch::default, |scratch, (block, factors, low, mut into)| {
            let mut sums = FactorGradients::zeros(block.sizes());
            isa.vectorize(
                #[inline(always)]
                || block.backward(isa, factors, (low, gradient), (&mut sums, into.as_mut()), scratch),
            );
            sums
        })
        .collect();
    let mut sums = sums.into_iter();
    for run in adapted {
        let pieces = sums.by_ref().take(run.rows.len().div_ceil(rows_per_piece(run)));
        if let Some(total) = pieces.reduce(FactorGradients::plus) {
            accumulate(run.lora, &total)?;
        }
    }
    Ok(())
}

fn all<T>(
    adapted: &[AdaptedRows<'_>],
    of_run: impl Fn(&AdaptedRows<'_>) -> Result<T, ComputeError>,
) -> Result<Vec<T>, ComputeError> {
    adapted.iter().map(of_run).collect()
}

fn narrow(x: &Tensor, rows: &Range<usize>) -> Result<Tensor, ComputeError> {
    Ok(x.f_narrow(0, rows.start as i64, rows.len() as i64)?)
}

fn sizes(lora: &Lora) -> Sizes {
    let (a, b) = (lora.a.value.size(), lora.b.value.size());
    Sizes { input: a[1] as usize, output: b[0] as usize, rank: a[0] as usize }
}

/// It depends on the run alone, and so do its sums.
fn rows_per_piece(run: &AdaptedRows<'_>) -> usize {
    ROWS_PER_PIECE.max(run.rows.len().div_ceil(MOST_PIECES))
}

/// How many pieces one thread should take at least.
fn pieces_at_once(adapted: &[AdaptedRows<'_>]) -> usize {
    let multiplications = adapted.iter().map(|run| {
        let Sizes { input, output, rank } = sizes(run.lora);
        run.rows.len() * rank * (input + output)
    });
    if multiplications.sum::<usize>() < SMALL { usize::MAX } else { 1 }
}

fn forward_factors(lora: &Lora) -> Result<ForwardFactors, ComputeError> {
    let (Sizes { input, output, rank }, borrows) = (sizes(lora), Borrows::new());
    let a = Matrix { values: borrows.values(&lora.a.value)?, row: 1, column: input };
    let b = Matrix { values: borrows.values(&lora.b.value)?, row: 1, column: rank };
    let up = Padded::new(b, (rank, output), lora.scale as f32);
    Ok(ForwardFactors { down: Padded::new(a, (input, rank), 1.0), up })
}

fn backward_factors(lora: &Lora) -> Result<BackwardFactors, ComputeError> {
    let (Sizes { input, output, rank }, borrows) = (sizes(lora), Borrows::new());
    let a = Matrix { values: borrows.values(&lora.a.value)?, row: input, column: 1 };
    let b = Matrix { values: borrows.values(&lora.b.value)?, row: rank, column: 1 };
    let down = Padded::new(b, (output, rank), lora.scale as f32);
    Ok(BackwardFactors { down, up: Padded::new(a, (rank, input), 1.0) })
}

/// Adds sums over all rows of a run to the gradients of A and B.
fn accumulate(lora: &Lora, sums: &FactorGradients) -> Result<(), ComputeError> {
    let (Sizes { input, rank, .. }, scale) = (sizes(lora), lora.scale as f32);
    let (mut a, mut b) = (lora.a.gradient.shallow_clone(), lora.b.gradient.shallow_clone());
    let borrows = Borrows::new();
    for (row, sums) in borrows.values_mut(&mut a)?.chunks_exact_mut(input).zip(sums.a.rows()) {
        for (value, sum) in row.iter_mut().zip(sums) {
            *value += sum;
        }
    }
    let b = borrows.values_mut(&mut b)?;
    for (column, sums) in sums.b.rows().enumerate() {
        for (value, sum) in b.iter_mut().skip(column).step_by(rank).zip(sums) {
            *value += scale * sum;
        }
    }
    Ok(())
}
#[cfg(test)]
mod tests;
