//! `config.json` of a Hugging Face model folder.

use std::path::Path;

use super::error::ModelError;
use super::family::{self, ConfigError, FAMILIES, Family, Fields, ModelType};
use super::graph::Graph;

/// What a configuration says of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    pub family: &'static dyn Family,
    pub model_type: &'static ModelType,
    pub graph: Graph,
    /// Standard deviation of newly initialised weights.
    pub initializer_range: f64,
    /// What the head in the model's own files is for, where it is said: `single_label_classification` or another.
    pub problem_type: Option<String>,
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
        parse(text).map_err(|source| ModelError::Config { path: path.to_path_buf(), source: Box::new(source) })
    }

    /// Encoder layers.
    pub fn layers(&self) -> usize {
        self.graph.layers.len()
    }

    /// Rows of the table of word embeddings.
    pub fn vocabulary(&self) -> usize {
        self.graph.embeddings.word.shape[0].unsigned_abs() as usize
    }

    /// Longest sequence the position table allows.
    pub fn longest_sequence(&self) -> usize {
        self.graph.embeddings.position.longest_sequence()
    }

    /// Whether the model takes sequences of `max_length` tokens.
    ///
    /// # Errors
    /// It does not.
    pub fn takes(&self, max_length: usize) -> Result<(), ModelError> {
        let longest = self.longest_sequence();
        if max_length > longest { Err(ModelError::MaxLength { given: max_length, longest }) } else { Ok(()) }
    }
}

fn parse(text: &str) -> Result<ModelConfig, ConfigError> {
    let mut fields = Fields::parse(text)?;
    let given = fields.kind().ok_or(ConfigError::NoModelType)?.to_owned();
    let Some((family, model_type)) = family::by_model_type(&given) else {
        let types = FAMILIES.iter().flat_map(|family| family.model_types());
        return Err(ConfigError::ModelType { given, supported: types.map(|model_type| model_type.name).collect() });
    };
    let graph = family.graph(&mut fields)?.checked()?;
    Ok(ModelConfig {
        family,
        model_type,
        graph,
        initializer_range: fields.real("initializer_range", 0.02)?,
        problem_type: fields.text("problem_type")?.map(str::to_string),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    fn read(json: &str) -> Result<ModelConfig, String> {
        parse(json).map_err(|error| error.to_string())
    }

    fn bert(field: &str) -> Result<ModelConfig, String> {
        let mut fields: Map<String, Value> = serde_json::from_str(
            r#"{"model_type": "bert", "vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2,
                "num_attention_heads": 4, "intermediate_size": 64}"#,
        )
        .unwrap();
        let changed: Map<String, Value> = serde_json::from_str(&format!("{{{field}}}")).unwrap();
        fields.extend(changed);
        read(&Value::from(fields).to_string())
    }

    /// M6: no integer of the file leads to memory or time without bounds.
    #[test]
    fn sizes_beyond_reason_are_refused_by_name() {
        for (field, said) in [
            (r#""num_hidden_layers": 2000000000"#, "num_hidden_layers is 2000000000; at most 1024 is possible"),
            (r#""num_hidden_layers": 0"#, "num_hidden_layers is 0; it must be at least 1"),
            (r#""num_hidden_layers": -3"#, "num_hidden_layers is -3; it must be at least 1"),
            (r#""num_hidden_layers": 2.5"#, "num_hidden_layers is 2.5; it must be a whole number"),
            (r#""num_hidden_layers": "2""#, "it must be a whole number"),
            (r#""vocab_size": 18446744073709551615"#, "vocab_size is 18446744073709551615; at most"),
            (r#""hidden_size": 9223372036854775807"#, "hidden_size is 9223372036854775807; at most"),
            (r#""hidden_size": 134217728, "vocab_size": 134217728"#, "parameters"),
            (r#""num_attention_heads": 0"#, "num_attention_heads is 0"),
            (r#""num_attention_heads": 5"#, "not a multiple"),
            (r#""intermediate_size": -1"#, "intermediate_size is -1"),
            (r#""max_position_embeddings": 0"#, "max_position_embeddings is 0"),
            (r#""type_vocab_size": 0"#, "type_vocab_size is 0"),
            (r#""layer_norm_eps": -1.0"#, "layer_norm_eps is -1.0"),
            (r#""vocab_size": null"#, "there is no vocab_size"),
            (r#""model_type": "roberta", "pad_token_id": -1"#, "pad_token_id is -1"),
            (r#""model_type": "roberta", "pad_token_id": 511"#, "pad_token_id is 511; at most 510"),
            (r#""model_type": "roberta", "max_position_embeddings": 1"#, "pad_token_id"),
        ] {
            match bert(field) {
                Err(error) => assert!(error.contains(said), "{field}: {error}"),
                Ok(config) => panic!("{field}: {config:?}"),
            }
        }
        assert_eq!(bert(r#""pad_token_id": -1"#).unwrap().longest_sequence(), 512);
    }

    /// M7: DistilBERT has names of its own, and `transformers` reads no `layer_norm_eps` of it.
    #[test]
    fn distilbert_has_its_own_names() {
        let distilbert = |more: &str| {
            read(&format!(
                r#"{{"model_type": "distilbert", "vocab_size": 100, "dim": 48, "n_layers": 2, "n_heads": 4,
                    "hidden_dim": 72, "activation": "relu"{more}}}"#
            ))
        };
        let plain = distilbert("").unwrap();
        let shape = plain.graph.shape;
        assert_eq!((shape.width, shape.inner, plain.graph.embeddings.norm.eps), (48, 72, 1e-12));
        for ignored in [
            r#", "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4"#,
            r#", "layer_norm_eps": 0.5, "intermediate_size": 8, "hidden_act": "gelu", "type_vocab_size": 2"#,
        ] {
            assert_eq!(distilbert(ignored).unwrap(), plain);
        }
        let error = distilbert(r#", "hidden_size": 96"#).unwrap_err();
        assert_eq!(error, "dim is 48, but hidden_size, another name for it, is 96");
        // And BERT has none of them.
        assert_eq!(bert(r#""dim": 99, "n_layers": 9"#).unwrap().graph.shape.width, 32);
    }
}
