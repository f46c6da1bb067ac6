//! A layer from attention's context to the layer's output, where no run adapts a linear layer on the way: each thread
//! takes a block of rows through all of it, so that a product finds what the one before it wrote in its own cache.

use rayon::prelude::*;
use tch::Tensor;

use super::activation;
use super::first_tokens::StateProjections;
use super::isa::{COLUMNS, InstructionSet, Tiles};
use super::linear::Linear;
use super::matrix::Matrix;
use super::norm::{self, NormTape};
use super::panels::{self, LeftSide, Onto};
use super::{Borrows, RowsMut, empty};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;
use crate::model::frozen::{Layer, Norm};

/// A layer with weights for an instruction set.
type LayerOn<I> = Layer<Linear<<I as InstructionSet>::Tiles>, StateProjections<<I as InstructionSet>::Tiles>>;

/// The part of a layer behind attention; its activation is GELU.
pub struct AfterAttention<'a, I: InstructionSet> {
    isa: I,
    attention_output: &'a Linear<I::Tiles>,
    attention_norm: &'a Norm,
    intermediate: &'a Linear<I::Tiles>,
    output: &'a Linear<I::Tiles>,
    output_norm: &'a Norm,
}

/// What the backward pass needs.
#[derive(Debug)]
pub struct BlockTape {
    attention_norm: NormTape,
    /// Of the activation, each block of rows in panels.
    derivative: Tensor,
    output_norm: NormTape,
}

/// Memory of one thread.
struct Scratch<T: Tiles> {
    packed: Vec<T::Left>,
    /// `[rows, hidden]`
    hidden: Vec<f32>,
    other: Vec<f32>,
    /// `[rows, intermediate]`, in panels.
    inner: Vec<f32>,
}

impl<T: Tiles> Scratch<T> {
    fn new() -> Self {
        Scratch { packed: Vec::new(), hidden: Vec::new(), other: Vec::new(), inner: Vec::new() }
    }
}

impl<'a, I: InstructionSet> AfterAttention<'a, I> {
    /// None where `rows` are too few for all threads.
    pub fn new(isa: I, layer: &'a LayerOn<I>, rows: usize) -> Option<Self> {
        panels::block_of_rows::<I::Tiles>(rows)?;
        Some(AfterAttention {
            isa,
            attention_output: &layer.attention_output,
            attention_norm: &layer.attention_norm,
            intermediate: &layer.intermediate,
            output: &layer.output,
            output_norm: &layer.output_norm,
        })
    }

    /// `context` and `residual`: `[rows, width]`; `dropouts`: of both residual blocks.
    pub fn forward(
        &self,
        context: &Tensor,
        residual: &Tensor,
        dropouts: [RowDropouts; 2],
    ) -> Result<(Tensor, BlockTape), ComputeError> {
        let (isa, (rows, width, inner)) = (self.isa, self.sizes(context));
        let block = panels::block_of_rows::<I::Tiles>(rows).unwrap_or(rows).max(1);
        let [first_dropouts, last_dropouts] = dropouts;
        let mut first_tape = NormTape::new(rows, width, first_dropouts.clone())?;
        let mut last_tape = NormTape::new(rows, width, last_dropouts.clone())?;
        let padded = inner.next_multiple_of(COLUMNS);
        let mut derivative = empty(&[rows as i64, padded as i64])?;
        let mut result = empty(&[rows as i64, width as i64])?;
        let borrows = Borrows::new();
        let (first_norm, last_norm) = (
            norm::parameters(&borrows, &self.attention_output.bias, self.attention_norm)?,
            norm::parameters(&borrows, &self.output.bias, self.output_norm)?,
        );
        let (context, bias) = (borrows.rows(context)?, borrows.values(&self.intermediate.bias)?);
        let products = [self.attention_output, self.intermediate, self.output].map(|linear| &linear.weight.forward);
        first_tape
            .blocks_mut(&borrows, block, width)?
            .zip(last_tape.blocks_mut(&borrows, block, width)?)
            .zip(borrows.values_mut(&mut derivative)?.chunks_mut(block * padded))
            .zip(borrows.values_mut(&mut result)?.chunks_mut(block * width))
            .zip(borrows.values(residual)?.chunks(block * width))
            .enumerate()
            .par_bridge()
            .for_each_init(
                Scratch::<I::Tiles>::new,
                |scratch, (index, ((((first, last), derivative), result), residual))| {
                    let Scratch { packed, hidden, inner: active, .. } = scratch;
                    let (row, count) = (index * block, residual.len() / width);
                    hidden.resize(residual.len(), 0.0);
                    active.resize(derivative.len(), 0.0);
                    let [attention_output, intermediate, output] = products;

                    let left = LeftSide::Strided(context.matrix(row));
                    attention_output.multiply_here(left, rows_of(first.0, width), Onto::Nothing, intermediate, packed);
                    let rows = (first.0, &mut hidden[..], residual, first.1);
                    isa.vectorize(
                        #[inline(always)]
                        || norm::forward_rows(row, width, rows, first_norm, &first_dropouts),
                    );

                    let out = RowsMut::in_panels(derivative, count, inner);
                    intermediate.multiply_here(flat(hidden, width), out, Onto::Nothing, output, packed);
                    isa.vectorize(
                        #[inline(always)]
                        || activation::forward_panels(derivative, active, bias, count),
                    );

                    let left = LeftSide::Panels { values: active, rows: count };
                    output.multiply_here(left, rows_of(last.0, width), Onto::Nothing, attention_output, packed);
                    let rows = (last.0, result, &hidden[..], last.1);
                    isa.vectorize(
                        #[inline(always)]
                        || norm::forward_rows(row, width, rows, last_norm, &last_dropouts),
                    );
                },
            );
        Ok((result, BlockTape { attention_norm: first_tape, derivative, output_norm: last_tape }))
    }

    /// Gradients of `context` and `residual` from that of the result.
    fn backward(&self, tape: &BlockTape, gradient: &Tensor) -> Result<(Tensor, Tensor), ComputeError> {
        let BlockTape { attention_norm: first_tape, derivative, output_norm: last_tape } = tape;
        let isa = self.isa;
        let (rows, width, inner) = self.sizes(gradient);
        let block = panels::block_of_rows::<I::Tiles>(rows).unwrap_or(rows).max(1);
        let (mut context, mut residual) = (empty(&gradient.size())?, empty(&gradient.size())?);
        let borrows = Borrows::new();
        let (first_weight, last_weight) =
            (borrows.values(&self.attention_norm.weight)?, borrows.values(&self.output_norm.weight)?);
        let products = [self.attention_output, self.intermediate, self.output].map(|linear| &linear.weight.backward);
        let (first_dropouts, last_dropouts) = (first_tape.dropouts(), last_tape.dropouts());
        first_tape
            .blocks(&borrows, block, width)?
            .zip(last_tape.blocks(&borrows, block, width)?)
            .zip(borrows.values(derivative)?.chunks(block * inner.next_multiple_of(COLUMNS)))
            .zip(borrows.values(gradient)?.chunks(block * width))
            .zip(borrows.values_mut(&mut context)?.chunks_mut(block * width))
            .zip(borrows.values_mut(&mut residual)?.chunks_mut(block * width))
            .enumerate()
            .par_bridge()
            .for_each_init(Scratch::<I::Tiles>::new, |scratch, (index, parts)| {
                let (((((first, last), derivative), gradient), context), residual) = parts;
                let Scratch { packed, hidden, other: output, inner: active } = scratch;
                let (row, count) = (index * block, gradient.len() / width);
                hidden.resize(gradient.len(), 0.0);
                output.resize(gradient.len(), 0.0);
                active.resize(derivative.len(), 0.0);
                let [attention_output, intermediate, last_output] = products;

                let parts = (&mut output[..], &mut hidden[..], gradient, last.0, last.1);
                isa.vectorize(
                    #[inline(always)]
                    || norm::backward_rows(row, width, parts, last_weight, last_dropouts),
                );
                let out = RowsMut::in_panels(active, count, inner);
                last_output.multiply_here(flat(output, width), out, Onto::Nothing, intermediate, packed);
                isa.vectorize(
                    #[inline(always)]
                    || activation::multiply(active, derivative),
                );
                let left = LeftSide::Panels { values: active, rows: count };
                intermediate.multiply_here(left, rows_of(hidden, width), Onto::Itself, attention_output, packed);

                let parts = (&mut output[..], residual, &hidden[..], first.0, first.1);
                isa.vectorize(
                    #[inline(always)]
                    || norm::backward_rows(row, width, parts, first_weight, first_dropouts),
                );
                attention_output.multiply_here(
                    flat(output, width),
                    rows_of(context, width),
                    Onto::Nothing,
                    last_output,
                    packed,
                );
            });
        Ok((context, residual))
    }

    /// Rows, hidden size, intermediate size.
    fn sizes(&self, x: &Tensor) -> (usize, usize, usize) {
        (x.size()[0] as usize, x.size()[1] as usize, self.intermediate.weight.forward.columns())
    }
}

/// Gradients of context and residual from that of the result of a forward pass through the same layer.
pub fn backward<I: InstructionSet>(
    isa: I,
    layer: &LayerOn<I>,
    tape: &BlockTape,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), ComputeError> {
    match AfterAttention::new(isa, layer, gradient.size2()?.0 as usize) {
        Some(block) => block.backward(tape, gradient),
        None => unreachable!("the same layer had this block for as many rows in the forward pass"),
    }
}

fn flat(values: &[f32], width: usize) -> LeftSide<'_> {
    LeftSide::Strided(Matrix { values, row: width, column: 1 })
}

fn rows_of(values: &mut [f32], width: usize) -> RowsMut<'_> {
    RowsMut::new(values, width, width)
}
