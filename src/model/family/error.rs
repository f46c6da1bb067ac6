//! What can be wrong with a model's configuration.

use serde_json::Value;

use crate::model::graph::SameStream;

/// A field of `config.json` that cannot be used, by the name that the file has for it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("there is no model_type, which says what kind of model this is")]
    NoModelType,
    #[error("model_type `{given}` is not supported; supported are {}", supported.join(", "))]
    ModelType { given: String, supported: Vec<&'static str> },
    #[error("there is no {0}")]
    Missing(&'static str),
    #[error("{field} is {value}; it must be at least {least}")]
    TooSmall { field: &'static str, value: Value, least: i64 },
    #[error("{field} is {value}; at most {most} is possible")]
    TooLarge { field: &'static str, value: Value, most: i64 },
    #[error("{field} is {value}; it must be {wanted}")]
    Kind { field: &'static str, value: Value, wanted: &'static str },
    #[error("{own} is {one}, but {general}, another name for it, is {other}")]
    TwoValues { own: &'static str, one: String, general: &'static str, other: String },
    #[error("{field} `{given}` is not supported; {supported}")]
    Unsupported { field: &'static str, given: String, supported: &'static str },
    #[error("is_decoder is true; only encoders are supported")]
    Decoder,
    #[error("hidden_size {width} is not a multiple of num_attention_heads {heads}")]
    Heads { width: i64, heads: i64 },
    #[error(
        "max_position_embeddings is {positions}, which leaves no position behind that of padding (pad_token_id {padding})"
    )]
    Padding { positions: i64, padding: i64 },
    #[error(
        "the sizes give a model of {parameters} parameters (hidden_size {width}, intermediate_size {inner}, \
         num_hidden_layers {layers}, vocab_size {vocabulary}); at most {most} are possible"
    )]
    Size { parameters: i128, width: i64, inner: i64, layers: usize, vocabulary: i64, most: i128 },
    /// A fault of the family, not of the file.
    #[error(transparent)]
    Network(#[from] SameStream),
}
