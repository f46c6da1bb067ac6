//! The configuration of a LoRA adapter as PEFT writes it, and which variants we refuse.

use serde::Deserialize;
use serde_json::{Map, Value};
use tch::Tensor;

use super::error::LoraError;
use super::pattern;
use crate::model::adapter::{KindError, LayerSettings, UpdateSettings};
use crate::model::graph::LinearNode;

/// The fields that matter for evaluating and continuing an adapter. Which layers it adapts, and with which rank, is read off
/// its tensors; `r` and `rank_pattern` must agree.
#[derive(Debug, Deserialize)]
pub struct SavedLora {
    #[serde(default = "eight")]
    pub r: i64,
    #[serde(default = "eight_exactly")]
    pub lora_alpha: f64,
    /// In the file's order: the first pattern that fits counts.
    #[serde(default)]
    alpha_pattern: Option<Map<String, Value>>,
    #[serde(default)]
    rank_pattern: Option<Map<String, Value>>,
    #[serde(default)]
    use_rslora: Option<bool>,
}

/// PEFT's rank and alpha where a file has none.
fn eight() -> i64 {
    8
}

fn eight_exactly() -> f64 {
    8.0
}

/// Settings that make another kind of adapter when they are set, and what that kind is called.
const VARIANTS: [(&str, &str); 11] = [
    ("use_dora", "DoRA"),
    ("use_qalora", "QALoRA"),
    ("use_bdlora", "BD-LoRA"),
    ("kasa_config", "KaSA"),
    ("velora_config", "VeLoRA"),
    ("monteclora_config", "MonteCLoRA"),
    ("alora_invocation_tokens", "activated LoRA"),
    ("arrow_config", "Arrow routing"),
    ("trainable_token_indices", "trainable tokens"),
    ("target_parameters", "LoRA on bare parameters"),
    ("layer_replication", "layer replication"),
];

/// Initialisations that change the frozen weights as well, so that the adapter fits no plain checkpoint. They may carry
/// a number (`pissa_niter_4`).
const CHANGE_THE_BASE: [(&str, &str); 5] =
    [("pissa", "PiSSA"), ("olora", "OLoRA"), ("corda", "CorDA"), ("loftq", "LoftQ"), ("lora_ga", "LoRA-GA")];

/// Numbers as PEFT takes them: it fails on others, with an error that does not name them.
const NUMBERS: [(&str, bool); 3] = [("r", true), ("lora_alpha", false), ("lora_dropout", false)];

impl SavedLora {
    /// # Errors
    /// Fields that PEFT would not take, or a variant that is not supported.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, LoraError> {
        refuse_variants(fields)?;
        for (field, whole) in NUMBERS {
            let Some(value) = fields.get(field) else { continue };
            let fits = if whole { value.is_i64() } else { value.is_number() };
            if !fits {
                let wanted = if whole { "a whole number such as 8" } else { "a number" };
                return Err(LoraError::Number { field, value: value.clone(), wanted });
            }
        }
        let saved: SavedLora = serde_json::from_value(Value::Object(fields.clone()))?;
        if saved.r < 1 { Err(LoraError::Rank(saved.r)) } else { Ok(saved) }
    }

    /// What the update of `module` is multiplied by, as PEFT computes it: alpha over the rank, or over its root.
    fn scale(&self, module: &str, rank: i64) -> Result<f64, LoraError> {
        let alpha = match of_pattern("alpha_pattern", self.alpha_pattern.as_ref(), module)? {
            Some((pattern, value)) => value.as_f64().ok_or_else(|| {
                let (pattern, value) = (pattern.to_owned(), value.clone());
                LoraError::AlphaOfPattern { pattern, value }
            })?,
            None => self.lora_alpha,
        };
        let divisor = if self.use_rslora == Some(true) { (rank as f64).sqrt() } else { rank as f64 };
        Ok(alpha / divisor)
    }

    /// The rank of the matrices of `module`.
    fn rank(&self, module: &str) -> Result<i64, LoraError> {
        let Some((pattern, value)) = of_pattern("rank_pattern", self.rank_pattern.as_ref(), module)? else {
            return Ok(self.r);
        };
        value.as_i64().filter(|rank| *rank >= 1).ok_or_else(|| {
            let (pattern, value) = (pattern.to_owned(), value.clone());
            LoraError::RankOfPattern { pattern, value }
        })
    }

    fn settings(&self, linear: &LinearNode, a: &Tensor, b: &Tensor) -> Result<UpdateSettings, LoraError> {
        let (out, input, module) = (linear.out(), linear.input(), &linear.name);
        let (a, b) = (a.size(), b.size());
        let rank = a.first().copied().unwrap_or(0);
        if rank < 1 || a != [rank, input] || b != [out, rank] {
            return Err(LoraError::Shapes { module: module.clone(), a, b, fitting: [out, input] });
        }
        let configured = self.rank(module)?;
        if configured != rank {
            return Err(LoraError::OtherRank { module: module.clone(), rank, configured });
        }
        Ok(UpdateSettings { rank, scale: self.scale(module, rank)? })
    }
}

impl LayerSettings for SavedLora {
    fn of_layer(&self, linear: &LinearNode, values: &[Tensor]) -> Result<UpdateSettings, KindError> {
        let [a, b] = values else { unreachable!("a value for each of two parts") };
        Ok(self.settings(linear, a, b)?)
    }
}

/// The first pattern that fits a module, with its value (`get_pattern_key` of PEFT).
fn of_pattern<'a>(
    field: &'static str,
    patterns: Option<&'a Map<String, Value>>,
    module: &str,
) -> Result<Option<(&'a str, &'a Value)>, LoraError> {
    for (pattern, value) in patterns.into_iter().flatten() {
        let failed = |source| LoraError::Pattern { field, pattern: pattern.clone(), source };
        if pattern::fits(pattern, module).map_err(failed)? {
            return Ok(Some((pattern, value)));
        }
    }
    Ok(None)
}

fn refuse_variants(fields: &Map<String, Value>) -> Result<(), LoraError> {
    for (field, variant) in VARIANTS {
        if fields.get(field).is_some_and(is_set) {
            return Err(LoraError::Variant { field, variant });
        }
    }
    if fields.get("lora_bias").is_some_and(is_set) {
        return Err(LoraError::Bias);
    }
    if let Some(given) = fields.get("init_lora_weights").and_then(Value::as_str)
        && let Some((_, variant)) = CHANGE_THE_BASE.iter().find(|(name, _)| given.starts_with(name))
    {
        return Err(LoraError::ChangesTheBase { given: given.to_owned(), variant });
    }
    Ok(())
}

/// Neither null, false, nor empty.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &str) -> Result<SavedLora, String> {
        let text = format!(r#"{{"peft_type": "LORA", "r": 4, "lora_alpha": 8, {fields}}}"#);
        SavedLora::read(&serde_json::from_str(&text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn scales_follow_patterns_and_rslora() {
        let scale = |saved: &SavedLora, module: &str, rank| saved.scale(module, rank).unwrap();
        let saved = read(r#""alpha_pattern": {"layer.1.*": 2, "query": 16}"#).unwrap();
        assert_eq!(scale(&saved, "bert.encoder.layer.0.attention.self.key", 4), 2.0);
        assert_eq!(scale(&saved, "bert.encoder.layer.0.attention.self.query", 4), 4.0);
        // Both fit; the first counts.
        assert_eq!(scale(&saved, "bert.encoder.layer.1.attention.self.query", 4), 0.5);
        let saved = read(r#""use_rslora": true, "alpha_pattern": {}"#).unwrap();
        assert_eq!(scale(&saved, "bert.encoder.layer.0.output.dense", 16), 2.0);
        // With look-around, as Python's `re` has it.
        let saved = read(r#""alpha_pattern": {"layer\\.(?!0).*query": 2, "(?P<name>ke)y": 4}"#).unwrap();
        assert_eq!(scale(&saved, "bert.encoder.layer.0.attention.self.query", 4), 2.0);
        assert_eq!(scale(&saved, "bert.encoder.layer.1.attention.self.query", 4), 0.5);
        assert_eq!(scale(&saved, "bert.encoder.layer.1.attention.self.key", 4), 1.0);
        let saved = read(r#""rank_pattern": {"layer.0.*(?<=query)": 2}"#).unwrap();
        assert_eq!(saved.rank("bert.encoder.layer.0.attention.self.query").unwrap(), 2);
        assert_eq!(saved.rank("bert.encoder.layer.0.attention.self.key").unwrap(), 4);
        let error = read(r#""alpha_pattern": {"(": 2}"#).unwrap().scale("x", 1).unwrap_err().to_string();
        assert!(error.contains("alpha_pattern `(`"), "{error}");
    }

    #[test]
    fn variants_are_refused_by_name() {
        for (fields, named) in [
            (r#""use_dora": true"#, "DoRA"),
            (r#""lora_bias": true"#, "lora_bias"),
            (r#""init_lora_weights": "pissa_niter_16""#, "PiSSA"),
            (r#""init_lora_weights": "olora""#, "OLoRA"),
            (r#""target_parameters": ["a"]"#, "bare parameters"),
            (r#""r": 0"#, "at least 1"),
            // PEFT fails on these as well.
            (r#""r": 4.0"#, "r is 4.0; PEFT needs a whole number"),
            (r#""lora_dropout": null"#, "lora_dropout is null; PEFT needs a number"),
            (r#""lora_alpha": "16""#, "lora_alpha is \"16\"; PEFT needs a number"),
        ] {
            let error = read(fields).unwrap_err();
            assert!(error.contains(named), "{fields}: {error}");
        }
        for fields in [
            r#""use_dora": false, "lora_bias": null, "target_parameters": []"#,
            r#""init_lora_weights": "gaussian", "loftq_config": {}, "eva_config": {"rho": 2}"#,
        ] {
            read(fields).unwrap();
        }
    }
}
