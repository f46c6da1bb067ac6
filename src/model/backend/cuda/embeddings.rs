//! Embeddings of tokens.

use tch::Tensor;

use super::launch::{Runs, int};
use super::program::{Function, Program};
use super::rows::{ROWS_PER_BLOCK, THREADS};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;
use crate::model::frozen::Embeddings;
use crate::model::layout::Layout;

/// The embedding of every token, `[rows, width]`.
pub fn embed(
    program: &Program,
    embeddings: &Embeddings,
    layout: &Layout,
    dropouts: &RowDropouts,
) -> Result<Tensor, ComputeError> {
    let (memory, width, count) = (program.memory(), program.sizes.width, layout.rows);
    let hidden = program.values(&[count as i64, width as i64])?;
    // The tables have a row for each of these, and for each token.
    let positions = embeddings.positions(layout)?;
    let (words, places) = (embeddings.word.size()[0], embeddings.position.size()[0]);
    let words = memory.fours(&embeddings.word, &[words as usize, width])?;
    let places = memory.fours(&embeddings.position, &[places as usize, width])?;
    let (ids, positions) = (memory.integers(&layout.ids, &[count])?, memory.integers(&positions, &[count])?);
    let weight = memory.fours(&embeddings.norm.weight, &[width])?;
    let bias = memory.fours(&embeddings.norm.bias, &[width])?;
    let to = memory.values(&hidden, &[count, width])?;
    for (rows, runs) in Runs::of_rows(dropouts, count)? {
        // SAFETY: the parameters of `embed` in their order. Sizes were checked: ids and positions have a number for each
        // row, tables a row for each of these numbers.
        unsafe {
            program.launch(
                Function::Embed,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[
                    &words,
                    &places,
                    &ids,
                    &positions,
                    &weight,
                    &bias,
                    &(embeddings.norm.eps as f32),
                    &to,
                    &int(rows.end)?,
                    &runs,
                    &int(rows.start)?,
                ],
            )?;
        }
    }
    Ok(hidden)
}
