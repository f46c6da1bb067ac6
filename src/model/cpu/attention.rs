//! Attention of each sequence where it lies: no padding, no gathering.

use multiversion::multiversion;
use rayon::prelude::*;
use tch::{TchError, Tensor};

use super::super::attention::{AttentionGradient, Heads, Queries};
use super::super::dropout::{BLOCK, Dropout};
use super::super::layout::{Layout, Sequence};
use super::gemm::{LANES, Left, Right, product};
use super::math::exp_negative;
use super::{Rows, empty, values_mut};

/// What the backward pass needs besides the inputs' values.
#[derive(Debug)]
pub struct RaggedTape {
    queries: Queries,
    query: Tensor,
    key_value: Tensor,
    /// After softmax, before dropout: for each sequence and head, `queries` rows of `length` rounded up to [`LANES`].
    weights: Vec<f32>,
    /// One per run.
    dropouts: Vec<Option<Dropout>>,
}

/// One sequence's sizes.
#[derive(Clone, Copy)]
struct Shape {
    sequence: Sequence,
    /// Index among all sequences.
    index: usize,
    asked: usize,
    /// The sequence's length rounded up.
    padded: usize,
    heads: usize,
    size: usize,
    /// A head's width rounded up.
    wide: usize,
    longest: usize,
}

impl Shape {
    fn new(index: usize, sequence: Sequence, heads: Heads, queries: Queries) -> Self {
        let size = heads.size as usize;
        Shape {
            sequence,
            index,
            asked: if queries == Queries::Tokens { sequence.len } else { 1 },
            padded: sequence.len.next_multiple_of(LANES),
            heads: heads.count as usize,
            size,
            wide: size.next_multiple_of(LANES),
            longest: heads.longest,
        }
    }

    fn weights(&self) -> usize {
        self.heads * self.asked * self.padded
    }

    fn width(&self) -> usize {
        self.heads * self.size
    }

    /// First row of the sequence's queries.
    fn query_row(&self, queries: Queries) -> usize {
        if queries == Queries::Tokens { self.sequence.start } else { self.index }
    }

    /// First element of the mask of the first query of a head.
    fn mask_row(&self, head: usize) -> usize {
        (self.sequence.index_in_run * self.heads + head) * self.longest
    }
}

/// Memory of one thread.
#[derive(Default)]
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

/// As `attention::forward`.
pub fn forward(
    layout: &Layout,
    heads: Heads,
    queries: Queries,
    (query, key_value): (&Tensor, &Tensor),
    dropouts: Vec<Option<Dropout>>,
) -> Result<(Tensor, RaggedTape), TchError> {
    let shapes = shapes(layout, heads, queries);
    let mut context = empty(&[query.size()[0], heads.width()])?;
    let mut weights = vec![0f32; shapes.iter().map(Shape::weights).sum()];
    let inputs = (Rows::of(query)?, Rows::of(key_value)?);
    let contexts = split(values_mut(&mut context)?, shapes.iter().map(|shape| shape.asked * shape.width()));
    let parts = split(&mut weights, shapes.iter().map(Shape::weights));
    shapes.par_iter().zip(contexts).zip(parts).for_each_init(
        Scratch::default,
        |scratch, ((shape, context), weights)| {
            let dropout = dropouts[shape.sequence.run];
            forward_sequence(shape, shape.query_row(queries), inputs, (context, weights), dropout, scratch);
        },
    );
    let (query, key_value) = (query.shallow_clone(), key_value.shallow_clone());
    Ok((context, RaggedTape { queries, query, key_value, weights, dropouts }))
}

/// As `attention::backward`.
pub fn backward(
    layout: &Layout,
    heads: Heads,
    tape: &RaggedTape,
    gradient: &Tensor,
) -> Result<AttentionGradient, TchError> {
    let shapes = shapes(layout, heads, tape.queries);
    let mut query = empty(&[tape.query.size()[0], heads.width()])?;
    let mut key_value = empty(&[layout.rows as i64, 2 * heads.width()])?;
    let inputs = (Rows::of(&tape.query)?, Rows::of(&tape.key_value)?, Rows::of(gradient)?);
    let queries = split(values_mut(&mut query)?, shapes.iter().map(|shape| shape.asked * shape.width()));
    let key_values = split(values_mut(&mut key_value)?, shapes.iter().map(|s| s.sequence.len * 2 * s.width()));
    let weights = split_shared(&tape.weights, shapes.iter().map(Shape::weights));
    // The closure must not hold the tape: tensors are not shared between threads.
    let (asking, dropouts) = (tape.queries, &tape.dropouts);
    shapes.par_iter().zip(queries).zip(key_values).zip(weights).for_each_init(
        Scratch::default,
        |scratch, (((shape, query), key_value), weights)| {
            let dropout = dropouts[shape.sequence.run];
            let row = shape.query_row(asking);
            backward_sequence(shape, row, inputs, weights, (query, key_value), dropout, scratch);
        },
    );
    Ok(AttentionGradient { query, key_value })
}

fn shapes(layout: &Layout, heads: Heads, queries: Queries) -> Vec<Shape> {
    layout.sequences.iter().enumerate().map(|(index, &s)| Shape::new(index, s, heads, queries)).collect()
}

fn split<'a>(mut values: &'a mut [f32], lengths: impl Iterator<Item = usize>) -> Vec<&'a mut [f32]> {
    let mut parts = Vec::new();
    for length in lengths {
        let (part, rest) = values.split_at_mut(length);
        parts.push(part);
        values = rest;
    }
    parts
}

fn split_shared(mut values: &[f32], lengths: impl Iterator<Item = usize>) -> Vec<&[f32]> {
    let mut parts = Vec::new();
    for length in lengths {
        let (part, rest) = values.split_at(length);
        parts.push(part);
        values = rest;
    }
    parts
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn forward_sequence(
    shape: &Shape,
    query_row: usize,
    (query, key_value): (Rows<'_>, Rows<'_>),
    (context, weights): (&mut [f32], &mut [f32]),
    dropout: Option<Dropout>,
    scratch: &mut Scratch,
) {
    let Shape { asked, padded, size, wide, .. } = *shape;
    let (length, width) = (shape.sequence.len, shape.width());
    let scale = 1.0 / (size as f32).sqrt();
    for head in 0..shape.heads {
        let column = head * size;
        let weights = &mut weights[head * asked * padded..][..asked * padded];
        gather(&mut scratch.query, query, query_row, column, (asked, size, size));
        transpose(&mut scratch.transposed, key_value, shape.sequence.start, column, (length, size, padded));
        gather(&mut scratch.value, key_value, shape.sequence.start, width + column, (length, size, wide));
        let left = Left { values: &scratch.query, row: size, column: 1 };
        let right = Right { values: &scratch.transposed, row: padded };
        product(left, right, (asked, size, length), weights, padded);
        for row in weights.chunks_mut(padded) {
            softmax(row, length, scale);
        }
        let dropped = drop(shape, head, weights, dropout, &mut scratch.mask, &mut scratch.dropped);
        scratch.result.resize(asked * wide, 0.0);
        let left = Left { values: dropped, row: padded, column: 1 };
        let right = Right { values: &scratch.value, row: wide };
        product(left, right, (asked, length, size), &mut scratch.result, wide);
        scatter(context, width, column, &scratch.result, (size, wide));
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn backward_sequence(
    shape: &Shape,
    query_row: usize,
    (query, key_value, gradient): (Rows<'_>, Rows<'_>, Rows<'_>),
    weights: &[f32],
    (query_out, key_value_out): (&mut [f32], &mut [f32]),
    dropout: Option<Dropout>,
    scratch: &mut Scratch,
) {
    let Shape { asked, padded, size, wide, .. } = *shape;
    let (start, length, width) = (shape.sequence.start, shape.sequence.len, shape.width());
    let scale = 1.0 / (size as f32).sqrt();
    for head in 0..shape.heads {
        let column = head * size;
        let weights = &weights[head * asked * padded..][..asked * padded];
        gather(&mut scratch.context, gradient, query_row, column, (asked, size, wide));
        gather(&mut scratch.query, query, query_row, column, (asked, size, wide));
        gather(&mut scratch.key, key_value, start, column, (length, size, wide));
        transpose(&mut scratch.transposed, key_value, start, width + column, (length, size, padded));

        let dropped = drop(shape, head, weights, dropout, &mut scratch.mask, &mut scratch.dropped);
        scratch.result.resize(length.max(asked) * wide, 0.0);
        let left = Left { values: dropped, row: 1, column: padded };
        let right = Right { values: &scratch.context, row: wide };
        product(left, right, (length, asked, size), &mut scratch.result, wide);
        scatter(key_value_out, 2 * width, width + column, &scratch.result[..length * wide], (size, wide));

        scratch.scores.resize(asked * padded, 0.0);
        let left = Left { values: &scratch.context, row: wide, column: 1 };
        let right = Right { values: &scratch.transposed, row: padded };
        product(left, right, (asked, size, length), &mut scratch.scores, padded);
        if dropout.is_some() {
            multiply(&mut scratch.scores, &scratch.mask);
        }
        for (row, weights) in scratch.scores.chunks_mut(padded).zip(weights.chunks(padded)) {
            softmax_backward(row, weights, scale);
        }

        let left = Left { values: &scratch.scores, row: padded, column: 1 };
        let right = Right { values: &scratch.key, row: wide };
        product(left, right, (asked, length, size), &mut scratch.result, wide);
        scatter(query_out, width, column, &scratch.result[..asked * wide], (size, wide));

        let left = Left { values: &scratch.scores, row: 1, column: padded };
        let right = Right { values: &scratch.query, row: wide };
        product(left, right, (length, asked, size), &mut scratch.result, wide);
        scatter(key_value_out, 2 * width, column, &scratch.result[..length * wide], (size, wide));
    }
}

/// Copies `size` columns of `count` rows into rows of `wide`, zeros behind.
#[inline(always)]
fn gather(into: &mut Vec<f32>, from: Rows<'_>, row: usize, column: usize, (count, size, wide): (usize, usize, usize)) {
    into.clear();
    into.resize(count * wide, 0.0);
    for (index, into) in into.chunks_mut(wide).enumerate() {
        into[..size].copy_from_slice(from.part(row + index, column, size));
    }
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
    for index in 0..count {
        for (k, value) in from.part(row + index, column, size).iter().enumerate() {
            into[k * padded + index] = *value;
        }
    }
}

/// Copies rows of `wide` into `size` columns of rows of `width`.
#[inline(always)]
fn scatter(into: &mut [f32], width: usize, column: usize, from: &[f32], (size, wide): (usize, usize)) {
    for (into, from) in into.chunks_mut(width).zip(from.chunks(wide)) {
        into[column..column + size].copy_from_slice(&from[..size]);
    }
}

/// The weights after dropout; the mask is left in `mask`.
#[inline(always)]
fn drop<'a>(
    shape: &Shape,
    head: usize,
    weights: &'a [f32],
    dropout: Option<Dropout>,
    mask: &mut Vec<f32>,
    dropped: &'a mut Vec<f32>,
) -> &'a [f32] {
    let Some(dropout) = dropout else {
        return weights;
    };
    mask.resize(weights.len(), 0.0);
    let stride = shape.longest.next_multiple_of(BLOCK);
    let first = shape.mask_row(head);
    for (row, mask) in mask.chunks_mut(shape.padded).enumerate() {
        dropout.fill(mask, ((first + row) * stride) as u64);
    }
    dropped.clear();
    dropped.extend_from_slice(weights);
    multiply(dropped, mask);
    dropped
}

#[inline(always)]
fn multiply(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x *= y;
    }
}

/// softmax(scale * row) over the first `length` values; zeros behind.
#[inline(always)]
fn softmax(row: &mut [f32], length: usize, scale: f32) {
    let mut highest = f32::NEG_INFINITY;
    for value in &row[..length] {
        highest = highest.max(*value);
    }
    let mut sums = [0f32; LANES];
    row[length..].fill(f32::NEG_INFINITY);
    for chunk in row.chunks_exact_mut(LANES) {
        for lane in 0..LANES {
            let shifted = (chunk[lane] - highest) * scale;
            let value = exp_negative(shifted);
            chunk[lane] = value;
            sums[lane] += value;
        }
    }
    let inverse = 1.0 / sums.iter().sum::<f32>();
    for value in row.iter_mut() {
        *value *= inverse;
    }
}

/// Gradient of the scores before scaling, in place of the gradient of the weights.
#[inline(always)]
fn softmax_backward(row: &mut [f32], weights: &[f32], scale: f32) {
    let mut sums = [0f32; LANES];
    for (row, weights) in row.chunks_exact(LANES).zip(weights.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] = row[lane].mul_add(weights[lane], sums[lane]);
        }
    }
    let projection = sums.iter().sum::<f32>();
    for (value, weight) in row.iter_mut().zip(weights) {
        *value = weight * (*value - projection) * scale;
    }
}
