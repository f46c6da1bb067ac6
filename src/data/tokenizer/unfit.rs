//! What is wrong with a tokenizer's files.

/// A setting or a vocabulary that a tokenizer cannot have: a sentence about the file.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unfit(pub(super) String);
