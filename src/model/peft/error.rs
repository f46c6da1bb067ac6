//! What can be wrong with an adapter that was saved. Whoever asked names the file.

use super::files::PREFIX;
use crate::model::checkpoint::{Misfit, NOT_FINITE};

/// An adapter that cannot be used, or not with this model.
#[derive(Debug, thiserror::Error)]
pub enum PeftError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("there is no peft_type: this is no configuration of an adapter")]
    NoType,
    #[error("peft_type `{found}` is not supported; only {} is", supported.join(", "))]
    Type { found: String, supported: Vec<&'static str> },
    #[error("task_type `{0}` is not supported; only SEQ_CLS is")]
    Task(String),
    #[error("bias is {0}; it must be none, all or lora_only")]
    Bias(serde_json::Value),
    /// What the kind of adapter says.
    #[error(transparent)]
    OfKind(Box<dyn std::error::Error + Send + Sync>),
    #[error("only adapter_model.bin is there, which can run code when read; save the adapter again with a newer PEFT")]
    Pickled,
    #[error(transparent)]
    Unreadable(tch::TchError),
    #[error("`{key}` is stored as {dtype}, which is not supported; save it in float32")]
    Stored { key: String, dtype: String },
    #[error("`{key}` {}: the adapter cannot be used", NOT_FINITE)]
    NotFinite { key: String },
    #[error("`{0}` does not begin with `{PREFIX}`")]
    Prefix(String),
    #[error("`{0}` is adapted, which is no linear layer of this model's encoder")]
    NoLinear(String),
    #[error("`{0}` is missing")]
    Missing(String),
    #[error("`{0}` is not supported in an adapter")]
    Unsupported(String),
    #[error("`{name}` has shape {found:?} instead of {expected:?}")]
    Shape { name: String, found: Vec<i64>, expected: Vec<i64> },
    #[error("`{0}` is trained too, so the base must be loaded for this adapter")]
    TrainedToo(String),
    #[error("it has no classification head, and neither has the model")]
    NoHead,
    /// A trained weight that the model does not have, or has in another shape.
    #[error(transparent)]
    OfModel(#[from] Misfit),
    #[error("{}", joined(.0))]
    Several(Vec<PeftError>),
}

fn joined(errors: &[PeftError]) -> String {
    errors.iter().map(PeftError::to_string).collect::<Vec<_>>().join("; ")
}
