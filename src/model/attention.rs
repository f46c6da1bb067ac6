//! What attention is given and gives back, on every backend.

use tch::Tensor;

use super::compute_error::ComputeError;

/// Sizes of the attention of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionShape {
    pub heads: i64,
    /// Width of one head.
    pub head_size: i64,
    /// Longest sequence of the model; fixes where a row's dropout mask begins.
    pub longest: usize,
}

impl AttentionShape {
    pub fn width(&self) -> i64 {
        self.heads * self.head_size
    }

    /// What scores are multiplied by before softmax (Vaswani et al., "Attention is all you need", 2017).
    pub fn scale(&self) -> f64 {
        1.0 / (self.head_size as f64).sqrt()
    }
}

/// Which tokens have queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queries {
    /// Every token: `query` has a row per token.
    Tokens,
    /// The first token of each sequence: `query` has a row per sequence.
    Firsts,
}

/// Gradients of the inputs of attention.
pub enum AttentionGradient {
    /// Where every token has a query: query, key and value side by side, `[rows, 3 * width]`.
    Joined(Tensor),
    /// Where first tokens have queries: `[sequences, width]` and `[rows, 2 * width]`.
    Apart { query: Tensor, key_value: Tensor },
}

impl AttentionGradient {
    /// Views of the query's gradient and of that of key and value.
    pub fn apart(&self, width: i64) -> Result<(Tensor, Tensor), ComputeError> {
        match self {
            Self::Joined(all) => Ok((all.f_narrow(1, 0, width)?, all.f_narrow(1, width, 2 * width)?)),
            Self::Apart { query, key_value } => Ok((query.shallow_clone(), key_value.shallow_clone())),
        }
    }
}
