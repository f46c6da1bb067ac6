//! What makes token ids into the first hidden states.

use super::layer::NormNode;
use super::tensor::TensorShape;

/// Learned positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionTable {
    /// `[positions, width]`
    pub table: TensorShape,
    /// Position id of the first token.
    pub offset: i64,
    /// The id of padding where it decides about positions: tokens of that id within a text are not counted, and all have
    /// the position before `offset`.
    pub padding: Option<i64>,
}

impl PositionTable {
    /// Longest sequence that the table allows.
    pub fn longest_sequence(&self) -> usize {
        (self.table.shape[0] - self.offset).max(0) as usize
    }
}

/// The sum of a token's rows in each table, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddingsNode {
    /// `[vocabulary, width]`
    pub word: TensorShape,
    pub position: PositionTable,
    /// `[token types, width]`; every token is of type 0.
    pub token_type: Option<TensorShape>,
    pub norm: NormNode,
}

impl EmbeddingsNode {
    pub fn tensors(&self) -> impl Iterator<Item = &TensorShape> {
        [&self.word, &self.position.table].into_iter().chain(&self.token_type).chain(self.norm.tensors())
    }
}
