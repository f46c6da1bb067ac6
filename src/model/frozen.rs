//! The frozen weights of an encoder, laid out for one backend: `L` is its linear layer, `S` its projections of hidden states.

use tch::Tensor;

use super::compute_error::ComputeError;
use super::layout::Layout;

/// A frozen LayerNorm.
#[derive(Debug)]
pub struct Norm {
    /// `[width]`
    pub weight: Tensor,
    /// `[width]`
    pub bias: Tensor,
    pub eps: f64,
}

#[derive(Debug)]
pub struct Embeddings {
    /// `[vocab, hidden]`
    pub word: Tensor,
    /// `[positions, hidden]`, token type 0 added, rows before `position_offset` cut off; with `padding`, its row is last.
    pub position: Tensor,
    /// The id of padding, where tokens of that id within a text are not counted (RoBERTa): all have the position of
    /// padding, `create_position_ids_from_input_ids` in transformers.
    pub padding: Option<i64>,
    pub norm: Norm,
}

impl Embeddings {
    /// The position of every token of a batch, a row of [`Self::position`] each, `[rows]` int64.
    ///
    /// # Errors
    /// A token without a row in [`Self::word`], or a sequence that is longer than the table of positions. Kernels read
    /// these tables unchecked.
    pub fn positions(&self, layout: &Layout) -> Result<Tensor, ComputeError> {
        let (words, longest) = (self.word.size()[0], self.position.size()[0] - i64::from(self.padding.is_some()));
        let ids = layout.tokens();
        if let Some(id) = ids.iter().find(|id| !(0..words).contains(*id)) {
            return Err(ComputeError::TokenId { id: *id, words });
        }
        let length = layout.sequences.iter().map(|sequence| sequence.len).max().unwrap_or(0);
        if length as i64 > longest {
            return Err(ComputeError::SequenceLength { length, longest });
        }
        match self.padding {
            Some(padding) if ids.contains(&padding) => layout.positions_without(padding, longest),
            _ => Ok(layout.positions.shallow_clone()),
        }
    }
}

/// Query, key and value of a layer.
#[derive(Debug)]
pub enum Projections<L, S> {
    /// Side by side, `[3 * hidden, hidden]`: every token has a query.
    Joined(L),
    /// Of the last layer, where only first tokens have queries; key and value are `[2 * hidden, hidden]`. `states` are the
    /// same key and value for attention that does without those of single tokens.
    Apart { query: L, key_value: L, states: Option<S> },
}

#[derive(Debug)]
pub struct Layer<L, S> {
    pub projections: Projections<L, S>,
    pub attention_output: L,
    pub attention_norm: Norm,
    pub intermediate: L,
    pub output: L,
    pub output_norm: Norm,
}

/// A frozen encoder, with its pooler where the family has one.
#[derive(Debug)]
pub struct Frozen<L, S> {
    pub embeddings: Embeddings,
    pub layers: Vec<Layer<L, S>>,
    pub pooler: Option<L>,
}
