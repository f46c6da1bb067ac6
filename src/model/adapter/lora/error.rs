//! What can be wrong with a LoRA adapter that was saved.

use serde_json::Value;

/// A configuration or tensors that are not those of a plain LoRA adapter. Whoever asked names the file.
#[derive(Debug, thiserror::Error)]
pub enum LoraError {
    #[error("`{field}` is set: {variant} is not supported, only plain LoRA")]
    Variant { field: &'static str, variant: &'static str },
    #[error("`lora_bias` is set: a bias on lora_B is not supported")]
    Bias,
    #[error(
        "init_lora_weights is `{given}`: {variant} changes the frozen weights too; convert the adapter to plain LoRA with \
         PEFT (save_pretrained with path_initial_model_for_weight_conversion)"
    )]
    ChangesTheBase { given: String, variant: &'static str },
    #[error("{field} is {value}; PEFT needs {wanted}")]
    Number { field: &'static str, value: Value, wanted: &'static str },
    #[error("r is {0}; it must be at least 1")]
    Rank(i64),
    #[error(transparent)]
    Fields(#[from] serde_json::Error),
    #[error("{field} `{pattern}`: {source}")]
    Pattern { field: &'static str, pattern: String, source: regex::Error },
    #[error("alpha_pattern `{pattern}`: {value} is no number")]
    AlphaOfPattern { pattern: String, value: Value },
    #[error("rank_pattern `{pattern}` is {value}; it must be a whole number of at least 1")]
    RankOfPattern { pattern: String, value: Value },
    #[error(
        "the matrices of `{module}` have shapes {a:?} and {b:?} instead of [rank, {}] and [{}, rank]",
        fitting[1],
        fitting[0]
    )]
    Shapes {
        module: String,
        a: Vec<i64>,
        b: Vec<i64>,
        /// Of the linear layer, `[out, in]`.
        fitting: [i64; 2],
    },
    #[error(
        "the matrices of `{module}` have rank {rank}, but the configuration says {configured} (`r`, `rank_pattern`): they \
         are of different adapters"
    )]
    OtherRank { module: String, rank: i64, configured: i64 },
}
