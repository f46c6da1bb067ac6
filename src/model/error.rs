//! What can be wrong with a model folder.

use std::path::PathBuf;

/// A model cannot be loaded or computed with.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{path}: cannot read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {message}")]
    Invalid { path: PathBuf, message: String },
    /// The weights do not fit the configuration; one line per problem.
    #[error("{path}: the weights do not fit config.json:\n  {}", problems.join("\n  "))]
    Weights { path: PathBuf, problems: Vec<String> },
    #[error("{0}")]
    Adapter(String),
    #[error("this libtorch has no switch for TF32: set precision to fp32 or bf16")]
    NoTf32,
    /// libtorch refused an operation, out of memory included.
    #[error(transparent)]
    Torch(#[from] tch::TchError),
}
