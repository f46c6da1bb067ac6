//! What can be wrong with a model folder.

use std::path::PathBuf;

use super::family::ConfigError;

/// A model cannot be loaded or computed with.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{path}: cannot read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {message}")]
    Invalid { path: PathBuf, message: String },
    #[error("{path}: {source}")]
    /// Boxed, since it is much larger than the others.
    Config { path: PathBuf, source: Box<ConfigError> },
    /// The weights do not fit the configuration, or cannot be used.
    #[error("{path}: the weights do not fit config.json: {}", listed(problems))]
    Weights { path: PathBuf, problems: Vec<String> },
    #[error("max_length is {given}; this model takes at most {longest} tokens")]
    MaxLength { given: usize, longest: usize },
    #[error("{0}")]
    Adapter(String),
    #[error("this libtorch has no switch for TF32: set precision to fp32 or bf16")]
    NoTf32,
    /// libtorch refused an operation, out of memory included.
    #[error(transparent)]
    Torch(#[from] tch::TchError),
}

/// At most this many problems are listed in a message.
const LISTED: usize = 12;

fn listed(problems: &[String]) -> String {
    let mut text = problems.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
    if problems.len() > LISTED {
        text.push_str(&format!("; and {} more", problems.len() - LISTED));
    }
    text
}
