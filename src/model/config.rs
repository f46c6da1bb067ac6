//! `config.json` of a Hugging Face model folder.

use std::path::Path;

use serde::Deserialize;

use super::ModelError;
use crate::spec::Architecture;

/// What the encoder computes between the two linear layers of its feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// With the error function.
    Gelu,
    /// With the tanh approximation.
    GeluTanh,
    Relu,
}

/// The shape of an encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    pub architecture: Architecture,
    pub hidden_size: i64,
    pub layers: usize,
    pub heads: i64,
    pub intermediate_size: i64,
    pub vocab_size: i64,
    /// Rows of the position table.
    pub positions: i64,
    /// Position id of the first token (RoBERTa counts from `pad_token_id + 1`).
    pub position_offset: i64,
    /// Rows of the token type table; 0: there is none.
    pub token_types: i64,
    pub layer_norm_eps: f64,
    pub activation: Activation,
    /// Standard deviation of newly initialised weights.
    pub initializer_range: f64,
}

impl ModelConfig {
    /// Reads `folder/config.json`.
    ///
    /// # Errors
    /// A missing or malformed file, an architecture or a setting that is not supported.
    pub fn read(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join("config.json");
        let text = std::fs::read_to_string(&path).map_err(|source| ModelError::Read { path: path.clone(), source })?;
        Self::parse(&text, &path)
    }

    /// Of the text of a `config.json`; errors name `path`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ModelError> {
        let invalid = |message: String| ModelError::Invalid { path: path.to_path_buf(), message };
        let raw: Raw = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        raw.validate().map_err(invalid)
    }

    /// Longest sequence the position table allows.
    pub fn longest_sequence(&self) -> usize {
        (self.positions - self.position_offset).max(0) as usize
    }

    pub fn head_size(&self) -> i64 {
        self.hidden_size / self.heads
    }
}

/// The fields as files have them; DistilBERT calls several of them otherwise.
#[derive(Deserialize)]
struct Raw {
    model_type: String,
    vocab_size: i64,
    #[serde(alias = "dim")]
    hidden_size: i64,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: i64,
    #[serde(alias = "hidden_dim")]
    intermediate_size: i64,
    #[serde(default = "default_positions")]
    max_position_embeddings: i64,
    #[serde(default)]
    type_vocab_size: Option<i64>,
    #[serde(default)]
    pad_token_id: Option<i64>,
    #[serde(default = "default_eps")]
    layer_norm_eps: f64,
    #[serde(default = "default_activation", alias = "activation")]
    hidden_act: String,
    #[serde(default = "default_range")]
    initializer_range: f64,
    #[serde(default)]
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
}

fn default_positions() -> i64 {
    512
}

fn default_eps() -> f64 {
    1e-12
}

fn default_activation() -> String {
    "gelu".to_string()
}

fn default_range() -> f64 {
    0.02
}

impl Raw {
    fn validate(self) -> Result<ModelConfig, String> {
        let Some(architecture) = Architecture::from_model_type(&self.model_type) else {
            let given = &self.model_type;
            return Err(format!(
                "model_type `{given}` is not supported; supported are roberta, xlm-roberta, bert, distilbert"
            ));
        };
        let activation = match self.hidden_act.as_str() {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            other => {
                return Err(format!("hidden_act `{other}` is not supported; supported are gelu, gelu_new, relu"));
            }
        };
        if let Some(kind) = self.position_embedding_type.filter(|kind| kind != "absolute") {
            return Err(format!("position_embedding_type `{kind}` is not supported; only absolute is"));
        }
        if self.is_decoder {
            return Err("is_decoder is true; only encoders are supported".to_string());
        }
        for (name, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers as i64),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
        ] {
            if value < 1 {
                return Err(format!("{name} is {value}; it must be at least 1"));
            }
        }
        if self.hidden_size % self.num_attention_heads != 0 {
            return Err(format!(
                "hidden_size {} is not a multiple of num_attention_heads {}",
                self.hidden_size, self.num_attention_heads
            ));
        }
        let (position_offset, token_types) = match architecture {
            Architecture::Roberta => (self.pad_token_id.unwrap_or(1) + 1, self.type_vocab_size.unwrap_or(1)),
            Architecture::Bert => (0, self.type_vocab_size.unwrap_or(2)),
            Architecture::DistilBert => (0, 0),
        };
        Ok(ModelConfig {
            architecture,
            hidden_size: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            vocab_size: self.vocab_size,
            positions: self.max_position_embeddings,
            position_offset,
            token_types,
            layer_norm_eps: self.layer_norm_eps,
            activation,
            initializer_range: self.initializer_range,
        })
    }
}
