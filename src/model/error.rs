//! What can be wrong with a model folder.

use std::path::PathBuf;

use super::backend::InstructionSetError;
use super::compute_error::ComputeError;
use super::family::ConfigError;
use super::peft::PeftError;

/// A model cannot be loaded or computed with.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{path}: cannot read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {message}")]
    Invalid { path: PathBuf, message: String },
    /// Boxed, since it is much larger than the others.
    #[error("{path}: {source}")]
    Config { path: PathBuf, source: Box<ConfigError> },
    /// The weights do not fit the configuration, or cannot be used.
    #[error("{path}: the weights do not fit config.json: {}", listed(problems))]
    Weights { path: PathBuf, problems: Vec<String> },
    #[error("max_length is {given}; this model takes at most {longest} tokens")]
    MaxLength { given: usize, longest: usize },
    /// An adapter that was saved, in the file of this path. Boxed, since it is much larger than the others.
    #[error("{path}: {source}")]
    Saved { path: PathBuf, source: Box<PeftError> },
    #[error("there is no layer {0} to adapt")]
    NoLayer(usize),
    #[error("target module `{module}`: the model has {layers} layers, counted from 0, so layer {layer} is not there")]
    TargetLayer { module: String, layers: usize, layer: usize },
    #[error("target module `{module}` is no linear layer of a {encoder} encoder")]
    TargetModule { module: String, encoder: &'static str },
    /// A kind of adapter whose declarations and names disagree.
    #[error("there is no trainable parameter `{0}`")]
    NoParameter(String),
    /// Tensors that cannot be written as a file.
    #[error(transparent)]
    Safetensors(#[from] safetensors::SafeTensorError),
    /// A configuration that cannot be written as a file.
    #[error(transparent)]
    Json(serde_json::Error),
    #[error("this libtorch has no switch for TF32: set precision to fp32 or bf16")]
    NoTf32,
    #[error(transparent)]
    Instructions(#[from] InstructionSetError),
    /// An operation that was refused, out of memory included.
    #[error(transparent)]
    Compute(#[from] ComputeError),
}

impl From<tch::TchError> for ModelError {
    fn from(error: tch::TchError) -> Self {
        Self::Compute(error.into())
    }
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
