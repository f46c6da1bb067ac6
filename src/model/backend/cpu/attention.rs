//! Attention of each sequence where it lies: no padding, no gathering.

use rayon::prelude::*;
use tch::Tensor;

use super::isa::InstructionSet;
use super::sequence::{Shape, drop, multiply, shapes, softmax, softmax_backward, split, split_shared};
use super::small_product::{LANES, LeftMatrix, RightMatrix};
use super::{Borrows, Rows, empty, transpose};
use crate::model::attention::{AttentionGradient, AttentionShape, Queries};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::Dropout;
use crate::model::layout::Layout;

/// What the backward pass needs besides the inputs' values.
#[derive(Debug)]
pub struct AttentionTape {
    queries: Queries,
    query: Tensor,
    key_value: Tensor,
    /// After softmax, before dropout: for each sequence and head, `queries` rows of `length` rounded up to [`LANES`].
    weights: Tensor,
    /// One per run.
    dropouts: Vec<Option<Dropout>>,
}

/// Memory of one thread.
struct Scratch {
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    transposed: Vec<f32>,
    context: Vec<f32>,
    dropped: Vec<f32>,
    scores: Vec<f32>,
    mask: Vec<f32>,
    result: Vec<f32>,
}

impl Scratch {
    fn new() -> Self {
        let empty = Vec::new;
        Scratch {
            query: empty(),
            key: empty(),
            value: empty(),
            transposed: empty(),
            context: empty(),
            dropped: empty(),
            scores: empty(),
            mask: empty(),
            result: empty(),
        }
    }
}

/// As `attention::forward`.
pub fn forward<I: InstructionSet>(
    isa: I,
    layout: &Layout,
    shape: AttentionShape,
    queries: Queries,
    (query, key_value): (&Tensor, &Tensor),
    dropouts: Vec<Option<Dropout>>,
) -> Result<(Tensor, AttentionTape), ComputeError> {
    let shapes = shapes(layout, shape, queries);
    let mut context = empty(&[query.size()[0], shape.width()])?;
    let total: usize = shapes.iter().map(Shape::weights).sum();
    let mut weights = empty(&[total as i64])?;
    let borrows = Borrows::new();
    let inputs = (borrows.rows(query)?, borrows.rows(key_value)?);
    let contexts = split(borrows.values_mut(&mut context)?, shapes.iter().map(|shape| shape.asked * shape.width()));
    let parts = split(borrows.values_mut(&mut weights)?, shapes.iter().map(Shape::weights));
    shapes.iter().zip(contexts).zip(parts).par_bridge().for_each_init(
        Scratch::new,
        |scratch, ((shape, context), weights)| {
            let dropout = dropouts[shape.sequence.run];
            let (row, results) = (shape.query_row(queries), (context, weights));
            isa.vectorize(
                #[inline(always)]
                || forward_sequence(isa, shape, row, inputs, results, dropout, scratch),
            );
        },
    );
    let (query, key_value) = (query.shallow_clone(), key_value.shallow_clone());
    Ok((context, AttentionTape { queries, query, key_value, weights, dropouts }))
}

/// As `attention::backward`.
pub fn backward<I: InstructionSet>(
    isa: I,
    layout: &Layout,
    shape: AttentionShape,
    tape: &AttentionTape,
    gradient: &Tensor,
) -> Result<AttentionGradient, ComputeError> {
    let shapes = shapes(layout, shape, tape.queries);
    let joined = tape.queries == Queries::Tokens;
    let (asking, width) = (tape.queries, shape.width());
    let mut query = empty(&[if joined { 0 } else { tape.query.size()[0] }, width])?;
    let mut others = empty(&[layout.rows as i64, if joined { 3 * width } else { 2 * width }])?;
    let borrows = Borrows::new();
    let inputs = (borrows.rows(&tape.query)?, borrows.rows(&tape.key_value)?, borrows.rows(gradient)?);
    let queries = split(borrows.values_mut(&mut query)?, shapes.iter().map(|s| if joined { 0 } else { s.width() }));
    let stride = if joined { 3 } else { 2 } * width as usize;
    let rest = split(borrows.values_mut(&mut others)?, shapes.iter().map(|s| s.sequence.len * stride));
    let weights = split_shared(borrows.values(&tape.weights)?, shapes.iter().map(Shape::weights));
    // The closure must not hold the tape: tensors are not shared between threads.
    let dropouts = &tape.dropouts;
    shapes.iter().zip(queries).zip(rest).zip(weights).par_bridge().for_each_init(
        Scratch::new,
        |scratch, (((shape, query), others), weights)| {
            let dropout = dropouts[shape.sequence.run];
            let row = shape.query_row(asking);
            let into = Gradients { query, others, stride };
            isa.vectorize(
                #[inline(always)]
                || backward_sequence(isa, shape, row, inputs, (weights, dropout), into, scratch),
            );
        },
    );
    Ok(if joined { AttentionGradient::Joined(others) } else { AttentionGradient::Apart { query, key_value: others } })
}

/// Where the gradients of one sequence go.
struct Gradients<'a> {
    /// The first token's query; empty where queries lie beside keys and values.
    query: &'a mut [f32],
    /// Query, key and value side by side, or key and value.
    others: &'a mut [f32],
    /// Width of a row of `others`.
    stride: usize,
}

#[inline(always)]
fn forward_sequence<I: InstructionSet>(
    isa: I,
    shape: &Shape,
    query_row: usize,
    (query, key_value): (Rows<'_>, Rows<'_>),
    (context, weights): (&mut [f32], &mut [f32]),
    dropout: Option<Dropout>,
    scratch: &mut Scratch,
) {
    let Shape { asked, padded, size, .. } = *shape;
    let (length, width) = (shape.sequence.len, shape.width());
    let scale = 1.0 / (size as f32).sqrt();
    for head in 0..shape.heads {
        let column = head * size;
        let weights = &mut weights[head * asked * padded..][..asked * padded];
        transpose(&mut scratch.transposed, key_value, shape.sequence.start, column, (length, size, padded));
        let right = RightMatrix { values: &scratch.transposed, stride: padded };
        let query = head_rows(&mut scratch.query, query, query_row, column, (asked, size)).left();
        isa.small_product(query, right, (asked, size, length), weights, padded);
        for row in weights.chunks_mut(padded) {
            softmax(row, length, scale);
        }
        let value = head_rows(&mut scratch.value, key_value, shape.sequence.start, width + column, (length, size));
        let dropped = drop(shape, head, weights, dropout, &mut scratch.mask, &mut scratch.dropped);
        let left = LeftMatrix { values: dropped, row: padded, column: 1 };
        let into = Into { values: context, stride: width, column };
        into.write(isa, left, value, (asked, length, size), &mut scratch.result);
    }
}

#[inline(always)]
fn backward_sequence<I: InstructionSet>(
    isa: I,
    shape: &Shape,
    query_row: usize,
    (query, key_value, gradient): (Rows<'_>, Rows<'_>, Rows<'_>),
    (weights, dropout): (&[f32], Option<Dropout>),
    into: Gradients<'_>,
    scratch: &mut Scratch,
) {
    let Shape { asked, padded, size, .. } = *shape;
    let (start, length, width) = (shape.sequence.start, shape.sequence.len, shape.width());
    let scale = 1.0 / (size as f32).sqrt();
    let Gradients { query: first_query, others, stride } = into;
    let key_column = stride - 2 * width;
    for head in 0..shape.heads {
        let column = head * size;
        let weights = &weights[head * asked * padded..][..asked * padded];
        let context = head_rows(&mut scratch.context, gradient, query_row, column, (asked, size));
        let dropped = drop(shape, head, weights, dropout, &mut scratch.mask, &mut scratch.dropped);
        let left = LeftMatrix { values: dropped, row: 1, column: padded };
        let into = Into { values: &mut *others, stride, column: key_column + width + column };
        into.write(isa, left, context, (length, asked, size), &mut scratch.result);

        transpose(&mut scratch.transposed, key_value, start, width + column, (length, size, padded));
        scratch.scores.resize(asked * padded, 0.0);
        let right = RightMatrix { values: &scratch.transposed, stride: padded };
        isa.small_product(context.left(), right, (asked, size, length), &mut scratch.scores, padded);
        if dropout.is_some() {
            multiply(&mut scratch.scores, &scratch.mask);
        }
        for (row, weights) in scratch.scores.chunks_mut(padded).zip(weights.chunks(padded)) {
            softmax_backward(row, weights, scale);
        }

        let key = head_rows(&mut scratch.key, key_value, start, column, (length, size));
        let left = LeftMatrix { values: &scratch.scores, row: padded, column: 1 };
        let into = if key_column == 0 {
            Into { values: &mut *first_query, stride: width, column }
        } else {
            Into { values: &mut *others, stride, column }
        };
        into.write(isa, left, key, (asked, length, size), &mut scratch.result);

        let query = head_rows(&mut scratch.query, query, query_row, column, (asked, size));
        let left = LeftMatrix { values: &scratch.scores, row: 1, column: padded };
        let into = Into { values: &mut *others, stride, column: key_column + column };
        into.write(isa, left, query, (length, asked, size), &mut scratch.result);
    }
}

/// Columns of rows that a product is written to.
struct Into<'a> {
    values: &'a mut [f32],
    stride: usize,
    column: usize,
}

impl Into<'_> {
    /// The columns of a head; `result` is used where they are no whole vectors, whose end would hit the next head.
    #[inline(always)]
    fn write<I: InstructionSet>(
        self,
        isa: I,
        left: LeftMatrix<'_>,
        right: RightMatrix<'_>,
        sizes: (usize, usize, usize),
        result: &mut Vec<f32>,
    ) {
        let (rows, _, size) = sizes;
        if size % LANES == 0 {
            isa.small_product(left, right, sizes, &mut self.values[self.column..], self.stride);
            return;
        }
        let wide = size.next_multiple_of(LANES);
        result.resize(rows * wide, 0.0);
        isa.small_product(left, right, sizes, result, wide);
        for (into, from) in self.values.chunks_mut(self.stride).zip(result.chunks(wide).take(rows)) {
            into[self.column..self.column + size].copy_from_slice(&from[..size]);
        }
    }
}

/// `size` columns of `count` rows as the right matrix of a product, copied to `scratch`: where they lie each row is in a page of
/// its own, and many of them in the same few sets of the first-level cache.
#[inline(always)]
fn head_rows<'a>(
    scratch: &'a mut Vec<f32>,
    rows: Rows<'_>,
    row: usize,
    column: usize,
    (count, size): (usize, usize),
) -> RightMatrix<'a> {
    let wide = size.next_multiple_of(LANES);
    scratch.resize(count * wide, 0.0);
    for (index, into) in scratch.chunks_exact_mut(wide).enumerate() {
        let (values, rest) = into.split_at_mut(size);
        values.copy_from_slice(rows.part(row + index, column, size));
        rest.fill(0.0);
        // The next head will be copied soon.
        rows.fetch_part(row + index, column + size, size);
    }
    RightMatrix { values: scratch, stride: wide }
}

/// Copies `size` columns of `count` rows into `size` rows of `padded`, zeros behind.
#[inline(always)]
fn transpose(
    into: &mut Vec<f32>,
    from: Rows<'_>,
    row: usize,
    column: usize,
    (count, size, padded): (usize, usize, usize),
) {
    into.clear();
    into.resize(size * padded, 0.0);
    let whole = count / 4 * 4;
    for first in (0..whole).step_by(4) {
        let line = |index: usize| {
            // The next head will be copied soon.
            from.fetch_part(row + first + index, column + size, size);
            from.part(row + first + index, column, size)
        };
        transpose::lines([line(0), line(1), line(2), line(3)], |k, values| {
            into[k * padded + first..][..4].copy_from_slice(&values);
        });
    }
    for index in whole..count {
        for (k, value) in from.part(row + index, column, size).iter().enumerate() {
            into[k * padded + index] = *value;
        }
    }
}
