//! `config.json` of a Hugging Face model folder.

use std::path::Path;

use serde_json::{Map, Value};

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
        let invalid = |message: String| ModelError::Invalid { path: path.to_path_buf(), message };
        let fields = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        Fields::of(fields).and_then(|fields| fields.validate()).map_err(invalid)
    }

    /// Longest sequence the position table allows.
    pub fn longest_sequence(&self) -> usize {
        (self.positions - self.position_offset).max(0) as usize
    }

    /// Whether the model takes sequences of `max_length` tokens.
    ///
    /// # Errors
    /// It does not.
    pub fn takes(&self, max_length: usize) -> Result<(), ModelError> {
        let longest = self.longest_sequence();
        if max_length > longest { Err(ModelError::MaxLength { given: max_length, longest }) } else { Ok(()) }
    }

    /// Whether the head in the model's own files tells single labels apart, as far as its configuration says.
    ///
    /// # Errors
    /// It does not; then the sentence says what it is for.
    pub fn single_label(&self) -> Result<(), String> {
        match self.problem_type.as_deref() {
            None | Some("single_label_classification") => Ok(()),
            Some(other) => Err(format!(
                "problem_type is `{other}`: the head gives no probabilities that sum to 1 over the classes; only \
                 single_label_classification can be predicted"
            )),
        }
    }

    /// The id of padding where it decides about positions: RoBERTa does not count such tokens.
    pub fn padding(&self) -> Option<i64> {
        (self.architecture == Architecture::Roberta).then_some(self.position_offset - 1)
    }

    pub fn head_size(&self) -> i64 {
        self.hidden_size / self.heads
    }
}

/// More than any encoder has; what exceeds it is a mistake, or would take all memory.
const MOST_LAYERS: i64 = 1024;
const MOST: i64 = 1 << 27;
const MOST_PARAMETERS: i128 = 1 << 40;

/// The fields of the file, by the names that BERT has for them.
struct Fields {
    architecture: Architecture,
    fields: Map<String, Value>,
}

/// DistilBERT's own name for a field, BERT's, and whether `transformers` takes BERT's name as well.
const OF_DISTILBERT: [(&str, &str, bool); 5] = [
    ("dim", "hidden_size", true),
    ("n_layers", "num_hidden_layers", true),
    ("n_heads", "num_attention_heads", true),
    ("hidden_dim", "intermediate_size", false),
    ("activation", "hidden_act", false),
];
/// What `transformers` does not read of a DistilBERT model.
const NOT_OF_DISTILBERT: [&str; 4] = ["layer_norm_eps", "type_vocab_size", "position_embedding_type", "is_decoder"];

impl Fields {
    fn of(fields: Map<String, Value>) -> Result<Self, String> {
        let Some(given) = fields.get("model_type").and_then(Value::as_str) else {
            return Err("there is no model_type, which says what kind of model this is".to_string());
        };
        let Some(architecture) = Architecture::from_model_type(given) else {
            return Err(format!(
                "model_type `{given}` is not supported; supported are roberta, xlm-roberta, bert, distilbert"
            ));
        };
        let mut fields = Fields { architecture, fields };
        if architecture == Architecture::DistilBert {
            fields.rename()?;
        }
        Ok(fields)
    }

    fn rename(&mut self) -> Result<(), String> {
        for (own, general, both) in OF_DISTILBERT {
            let (one, other) = (self.fields.remove(own), self.fields.remove(general).filter(|_| both));
            if let (Some(one), Some(other)) = (&one, &other)
                && one != other
            {
                return Err(format!("{own} is {one}, but {general}, another name for it, is {other}"));
            }
            if let Some(value) = one.or(other) {
                self.fields.insert(general.to_string(), value);
            }
        }
        for field in NOT_OF_DISTILBERT {
            self.fields.remove(field);
        }
        Ok(())
    }

    fn named(&self, general: &'static str) -> &'static str {
        let own = OF_DISTILBERT.iter().find(|(_, name, _)| *name == general);
        own.filter(|_| self.architecture == Architecture::DistilBert).map_or(general, |(own, _, _)| own)
    }

    /// None: it is not there, or null.
    fn integer(&self, name: &'static str, range: std::ops::RangeInclusive<i64>) -> Result<Option<i64>, String> {
        let Some(value) = self.fields.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let (name, least, most) = (self.named(name), range.start(), range.end());
        match value.as_i64() {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            Some(number) if number < *least => Err(format!("{name} is {value}; it must be at least {least}")),
            _ if value.is_u64() || value.is_i64() => Err(format!("{name} is {value}; at most {most} is possible")),
            _ => Err(format!("{name} is {value}; it must be a whole number")),
        }
    }

    fn size(&self, name: &'static str) -> Result<i64, String> {
        self.integer(name, 1..=MOST)?.ok_or_else(|| format!("there is no {}", self.named(name)))
    }

    fn real(&self, name: &str, default: f64) -> Result<f64, String> {
        match self.fields.get(name).filter(|value| !value.is_null()) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_f64().filter(|number| number.is_finite() && *number >= 0.0);
                number.ok_or_else(|| format!("{name} is {value}; it must be a number that is not negative"))
            }
        }
    }

    fn text(&self, name: &'static str) -> Result<Option<&str>, String> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("{} is {other}; it must be a text", self.named(name))),
        }
    }

    fn activation(&self) -> Result<Activation, String> {
        match self.text("hidden_act")?.unwrap_or("gelu") {
            "gelu" => Ok(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
            "relu" => Ok(Activation::Relu),
            other => Err(format!(
                "{} `{other}` is not supported; supported are gelu, gelu_new, relu",
                self.named("hidden_act")
            )),
        }
    }

    fn validate(&self) -> Result<ModelConfig, String> {
        if let Some(kind) = self.text("position_embedding_type")?.filter(|kind| *kind != "absolute") {
            return Err(format!("position_embedding_type `{kind}` is not supported; only absolute is"));
        }
        if self.fields.get("is_decoder").is_some_and(|value| *value == Value::Bool(true)) {
            return Err("is_decoder is true; only encoders are supported".to_string());
        }
        let layers = self.integer("num_hidden_layers", 1..=MOST_LAYERS)?;
        let layers = layers.ok_or_else(|| format!("there is no {}", self.named("num_hidden_layers")))?;
        let (hidden_size, heads) = (self.size("hidden_size")?, self.size("num_attention_heads")?);
        if hidden_size % heads != 0 {
            return Err(format!("hidden_size {hidden_size} is not a multiple of num_attention_heads {heads}"));
        }
        let positions = self.integer("max_position_embeddings", 1..=MOST)?.unwrap_or(512);
        let token_types = self.integer("type_vocab_size", 1..=MOST)?;
        let (position_offset, token_types, eps) = match self.architecture {
            Architecture::Roberta => {
                // Positions begin behind that of padding, of which there must be one.
                let padding = self.integer("pad_token_id", 0..=positions - 2)?.unwrap_or(1);
                if padding > positions - 2 {
                    return Err(format!(
                        "max_position_embeddings is {positions}, which leaves no position behind that of padding \
                         (pad_token_id {padding})"
                    ));
                }
                (padding + 1, token_types.unwrap_or(1), 1e-12)
            }
            Architecture::Bert => (0, token_types.unwrap_or(2), 1e-12),
            Architecture::DistilBert => (0, 0, 1e-12),
        };
        let config = ModelConfig {
            architecture: self.architecture,
            hidden_size,
            layers: layers as usize,
            heads,
            intermediate_size: self.size("intermediate_size")?,
            vocab_size: self.size("vocab_size")?,
            positions,
            position_offset,
            token_types,
            layer_norm_eps: self.real("layer_norm_eps", eps)?,
            activation: self.activation()?,
            initializer_range: self.real("initializer_range", 0.02)?,
            problem_type: self.text("problem_type")?.map(str::to_string),
        };
        let parameters = parameters(&config);
        if parameters > MOST_PARAMETERS {
            return Err(format!(
                "the sizes give a model of {parameters} parameters (hidden_size {hidden_size}, intermediate_size {}, \
                 num_hidden_layers {layers}, vocab_size {}); at most {MOST_PARAMETERS} are possible",
                config.intermediate_size, config.vocab_size
            ));
        }
        Ok(config)
    }
}

/// Of the matrices, which are nearly all.
fn parameters(config: &ModelConfig) -> i128 {
    let [width, inner, vocabulary, positions, types] =
        [config.hidden_size, config.intermediate_size, config.vocab_size, config.positions, config.token_types]
            .map(i128::from);
    let layer = 4 * width * width + 2 * width * inner;
    config.layers as i128 * layer + (vocabulary + positions + types) * width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ModelConfig, String> {
        Fields::of(serde_json::from_str(json).unwrap()).and_then(|fields| fields.validate())
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
        assert_eq!((plain.hidden_size, plain.intermediate_size, plain.layer_norm_eps), (48, 72, 1e-12));
        for ignored in [
            r#", "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4"#,
            r#", "layer_norm_eps": 0.5, "intermediate_size": 8, "hidden_act": "gelu", "type_vocab_size": 2"#,
        ] {
            assert_eq!(distilbert(ignored).unwrap(), plain);
        }
        let error = distilbert(r#", "hidden_size": 96"#).unwrap_err();
        assert_eq!(error, "dim is 48, but hidden_size, another name for it, is 96");
        // And BERT has none of them.
        assert_eq!(bert(r#""dim": 99, "n_layers": 9"#).unwrap().hidden_size, 32);
    }
}
