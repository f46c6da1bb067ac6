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
use super::panels::{Onto, PackedRows, Panels, RowBlocks};
use super::{Borrows, Rows, RowsMut, empty};
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
    packed_hidden: PackedRows<T>,
    /// `[rows, intermediate]`, kept only as the next product reads it.
    inner: PackedRows<T>,
}

impl<T: Tiles> Scratch<T> {
    fn new(tiles: T) -> Self {
        Scratch {
            packed: Vec::new(),
            hidden: Vec::new(),
            other: Vec::new(),
            packed_hidden: PackedRows::new(tiles),
            inner: PackedRows::new(tiles),
        }
    }
}

impl<'a, I: InstructionSet> AfterAttention<'a, I> {
    /// None where `rows` are too few for all threads.
    pub fn new(isa: I, layer: &'a LayerOn<I>, rows: usize) -> Option<Self> {
        RowBlocks::of::<I::Tiles>(rows)?;
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
        let (rows, width, inner) = self.sizes(context);
        let blocks = Self::blocks(rows);
        let mut tapes =
            [NormTape::new(rows, width, dropouts[0].clone())?, NormTape::new(rows, width, dropouts[1].clone())?];
        let padded = inner.next_multiple_of(COLUMNS);
        let mut derivative = empty(&[rows as i64, padded as i64])?;
        let mut result = empty(&[rows as i64, width as i64])?;
        let borrows = Borrows::new();
        let pass = ForwardPass {
            isa: self.isa,
            width,
            inner,
            products: self.linears().map(|linear| &linear.weight.forward),
            context: borrows.rows(context)?,
            bias: borrows.values(&self.intermediate.bias)?,
            norms: [
                norm::parameters(&borrows, &self.attention_output.bias, self.attention_norm)?,
                norm::parameters(&borrows, &self.output.bias, self.output_norm)?,
            ],
            dropouts,
        };
        let [first_tape, last_tape] = &mut tapes;
        first_tape
            .blocks_mut(&borrows, &blocks, width)?
            .zip(last_tape.blocks_mut(&borrows, &blocks, width)?)
            .zip(blocks.split_mut(borrows.values_mut(&mut derivative)?, padded))
            .zip(blocks.split_mut(borrows.values_mut(&mut result)?, width))
            .zip(blocks.split(borrows.values(residual)?, width))
            .zip(blocks.first_rows())
            .par_bridge()
            .for_each_init(
                || Scratch::new(pass.products[0].tiles()),
                |scratch, (((((first, last), derivative), result), residual), row)| {
                    pass.block(ForwardBlock { row, residual, norms: [first, last], derivative, result }, scratch);
                },
            );
        let [attention_norm, output_norm] = tapes;
        Ok((result, BlockTape { attention_norm, derivative, output_norm }))
    }

    /// Gradients of `context` and `residual` from that of the result.
    fn backward(&self, tape: &BlockTape, gradient: &Tensor) -> Result<(Tensor, Tensor), ComputeError> {
        let BlockTape { attention_norm: first_tape, derivative, output_norm: last_tape } = tape;
        let (rows, width, inner) = self.sizes(gradient);
        let blocks = Self::blocks(rows);
        let (mut context, mut residual) = (empty(&gradient.size())?, empty(&gradient.size())?);
        let borrows = Borrows::new();
        let pass = BackwardPass {
            isa: self.isa,
            width,
            inner,
            products: self.linears().map(|linear| &linear.weight.backward),
            norm_weights: [borrows.values(&self.attention_norm.weight)?, borrows.values(&self.output_norm.weight)?],
            dropouts: [first_tape.dropouts(), last_tape.dropouts()],
        };
        first_tape
            .blocks(&borrows, &blocks, width)?
            .zip(last_tape.blocks(&borrows, &blocks, width)?)
            .zip(blocks.split(borrows.values(derivative)?, inner.next_multiple_of(COLUMNS)))
            .zip(blocks.split(borrows.values(gradient)?, width))
            .zip(blocks.split_mut(borrows.values_mut(&mut context)?, width))
            .zip(blocks.split_mut(borrows.values_mut(&mut residual)?, width))
            .zip(blocks.first_rows())
            .par_bridge()
            .for_each_init(
                || Scratch::new(pass.products[0].tiles()),
                |scratch, (parts, row)| {
                    let (((((first, last), derivative), gradient), context), residual) = parts;
                    let norms = [first, last];
                    pass.block(BackwardBlock { row, norms, derivative, gradient, context, residual }, scratch);
                },
            );
        Ok((context, residual))
    }

    /// In the order of the forward pass.
    fn linears(&self) -> [&'a Linear<I::Tiles>; 3] {
        [self.attention_output, self.intermediate, self.output]
    }

    /// The same for both passes.
    fn blocks(rows: usize) -> RowBlocks {
        RowBlocks::of::<I::Tiles>(rows).unwrap_or_else(|| RowBlocks::even(rows, rows))
    }

    /// Rows, hidden size, intermediate size.
    fn sizes(&self, x: &Tensor) -> (usize, usize, usize) {
        (x.size()[0] as usize, x.size()[1] as usize, self.intermediate.weight.forward.columns())
    }
}

/// What all blocks of a forward pass share.
struct ForwardPass<'a, I: InstructionSet> {
    isa: I,
    width: usize,
    /// Intermediate size.
    inner: usize,
    /// With the attention block's output layer, and with both layers of the feed-forward block.
    products: [&'a Panels<I::Tiles>; 3],
    context: Rows<'a>,
    /// Of the intermediate layer.
    bias: &'a [f32],
    /// Of the attention block, of the feed-forward block; so are `dropouts`.
    norms: [norm::Parameters<'a>; 2],
    dropouts: [RowDropouts; 2],
}

/// Some rows in a forward pass.
struct ForwardBlock<'a> {
    /// Number of the first one.
    row: usize,
    residual: &'a [f32],
    /// Of both LayerNorms: normalized values and inverse deviations.
    norms: [(&'a mut [f32], &'a mut [f32]); 2],
    derivative: &'a mut [f32],
    result: &'a mut [f32],
}

impl<I: InstructionSet> ForwardPass<'_, I> {
    fn block(&self, rows: ForwardBlock<'_>, scratch: &mut Scratch<I::Tiles>) {
        let ForwardBlock { row, residual, norms: [first, last], derivative, result } = rows;
        let Scratch { packed, hidden, packed_hidden, inner: active, .. } = scratch;
        let (isa, width, inner) = (self.isa, self.width, self.inner);
        let count = residual.len() / width;
        hidden.resize(residual.len(), 0.0);
        active.resize(count, inner);
        let [attention_output, intermediate, output] = self.products;

        let left = self.context.matrix(row);
        attention_output.multiply_here(left, rows_of(first.0, width), Onto::Nothing, intermediate, packed);
        let rows = (first.0, &mut hidden[..], residual, first.1);
        isa.vectorize(
            #[inline(always)]
            || norm::forward_rows(row, width, rows, self.norms[0], &self.dropouts[0]),
        );

        intermediate.multiply_by_panels_here(
            (flat(hidden, width), count),
            output,
            packed_hidden,
            #[inline(always)]
            |panel, x| {
                let columns = panel * COLUMNS..inner.min((panel + 1) * COLUMNS);
                let derivative = &mut derivative[panel * x.len()..][..x.len()];
                activation::forward_panel(x, derivative, &self.bias[columns]);
                active.lay_out(panel, x);
            },
        );

        output.multiply_packed_here(active, rows_of(last.0, width), Onto::Nothing, attention_output);
        let rows = (last.0, result, &hidden[..], last.1);
        isa.vectorize(
            #[inline(always)]
            || norm::forward_rows(row, width, rows, self.norms[1], &self.dropouts[1]),
        );
    }
}

/// What all blocks of a backward pass share, as [`ForwardPass`].
struct BackwardPass<'a, I: InstructionSet> {
    isa: I,
    width: usize,
    inner: usize,
    products: [&'a Panels<I::Tiles>; 3],
    norm_weights: [&'a [f32]; 2],
    dropouts: [&'a RowDropouts; 2],
}

/// Some rows in a backward pass.
struct BackwardBlock<'a> {
    /// Number of the first one.
    row: usize,
    /// Of both LayerNorms: normalized values and inverse deviations.
    norms: [(&'a [f32], &'a [f32]); 2],
    derivative: &'a [f32],
    /// Of the result.
    gradient: &'a [f32],
    /// Where the gradients of both inputs go.
    context: &'a mut [f32],
    residual: &'a mut [f32],
}

impl<I: InstructionSet> BackwardPass<'_, I> {
    fn block(&self, rows: BackwardBlock<'_>, scratch: &mut Scratch<I::Tiles>) {
        let BackwardBlock { row, norms: [first, last], derivative, gradient, context, residual } = rows;
        let Scratch { packed, hidden, other: output, packed_hidden, inner: active } = scratch;
        let (isa, width) = (self.isa, self.width);
        let count = gradient.len() / width;
        hidden.resize(gradient.len(), 0.0);
        output.resize(gradient.len(), 0.0);
        active.resize(count, self.inner);
        let [attention_output, intermediate, last_output] = self.products;

        let parts = (&mut output[..], &mut hidden[..], gradient, last.0, last.1);
        isa.vectorize(
            #[inline(always)]
            || norm::backward_rows(row, width, parts, self.norm_weights[1], self.dropouts[1]),
        );
        last_output.multiply_by_panels_here(
            (flat(output, width), count),
            intermediate,
            packed_hidden,
            #[inline(always)]
            |panel, x| {
                activation::multiply(x, &derivative[panel * x.len()..]);
                active.lay_out(panel, x);
            },
        );
        intermediate.multiply_packed_here(active, rows_of(hidden, width), Onto::Itself, attention_output);

        let parts = (&mut output[..], residual, &hidden[..], first.0, first.1);
        isa.vectorize(
            #[inline(always)]
            || norm::backward_rows(row, width, parts, self.norm_weights[0], self.dropouts[0]),
        );
        let left = flat(output, width);
        attention_output.multiply_here(left, rows_of(context, width), Onto::Nothing, last_output, packed);
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

fn flat(values: &[f32], width: usize) -> Matrix<'_> {
    Matrix { values, row: width, column: 1 }
}

fn rows_of(values: &mut [f32], width: usize) -> RowsMut<'_> {
    RowsMut::new(values, width, width)
}
