//! One sequence's part of attention: its sizes, and its attention weights.

use super::math::exp_negative;
use super::small_product::LANES;
use crate::model::attention::{AttentionShape, Queries};
use crate::model::dropout::{BLOCK, Dropout};
use crate::model::layout::{Layout, Sequence};

/// One sequence's sizes.
#[derive(Clone, Copy)]
pub struct Shape {
    pub sequence: Sequence,
    /// Index among all sequences.
    pub index: usize,
    pub asked: usize,
    /// The sequence's length rounded up.
    pub padded: usize,
    pub heads: usize,
    pub size: usize,
    longest: usize,
}

impl Shape {
    fn new(index: usize, sequence: Sequence, attention: AttentionShape, queries: Queries) -> Self {
        let size = attention.head_size as usize;
        Shape {
            sequence,
            index,
            asked: if queries == Queries::Tokens { sequence.len } else { 1 },
            padded: sequence.len.next_multiple_of(LANES),
            heads: attention.heads as usize,
            size,
            longest: attention.longest,
        }
    }

    pub fn weights(&self) -> usize {
        self.heads * self.asked * self.padded
    }

    pub fn width(&self) -> usize {
        self.heads * self.size
    }

    /// First row of the sequence's queries.
    pub fn query_row(&self, queries: Queries) -> usize {
        if queries == Queries::Tokens { self.sequence.start } else { self.index }
    }

    /// First element of the mask of the first query of a head.
    fn mask_row(&self, head: usize) -> usize {
        (self.sequence.index_in_run * self.heads + head) * self.longest
    }
}

pub fn shapes(layout: &Layout, attention: AttentionShape, queries: Queries) -> Vec<Shape> {
    layout.sequences.iter().enumerate().map(|(index, &s)| Shape::new(index, s, attention, queries)).collect()
}

pub fn split(mut values: &mut [f32], lengths: impl Iterator<Item = usize>) -> Vec<&mut [f32]> {
    let mut parts = Vec::new();
    for length in lengths {
        let (part, rest) = values.split_at_mut(length);
        parts.push(part);
        values = rest;
    }
    parts
}

pub fn split_shared(mut values: &[f32], lengths: impl Iterator<Item = usize>) -> Vec<&[f32]> {
    let mut parts = Vec::new();
    for length in lengths {
        let (part, rest) = values.split_at(length);
        parts.push(part);
        values = rest;
    }
    parts
}

/// The weights after dropout; the mask is left in `mask`.
#[inline(always)]
pub fn drop<'a>(
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
pub fn multiply(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x *= y;
    }
}

/// softmax(scale * row) over the first `length` values; zeros behind.
#[inline(always)]
pub fn softmax(row: &mut [f32], length: usize, scale: f32) {
    row[length..].fill(f32::NEG_INFINITY);
    let mut highest = [f32::NEG_INFINITY; LANES];
    for chunk in row.chunks_exact(LANES) {
        for lane in 0..LANES {
            highest[lane] = highest[lane].max(chunk[lane]);
        }
    }
    let highest = highest.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let mut sums = [0f32; LANES];
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
pub fn softmax_backward(row: &mut [f32], weights: &[f32], scale: f32) {
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
