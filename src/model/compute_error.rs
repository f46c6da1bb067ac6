//! Why a pass cannot be computed.

use tch::TchError;

/// What libtorch says keeps its type; what is found before it, or before a kernel, is asked says that it is ours.
#[derive(Debug, thiserror::Error)]
pub enum ComputeError {
    /// libtorch refused an operation, out of memory included.
    #[error(transparent)]
    Torch(#[from] TchError),
    /// The model's embeddings have no row for a token.
    #[error("token id {id}: the model's embeddings have {words} rows")]
    TokenId { id: i64, words: i64 },
    /// A sequence is longer than the model's table of positions.
    #[error("a sequence of {length} tokens: the model takes at most {longest}")]
    SequenceLength { length: usize, longest: i64 },
    /// An operation was given tensors or rows that it is not made for: a fault of this program.
    #[error("{0}")]
    Operands(String),
    /// A kernel was not launched.
    #[error("{source} in {kernel}")]
    Launch { kernel: String, source: Box<dyn std::error::Error + Send + Sync> },
}

impl ComputeError {
    /// A device's memory was exhausted: libtorch has no kind of error for that, so its words tell.
    pub fn is_out_of_memory(&self) -> bool {
        let Self::Torch(error) = self else { return false };
        let message = error.to_string().to_lowercase();
        message.contains("out of memory") || message.contains("can't allocate memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorch_says_when_memory_is_exhausted_and_nobody_else() {
        let torch = |message: &str| ComputeError::from(TchError::Torch(message.to_string()));
        for exhausted in ["CUDA out of memory. Tried to allocate", "DefaultCPUAllocator: can't allocate memory"] {
            assert!(torch(exhausted).is_out_of_memory(), "{exhausted}");
        }
        assert!(!torch("size mismatch").is_out_of_memory());
        assert!(!ComputeError::Operands("a row out of memory".to_string()).is_out_of_memory());
    }

    #[test]
    fn what_we_find_is_not_said_to_be_of_libtorch() {
        let error = ComputeError::TokenId { id: 7, words: 5 };
        assert_eq!(error.to_string(), "token id 7: the model's embeddings have 5 rows");
        assert!(std::error::Error::source(&error).is_none());
    }
}
