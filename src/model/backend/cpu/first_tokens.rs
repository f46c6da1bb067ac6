//! Attention of first tokens that looks at hidden states instead of keys and values.
//!
//! The score of token j is `q (K h_j + b) = (q K) h_j` and something that is the same for all tokens, which softmax
//! ignores; the context is `V (sum of w_j h_j) + c (sum of w_j)`, with K and V of one head, their biases b and c, and weights
//! w after dropout. So what K and V multiply is one row for each sequence and head instead of one for each token.

use rayon::prelude::*;
use tch::{Kind, Tensor};

use super::isa::{InstructionSet, Tiles};
use super::linear::Weight;
use super::sequence::{Shape, drop, multiply, shapes, softmax, softmax_backward, split, split_shared};
use super::small_product::{LANES, LeftMatrix, RightMatrix};
use super::{Borrows, Rows, empty};
use crate::model::attention::{AttentionShape, Queries};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::Dropout;
use crate::model::layout::Layout;

/// The frozen key and value projections, head by head.
#[derive(Debug)]
pub struct StateProjections<T> {
    /// One `[size, width]` per head.
    key: Vec<Weight<T>>,
    /// One `[size, width]` per head.
    value: Vec<Weight<T>>,
    /// `[heads, size]`
    value_bias: Tensor,
}

impl<T: Tiles> StateProjections<T> {
    /// `weight` (`[2 * width, width]`) and `bias` (`[2 * width]`): of keys, then of values. None where hidden states are
    /// no whole vectors.
    pub fn new(tiles: T, weight: &Tensor, bias: &Tensor, heads: i64) -> Result<Option<Self>, ComputeError> {
        let width = weight.size()[1];
        if width % LANES as i64 != 0 {
            return Ok(None);
        }
        let size = width / heads;
        let part = |first: i64| Weight::new(tiles, &weight.f_narrow(0, first, size)?.f_contiguous()?);
        Ok(Some(StateProjections {
            key: (0..heads).map(|head| part(head * size)).collect::<Result<_, _>>()?,
            value: (0..heads).map(|head| part(width + head * size)).collect::<Result<_, _>>()?,
            value_bias: bias.f_narrow(0, width, width)?.f_view([heads, size])?,
        }))
    }
}

/// What the backward pass needs.
#[derive(Debug)]
pub struct StatesTape {
    /// `[rows, width]`
    hidden: Tensor,
    /// `[sequences, heads * width]`: what is multiplied with hidden states to give scores.
    asking: Tensor,
    /// After softmax, before dropout: for each sequence and head the length rounded up to [`LANES`].
    weights: Tensor,
    /// One per run.
    dropouts: Vec<Option<Dropout>>,
}

/// `query`: `[sequences, width]`; `hidden`: `[rows, width]`. Returns the context, `[sequences, width]`.
pub fn forward<I: InstructionSet>(
    isa: I,
    layout: &Layout,
    shape: AttentionShape,
    projections: &StateProjections<I::Tiles>,
    (query, hidden): (&Tensor, &Tensor),
    dropouts: Vec<Option<Dropout>>,
) -> Result<(Tensor, StatesTape), ComputeError> {
    let shapes = shapes(layout, shape, Queries::Firsts);
    let (count, width) = (shapes.len() as i64, shape.width());
    let asking = by_head(&projections.key, query, shape.head_size, Weight::backward)?;
    let mut means = empty(&[count, shape.heads * width])?;
    let mut sums = empty(&[count, shape.heads])?;
    let mut weights = empty(&[shapes.iter().map(Shape::weights).sum::<usize>() as i64])?;
    let borrows = Borrows::new();
    let (rows, asked) = (borrows.rows(hidden)?, borrows.values(&asking)?);
    shapes
        .iter()
        .zip(asked.chunks((shape.heads * width) as usize))
        .zip(borrows.values_mut(&mut means)?.chunks_mut((shape.heads * width) as usize))
        .zip(borrows.values_mut(&mut sums)?.chunks_mut(shape.heads as usize))
        .zip(split(borrows.values_mut(&mut weights)?, shapes.iter().map(Shape::weights)))
        .par_bridge()
        .for_each_init(Scratch::new, |scratch, ((((part, asking), means), sums), weights)| {
            let results = Results { means, sums, weights };
            let dropout = dropouts[part.sequence.run];
            isa.vectorize(
                #[inline(always)]
                || forward_sequence(isa, part, rows, asking, results, dropout, scratch),
            );
        });
    let biases = sums.f_unsqueeze(2)?.f_mul(&projections.value_bias)?.f_view([count, width])?;
    let context = by_head(&projections.value, &means, width, Weight::product)?.f_add_(&biases)?;
    Ok((context, StatesTape { hidden: hidden.shallow_clone(), asking, weights, dropouts }))
}

/// `gradient`: of the context. Returns those of `query` and `hidden`.
pub fn backward<I: InstructionSet>(
    isa: I,
    layout: &Layout,
    shape: AttentionShape,
    projections: &StateProjections<I::Tiles>,
    tape: &StatesTape,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor), ComputeError> {
    let shapes = shapes(layout, shape, Queries::Firsts);
    let (count, width) = (shapes.len() as i64, shape.width());
    let given = by_head(&projections.value, gradient, shape.head_size, Weight::backward)?;
    let constants = gradient
        .f_view([count, shape.heads, shape.head_size])?
        .f_mul(&projections.value_bias)?
        .f_sum_dim_intlist([2i64].as_slice(), false, Kind::Float)?;
    let mut hidden = empty(&[layout.rows as i64, width])?;
    let mut asking = empty(&[count, shape.heads * width])?;
    let borrows = Borrows::new();
    let rows = borrows.rows(&tape.hidden)?;
    let (asked, given, constants) =
        (borrows.values(&tape.asking)?, borrows.values(&given)?, borrows.values(&constants)?);
    let dropouts = &tape.dropouts;
    shapes
        .iter()
        .zip(asked.chunks((shape.heads * width) as usize))
        .zip(given.chunks((shape.heads * width) as usize))
        .zip(constants.chunks(shape.heads as usize))
        .zip(split_shared(borrows.values(&tape.weights)?, shapes.iter().map(Shape::weights)))
        .zip(split(borrows.values_mut(&mut hidden)?, shapes.iter().map(|part| part.sequence.len * part.width())))
        .zip(borrows.values_mut(&mut asking)?.chunks_mut((shape.heads * width) as usize))
        .par_bridge()
        .for_each_init(Scratch::new, |scratch, ((((((part, asked), given), constants), weights), hidden), asking)| {
            let saved = Saved { asked, given, constants, weights };
            let (gradients, dropout) = ((hidden, asking), dropouts[part.sequence.run]);
            isa.vectorize(
                #[inline(always)]
                || backward_sequence(isa, part, rows, saved, gradients, dropout, scratch),
            );
        });
    Ok((by_head(&projections.key, &asking, width, Weight::product)?, hidden))
}

/// `multiply` by each head's weight of that head's columns of `x`, side by side.
fn by_head<T: Tiles>(
    weights: &[Weight<T>],
    x: &Tensor,
    columns: i64,
    multiply: impl Fn(&Weight<T>, &Tensor) -> Result<Tensor, ComputeError>,
) -> Result<Tensor, ComputeError> {
    let of_head =
        |(head, weight): (usize, &Weight<T>)| multiply(weight, &x.f_narrow(1, head as i64 * columns, columns)?);
    Ok(Tensor::f_cat(&weights.iter().enumerate().map(of_head).collect::<Result<Vec<_>, _>>()?, 1)?)
}

/// Memory of one thread.
struct Scratch {
    transposed: Vec<f32>,
    products: Vec<f32>,
    mask: Vec<f32>,
    dropped: Vec<f32>,
    factors: Vec<f32>,
    vectors: Vec<f32>,
}

impl Scratch {
    fn new() -> Self {
        let empty = Vec::new;
        Scratch {
            transposed: empty(),
            products: empty(),
            mask: empty(),
            dropped: empty(),
            factors: empty(),
            vectors: empty(),
        }
    }
}

/// What one sequence's forward pass writes, for each head: the mean of hidden states (`width` values), the sum of the
/// weights after dropout, and the weights before.
struct Results<'a> {
    means: &'a mut [f32],
    sums: &'a mut [f32],
    weights: &'a mut [f32],
}

/// What one sequence's backward pass reads, for each head: `width` values that gave the scores, `width` values whose
/// products with hidden states are the gradients of the weights after dropout but for a constant, that, and the weights.
struct Saved<'a> {
    asked: &'a [f32],
    given: &'a [f32],
    constants: &'a [f32],
    weights: &'a [f32],
}

#[inline(always)]
fn forward_sequence<I: InstructionSet>(
    isa: I,
    shape: &Shape,
    hidden: Rows<'_>,
    asking: &[f32],
    results: Results<'_>,
    dropout: Option<Dropout>,
    scratch: &mut Scratch,
) {
    let Results { means, sums, weights } = results;
    let Shape { padded, heads, size, .. } = *shape;
    let (length, width) = (shape.sequence.len, shape.width());
    let scale = 1.0 / (size as f32).sqrt();
    scores(isa, shape, hidden, asking, weights, scratch);
    scratch.factors.clear();
    for (head, (weights, sum)) in weights.chunks_mut(padded).zip(sums).enumerate() {
        softmax(weights, length, scale);
        let dropped = drop(shape, head, weights, dropout, &mut scratch.mask, &mut scratch.dropped);
        *sum = dropped.iter().sum();
        scratch.factors.extend_from_slice(dropped);
    }
    let left = LeftMatrix { values: &scratch.factors, row: padded, column: 1 };
    isa.small_product(left, hidden.right(shape.sequence.start, 0), (heads, length, width), means, width);
}

#[inline(always)]
fn backward_sequence<I: InstructionSet>(
    isa: I,
    shape: &Shape,
    hidden: Rows<'_>,
    saved: Saved<'_>,
    (hidden_gradient, asking_gradient): (&mut [f32], &mut [f32]),
    dropout: Option<Dropout>,
    scratch: &mut Scratch,
) {
    let Saved { asked, given, constants, weights } = saved;
    let Shape { padded, heads, size, .. } = *shape;
    let (length, width) = (shape.sequence.len, shape.width());
    let scale = 1.0 / (size as f32).sqrt();
    // For each head the gradient of its scores, then for each head its weights after dropout.
    let mut factors = std::mem::take(&mut scratch.factors);
    factors.clear();
    factors.resize(2 * heads * padded, 0.0);
    let (gradients, dropped) = factors.split_at_mut(heads * padded);
    scores(isa, shape, hidden, given, gradients, scratch);
    let rows = gradients.chunks_mut(padded).zip(dropped.chunks_mut(padded)).zip(weights.chunks(padded)).zip(constants);
    for (head, (((gradient, dropped), weights), constant)) in rows.enumerate() {
        for value in &mut gradient[..length] {
            *value += constant;
        }
        dropped.copy_from_slice(drop(shape, head, weights, dropout, &mut scratch.mask, &mut scratch.dropped));
        if dropout.is_some() {
            multiply(gradient, &scratch.mask);
        }
        softmax_backward(gradient, weights, scale);
    }

    let left = LeftMatrix { values: &factors, row: padded, column: 1 };
    let right = hidden.right(shape.sequence.start, 0);
    isa.small_product(left, right, (heads, length, width), asking_gradient, width);

    scratch.vectors.clear();
    scratch.vectors.extend_from_slice(asked);
    scratch.vectors.extend_from_slice(given);
    let left = LeftMatrix { values: &factors, row: 1, column: padded };
    let right = RightMatrix { values: &scratch.vectors, stride: width };
    isa.small_product(left, right, (length, 2 * heads, width), hidden_gradient, width);
    scratch.factors = factors;
}

/// `scores[head][j]`: the product of hidden state j with the vector of the head, 0 beyond the last token.
#[inline(always)]
fn scores<I: InstructionSet>(
    isa: I,
    shape: &Shape,
    hidden: Rows<'_>,
    vectors: &[f32],
    scores: &mut [f32],
    scratch: &mut Scratch,
) {
    let Shape { padded, heads, .. } = *shape;
    let (length, width) = (shape.sequence.len, shape.width());
    let wide = heads.next_multiple_of(LANES);
    scratch.transposed.clear();
    scratch.transposed.resize(width * wide, 0.0);
    for (head, vector) in vectors.chunks(width).enumerate() {
        for (value, into) in vector.iter().zip(scratch.transposed[head..].iter_mut().step_by(wide)) {
            *into = *value;
        }
    }
    scratch.products.resize(length * wide, 0.0);
    let right = RightMatrix { values: &scratch.transposed, stride: wide };
    let left = hidden.left(shape.sequence.start, 0);
    isa.small_product(left, right, (length, width, heads), &mut scratch.products, wide);
    for (head, scores) in scores.chunks_mut(padded).enumerate() {
        scores[length..].fill(0.0);
        for (score, products) in scores.iter_mut().zip(scratch.products.chunks(wide)) {
            *score = products[head];
        }
    }
}
