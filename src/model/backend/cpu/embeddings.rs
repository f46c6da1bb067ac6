//! Embeddings of tokens, with their LayerNorm and dropout in the same pass.

use rayon::prelude::*;
use tch::Tensor;

use super::isa::InstructionSet;
use super::norm::{fill_mask, squared_distance, total};
use super::{Borrows, ROWS_PER_PIECE, empty};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;
use crate::model::frozen::Embeddings;
use crate::model::layout::Layout;

/// `dropout(LayerNorm(word + position))` of every token, `[rows, width]`.
pub fn embed<I: InstructionSet>(
    isa: I,
    embeddings: &Embeddings,
    layout: &Layout,
    dropouts: &RowDropouts,
) -> Result<Tensor, ComputeError> {
    let positions = embeddings.positions(layout)?;
    let norm = &embeddings.norm;
    let width = embeddings.word.size()[1] as usize;
    let mut result = empty(&[layout.rows as i64, width as i64])?;
    let borrows = Borrows::new();
    let tables = (borrows.values(&embeddings.word)?, borrows.values(&embeddings.position)?);
    let parameters = (borrows.values(&norm.weight)?, borrows.values(&norm.bias)?, norm.eps as f32);
    let (ids, positions) = (borrows.integers(&layout.ids)?, borrows.integers(&positions)?);
    let pieces = borrows.values_mut(&mut result)?.par_chunks_mut(ROWS_PER_PIECE * width).enumerate();
    pieces.zip(ids.par_chunks(ROWS_PER_PIECE)).zip(positions.par_chunks(ROWS_PER_PIECE)).for_each(
        |(((index, result), ids), positions)| {
            let rows = (result, ids, positions);
            isa.vectorize(
                #[inline(always)]
                || embed_rows(index * ROWS_PER_PIECE, rows, tables, parameters, dropouts),
            );
        },
    );
    Ok(result)
}

#[inline(always)]
fn embed_rows(
    first: usize,
    (result, ids, positions): (&mut [f32], &[i64], &[i64]),
    (words, places): (&[f32], &[f32]),
    (weight, shift, eps): (&[f32], &[f32], f32),
    dropouts: &RowDropouts,
) {
    let width = weight.len();
    let mut mask = vec![1f32; width];
    for (row, (result, (&id, &position))) in result.chunks_mut(width).zip(ids.iter().zip(positions)).enumerate() {
        fill_mask(&mut mask, first + row, dropouts);
        let (word, place) = (&words[id as usize * width..][..width], &places[position as usize * width..][..width]);
        for column in 0..width {
            result[column] = word[column] + place[column];
        }
        let mean = total(result) / width as f32;
        let inverse = 1.0 / (squared_distance(result, mean) / width as f32 + eps).sqrt();
        for column in 0..width {
            let normalized = (result[column] - mean) * inverse;
            result[column] = normalized.mul_add(weight[column], shift[column]) * mask[column];
        }
    }
}
