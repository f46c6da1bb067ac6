//! Both passes of an update over some rows of a run, a few at a time: what is read of them stays in the cache from one small
//! product to the next.

use super::super::isa::InstructionSet;
use super::super::small_product::{LeftMatrix, RightMatrix};
use super::super::{Rows, RowsMut};
use super::padded::{Padded, wide};
use crate::model::backend::AdaptedRows;
use crate::model::dropout::{BLOCK, Dropout};

/// Most rows that go through all products of a pass together.
const ROWS: usize = 32;
/// Values of so many rows, of any matrix, that stay in the second-level cache.
const VALUES: usize = 32 << 10;

/// Widths of the matrices of an update.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub input: usize,
    pub output: usize,
    pub rank: usize,
}

impl Sizes {
    /// Rows that go through all products of a pass together.
    fn rows_together(&self) -> usize {
        (VALUES / self.input.max(self.output).max(1)).clamp(8, ROWS) / 8 * 8
    }
}

/// Memory of one thread.
#[derive(Default)]
pub struct Scratch {
    input: Vec<f32>,
    mask: Vec<f32>,
    gradient: Vec<f32>,
    low: Vec<f32>,
    product: Vec<f32>,
}

/// Some rows of a run.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    sizes: Sizes,
    /// The layer's input, of all runs.
    input: Rows<'a>,
    /// Number of the first row among those of all runs.
    row: usize,
    /// Number of the first row in the run.
    row_of_run: usize,
    dropout: Option<Dropout>,
}

/// What a forward pass multiplies with.
#[derive(Debug)]
pub struct ForwardFactors {
    /// `[in, rank]`: A transposed.
    pub down: Padded,
    /// `[rank, out]`: B transposed, times the scale.
    pub up: Padded,
}

/// What a backward pass multiplies with.
#[derive(Debug)]
pub struct BackwardFactors {
    /// `[out, rank]`: B times the scale.
    pub down: Padded,
    /// `[rank, in]`: A.
    pub up: Padded,
}

/// Gradients of A, and of B transposed and without the scale, from some rows.
#[derive(Debug)]
pub struct FactorGradients {
    pub a: Padded,
    pub b: Padded,
}

impl FactorGradients {
    pub fn zeros(Sizes { input, output, rank }: Sizes) -> Self {
        FactorGradients { a: Padded::zeros(rank, input), b: Padded::zeros(rank, output) }
    }

    pub fn plus(mut self, other: Self) -> Self {
        rayon::join(|| self.a.add(&other.a), || self.b.add(&other.b));
        self
    }
}

impl<'a> Block<'a> {
    /// The rows from `row_of_run` on; `input` is the layer's input, of all runs.
    pub fn new(run: &AdaptedRows<'_>, sizes: Sizes, row_of_run: usize, input: Rows<'a>) -> Self {
        Block { sizes, input, row: run.rows.start + row_of_run, row_of_run, dropout: run.dropout }
    }

    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Writes `dropout(input) A.T` to `low`, rows of `wide(rank)` values, and adds the update to `output`.
    #[inline(always)]
    pub fn forward<I: InstructionSet>(
        &self,
        isa: I,
        factors: &ForwardFactors,
        (low, output): (&mut [f32], &mut RowsMut<'_>),
        scratch: &mut Scratch,
    ) {
        let Sizes { input, output: width, rank } = self.sizes;
        let (low_stride, rows, together) = (wide(rank), output.rows(), self.sizes.rows_together());
        for first in (0..rows).step_by(together) {
            let count = together.min(rows - first);
            let x = match self.dropout {
                None => self.input.left(self.row + first, 0),
                Some(_) => self.dropped(first, count, &mut scratch.input, &mut scratch.mask).left(),
            };
            let low = &mut low[first * low_stride..][..count * low_stride];
            isa.small_product(x, factors.down.right(), (count, input, rank), low, low_stride);
            let low = LeftMatrix { values: low, row: low_stride, column: 1 };
            let product = (low, factors.up.right(), (count, rank, width));
            add_product(isa, product, (output, first), None, &mut scratch.product);
        }
    }

    /// Adds to the gradients of both factors from that of the output (of all runs), and to that of the input where it is asked for.
    /// `low` is what [`Self::forward`] wrote for these rows.
    #[inline(always)]
    pub fn backward<I: InstructionSet>(
        &self,
        isa: I,
        factors: &BackwardFactors,
        (low, gradient): (&[f32], Rows<'_>),
        (into, mut input_gradient): (&mut FactorGradients, Option<&mut RowsMut<'_>>),
        scratch: &mut Scratch,
    ) {
        let Sizes { input, output, rank } = self.sizes;
        let low_stride = wide(rank);
        let (rows, together) = (low.len() / low_stride, self.sizes.rows_together());
        for first in (0..rows).step_by(together) {
            let count = together.min(rows - first);
            let g = padded_rows(gradient, (self.row + first, count, output), &mut scratch.gradient);
            scratch.low.resize(together * low_stride, 0.0);
            isa.small_product(g.left(), factors.down.right(), (count, output, rank), &mut scratch.low, low_stride);

            let transposed = |values| LeftMatrix { values, row: 1, column: low_stride };
            let before = transposed(&low[first * low_stride..]);
            let stride = into.b.stride();
            isa.small_product_onto(before, g, (rank, count, output), into.b.values_mut(), stride);

            let x = match self.dropout {
                None => padded_rows(self.input, (self.row + first, count, input), &mut scratch.input),
                Some(_) => self.dropped(first, count, &mut scratch.input, &mut scratch.mask),
            };
            let stride = into.a.stride();
            isa.small_product_onto(transposed(&scratch.low), x, (rank, count, input), into.a.values_mut(), stride);

            if let Some(input_gradient) = &mut input_gradient {
                let low = LeftMatrix { values: &scratch.low, row: low_stride, column: 1 };
                let product = (low, factors.up.right(), (count, rank, input));
                let mask = self.dropout.map(|_| &scratch.mask[..]);
                add_product(isa, product, (input_gradient, first), mask, &mut scratch.product);
            }
        }
    }

    /// Rows of the input after dropout, filled up to whole vectors. `mask` gets what they were multiplied with.
    #[inline(always)]
    fn dropped<'b>(
        &self,
        first: usize,
        count: usize,
        values: &'b mut Vec<f32>,
        mask: &mut Vec<f32>,
    ) -> RightMatrix<'b> {
        let (width, stride) = (self.sizes.input, wide(self.sizes.input));
        values.resize(count * stride, 0.0);
        mask.resize(count * stride, 0.0);
        for (index, (values, mask)) in values.chunks_exact_mut(stride).zip(mask.chunks_exact_mut(stride)).enumerate() {
            let element = (self.row_of_run + first + index) * width.next_multiple_of(BLOCK);
            if let Some(dropout) = self.dropout {
                dropout.fill(&mut mask[..width], element as u64);
            }
            let source = self.input.part(self.row + first + index, 0, width);
            for ((value, mask), source) in values.iter_mut().zip(mask).zip(source) {
                *value = *source * *mask;
            }
        }
        RightMatrix { values, stride }
    }
}

/// `count` rows from `first` on: where they lie, if they are whole vectors.
#[inline(always)]
fn padded_rows<'a>(
    rows: Rows<'a>,
    (first, count, width): (usize, usize, usize),
    values: &'a mut Vec<f32>,
) -> RightMatrix<'a> {
    let stride = wide(width);
    if stride == width {
        return rows.right(first, 0);
    }
    values.resize(count * stride, 0.0);
    for (index, values) in values.chunks_exact_mut(stride).enumerate() {
        values[..width].copy_from_slice(rows.part(first + index, 0, width));
    }
    RightMatrix { values, stride }
}

/// Adds a product to rows of `out` from `first` on, times `mask` where there is one; rows of the mask are filled up to whole vectors.
#[inline(always)]
fn add_product<I: InstructionSet>(
    isa: I,
    (left, right, sizes): (LeftMatrix<'_>, RightMatrix<'_>, (usize, usize, usize)),
    (out, first): (&mut RowsMut<'_>, usize),
    mask: Option<&[f32]>,
    product: &mut Vec<f32>,
) {
    let (count, _, width) = sizes;
    let (row_stride, stride) = (out.stride(), wide(width));
    if stride == width && mask.is_none() {
        return isa.small_product_onto(left, right, sizes, out.from(first, 0), row_stride);
    }
    product.resize(count * stride, 0.0);
    isa.small_product(left, right, sizes, product, stride);
    let rows = out.from(first, 0).chunks_mut(row_stride).zip(product.chunks_exact(stride));
    for (index, (row, product)) in rows.enumerate() {
        match mask.map(|mask| &mask[index * stride..][..width]) {
            None => {
                for (value, product) in row[..width].iter_mut().zip(product) {
                    *value += product;
                }
            }
            Some(mask) => {
                for ((value, product), mask) in row[..width].iter_mut().zip(product).zip(mask) {
                    *value = product.mul_add(*mask, *value);
                }
            }
        }
    }
}
