//! A layer from attention's context to the layer's output, where no run adapts a linear layer on the way: each thread
//! takes a block of rows through all of it, so that a product finds what the one before it wrote in its own cache.

use rayon::prelude::*;
use tch::{TchError, Tensor};

use super::activation;
use super::linear::{Linear, Weight};
use super::norm::{self, NormTape};
use super::panels::{self, Matrix, Onto, Panels};
use super::tile::Left;
use super::{Borrows, Cpu, empty};
use crate::model::dropout::RowDropouts;
use crate::model::frozen::{Layer, Norm};

/// The part of a layer behind attention; its activation is GELU.
#[derive(Clone, Copy)]
pub struct AfterAttention<'a> {
    attention_output: Packed<'a>,
    attention_norm: &'a Norm,
    intermediate: Packed<'a>,
    output: Packed<'a>,
    output_norm: &'a Norm,
}

/// A linear layer whose weight is laid out.
#[derive(Clone, Copy)]
struct Packed<'a> {
    forward: &'a Panels,
    backward: &'a Panels,
    bias: &'a Tensor,
}

impl<'a> Packed<'a> {
    fn new(linear: &'a Linear) -> Option<Self> {
        match &linear.weight {
            Weight::Packed { forward, backward } => Some(Packed { forward, backward, bias: &linear.bias }),
            Weight::Plain(_) => None,
        }
    }
}

/// What the backward pass needs.
#[derive(Debug)]
pub struct BlockTape {
    attention_norm: NormTape,
    /// Of the activation.
    derivative: Tensor,
    output_norm: NormTape,
}

/// Memory of one thread.
#[derive(Default)]
struct Scratch {
    packed: Vec<Left>,
    /// `[rows, hidden]`
    hidden: Vec<f32>,
    other: Vec<f32>,
    /// `[rows, intermediate]`
    inner: Vec<f32>,
}

impl<'a> AfterAttention<'a> {
    /// None where weights are not laid out, or where `rows` are too few for all threads.
    pub fn new(layer: &'a Layer<Cpu>, rows: usize) -> Option<Self> {
        panels::block_of_rows(rows)?;
        Some(AfterAttention {
            attention_output: Packed::new(&layer.attention_output)?,
            attention_norm: &layer.attention_norm,
            intermediate: Packed::new(&layer.intermediate)?,
            output: Packed::new(&layer.output)?,
            output_norm: &layer.output_norm,
        })
    }

    /// `context` and `residual`: `[rows, width]`; `dropouts`: of both residual blocks.
    pub fn forward(
        &self,
        context: &Tensor,
        residual: &Tensor,
        dropouts: [RowDropouts; 2],
    ) -> Result<(Tensor, BlockTape), TchError> {
        let (rows, width, inner) = self.sizes(context);
        let block = panels::block_of_rows(rows).unwrap_or(rows).max(1);
        let [first_dropouts, last_dropouts] = dropouts;
        let mut first_tape = NormTape::new(rows, width, first_dropouts.clone())?;
        let mut last_tape = NormTape::new(rows, width, last_dropouts.clone())?;
        let mut derivative = empty(&[rows as i64, inner as i64])?;
        let mut result = empty(&[rows as i64, width as i64])?;
        let borrows = Borrows::new();
        let (first_norm, last_norm) = (
            norm::parameters(&borrows, self.attention_output.bias, self.attention_norm)?,
            norm::parameters(&borrows, self.output.bias, self.output_norm)?,
        );
        let (context, bias) = (borrows.rows(context)?, borrows.values(self.intermediate.bias)?);
        let products = [self.attention_output.forward, self.intermediate.forward, self.output.forward];
        first_tape
            .blocks_mut(&borrows, block, width)?
            .zip(last_tape.blocks_mut(&borrows, block, width)?)
            .zip(borrows.values_mut(&mut derivative)?.chunks_mut(block * inner))
            .zip(borrows.values_mut(&mut result)?.chunks_mut(block * width))
            .zip(borrows.values(residual)?.chunks(block * width))
            .enumerate()
            .par_bridge()
            .for_each_init(Scratch::default, |scratch, (index, ((((first, last), derivative), result), residual))| {
                let Scratch { packed, hidden, inner: active, .. } = scratch;
                let row = index * block;
                hidden.resize(residual.len(), 0.0);
                active.resize(derivative.len(), 0.0);
                let [attention_output, intermediate, output] = products;

                attention_output.multiply_here(context.matrix(row), first.0, Onto::Nothing, intermediate, packed);
                norm::forward_rows(row, width, (first.0, hidden, residual, first.1), first_norm, &first_dropouts);

                intermediate.multiply_here(flat(hidden, width), derivative, Onto::Nothing, output, packed);
                activation::forward_rows(derivative, active, bias);

                output.multiply_here(flat(active, inner), last.0, Onto::Nothing, attention_output, packed);
                norm::forward_rows(row, width, (last.0, result, hidden, last.1), last_norm, &last_dropouts);
            });
        Ok((result, BlockTape { attention_norm: first_tape, derivative, output_norm: last_tape }))
    }

    /// Gradients of `context` and `residual` from that of the result.
    fn backward(&self, tape: &BlockTape, gradient: &Tensor) -> Result<(Tensor, Tensor), TchError> {
        let BlockTape { attention_norm: first_tape, derivative, output_norm: last_tape } = tape;
        let (rows, width, inner) = self.sizes(gradient);
        let block = panels::block_of_rows(rows).unwrap_or(rows).max(1);
        let (mut context, mut residual) = (empty(&gradient.size())?, empty(&gradient.size())?);
        let borrows = Borrows::new();
        let (first_weight, last_weight) =
            (borrows.values(&self.attention_norm.weight)?, borrows.values(&self.output_norm.weight)?);
        let products = [self.attention_output.backward, self.intermediate.backward, self.output.backward];
        let (first_dropouts, last_dropouts) = (first_tape.dropouts(), last_tape.dropouts());
        first_tape
            .blocks(&borrows, block, width)?
            .zip(last_tape.blocks(&borrows, block, width)?)
            .zip(borrows.values(derivative)?.chunks(block * inner))
            .zip(borrows.values(gradient)?.chunks(block * width))
            .zip(borrows.values_mut(&mut context)?.chunks_mut(block * width))
            .zip(borrows.values_mut(&mut residual)?.chunks_mut(block * width))
            .enumerate()
            .par_bridge()
            .for_each_init(Scratch::default, |scratch, (index, parts)| {
                let (((((first, last), derivative), gradient), context), residual) = parts;
                let Scratch { packed, hidden, other: output, inner: active } = scratch;
                let row = index * block;
                hidden.resize(gradient.len(), 0.0);
                output.resize(gradient.len(), 0.0);
                active.resize(derivative.len(), 0.0);
                let [attention_output, intermediate, last_output] = products;

                let parts = (&mut output[..], &mut hidden[..], gradient, last.0, last.1);
                norm::backward_rows(row, width, parts, last_weight, last_dropouts);
                last_output.multiply_here(flat(output, width), active, Onto::Nothing, intermediate, packed);
                activation::multiply(active, derivative);
                intermediate.multiply_here(flat(active, inner), hidden, Onto::Itself, attention_output, packed);

                let parts = (&mut output[..], residual, &hidden[..], first.0, first.1);
                norm::backward_rows(row, width, parts, first_weight, first_dropouts);
                attention_output.multiply_here(flat(output, width), context, Onto::Nothing, last_output, packed);
            });
        Ok((context, residual))
    }

    /// Rows, hidden size, intermediate size.
    fn sizes(&self, x: &Tensor) -> (usize, usize, usize) {
        (x.size()[0] as usize, x.size()[1] as usize, self.intermediate.forward.columns())
    }
}

/// Gradients of context and residual from that of the result of a forward pass through the same layer.
pub fn backward(layer: &Layer<Cpu>, tape: &BlockTape, gradient: &Tensor) -> Result<(Tensor, Tensor), TchError> {
    match AfterAttention::new(layer, gradient.size2()?.0 as usize) {
        Some(block) => block.backward(tape, gradient),
        None => unreachable!("the same layer had this block for as many rows in the forward pass"),
    }
}

fn flat(values: &[f32], width: usize) -> Matrix<'_> {
    Matrix { values, row: width, column: 1 }
}
