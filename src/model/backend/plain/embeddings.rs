//! Embeddings of tokens.

use tch::Tensor;

use super::masks;
use super::norm::normalize;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;
use crate::model::frozen::Embeddings;
use crate::model::layout::Layout;

/// The embedding of every token, `[rows, width]`.
pub fn embed(embeddings: &Embeddings, layout: &Layout, dropouts: &RowDropouts) -> Result<Tensor, ComputeError> {
    let positions = embeddings.positions(layout)?;
    let words = embeddings.word.f_index_select(0, &layout.ids)?;
    let positions = embeddings.position.f_index_select(0, &positions)?;
    let (hidden, _, _) = normalize(&words.f_add(&positions)?, &embeddings.norm)?;
    match masks::of_rows(dropouts, hidden.size()[1] as usize, hidden.device())? {
        Some(mask) => Ok(hidden.f_mul(&mask)?),
        None => Ok(hidden),
    }
}
