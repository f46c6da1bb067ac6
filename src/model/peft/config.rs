//! `adapter_config.json` as PEFT writes it: what it says, and which kinds of adapter we refuse.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::pattern;
use crate::model::error::ModelError;

/// The fields that matter for evaluating and continuing an adapter.
#[derive(Clone, Debug, Deserialize)]
pub struct SavedConfig {
    #[serde(default)]
    pub base_model_name_or_path: Option<String>,
    #[serde(default = "eight")]
    pub r: i64,
    #[serde(default = "eight_exactly")]
    pub lora_alpha: f64,
    #[serde(default)]
    pub lora_dropout: f64,
    /// In the file's order: the first pattern that fits counts.
    #[serde(default)]
    alpha_pattern: Option<Map<String, Value>>,
    #[serde(default)]
    rank_pattern: Option<Map<String, Value>>,
    #[serde(default)]
    use_rslora: Option<bool>,
    /// Which biases were trained: `none`, `all`, `lora_only`.
    #[serde(default = "none")]
    pub bias: String,
    /// Modules that were trained whole.
    #[serde(default)]
    pub modules_to_save: Option<Vec<String>>,
}

/// PEFT's rank and alpha where a file has none.
fn eight() -> i64 {
    8
}

fn eight_exactly() -> f64 {
    8.0
}

fn none() -> String {
    "none".to_string()
}

/// Settings that make another kind of adapter when they are set, and what that kind is called.
const KINDS: [(&str, &str); 11] = [
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

impl SavedConfig {
    /// # Errors
    /// A missing or malformed file, or a kind of adapter that is not supported.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
        Self::parse(&text).map_err(|message| ModelError::Invalid { path: path.to_path_buf(), message })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let raw: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        refuse_other_kinds(&raw)?;
        check_numbers(&raw)?;
        let config: SavedConfig = serde_json::from_value(raw.into()).map_err(|error| error.to_string())?;
        if config.r < 1 {
            return Err(format!("r is {}; it must be at least 1", config.r));
        }
        Ok(config)
    }

    /// What the update of `module` is multiplied by, as PEFT computes it: alpha over the rank, or over its root.
    pub fn scale(&self, module: &str, rank: i64) -> Result<f64, String> {
        let alpha = match of_pattern("alpha_pattern", self.alpha_pattern.as_ref(), module)? {
            Some((pattern, value)) => {
                value.as_f64().ok_or_else(|| format!("alpha_pattern `{pattern}`: {value} is no number"))?
            }
            None => self.lora_alpha,
        };
        let divisor = if self.use_rslora == Some(true) { (rank as f64).sqrt() } else { rank as f64 };
        Ok(alpha / divisor)
    }

    /// The rank of the matrices of `module`.
    pub fn rank(&self, module: &str) -> Result<i64, String> {
        match of_pattern("rank_pattern", self.rank_pattern.as_ref(), module)? {
            Some((pattern, value)) => value
                .as_i64()
                .filter(|rank| *rank >= 1)
                .ok_or_else(|| format!("rank_pattern `{pattern}` is {value}; it must be a whole number of at least 1")),
            None => Ok(self.r),
        }
    }
}

/// The first pattern that fits a module, with its value (`get_pattern_key` of PEFT).
fn of_pattern<'a>(
    field: &str,
    patterns: Option<&'a Map<String, Value>>,
    module: &str,
) -> Result<Option<(&'a str, &'a Value)>, String> {
    for (pattern, value) in patterns.into_iter().flatten() {
        let fits = pattern::fits(pattern, module).map_err(|error| format!("{field} `{pattern}`: {error}"))?;
        if fits {
            return Ok(Some((pattern, value)));
        }
    }
    Ok(None)
}

/// Numbers as PEFT takes them: it fails on others, with an error that does not name them.
fn check_numbers(raw: &Map<String, Value>) -> Result<(), String> {
    for (field, whole) in [("r", true), ("lora_alpha", false), ("lora_dropout", false)] {
        let Some(value) = raw.get(field) else { continue };
        let fits = if whole { value.is_i64() } else { value.is_number() };
        if !fits {
            let wanted = if whole { "a whole number such as 8" } else { "a number" };
            return Err(format!("{field} is {value}; PEFT needs {wanted}"));
        }
    }
    if let Some(value) = raw.get("bias").filter(|value| !value.is_string()) {
        return Err(format!("bias is {value}; it must be none, all or lora_only"));
    }
    Ok(())
}

fn refuse_other_kinds(raw: &Map<String, Value>) -> Result<(), String> {
    let text = |field: &str| raw.get(field).and_then(Value::as_str);
    match text("peft_type") {
        Some("LORA") => {}
        Some(other) => return Err(format!("peft_type `{other}` is not supported; only LORA is")),
        None => return Err("there is no peft_type: this is no configuration of an adapter".to_string()),
    }
    if let Some(task) = text("task_type").filter(|task| *task != "SEQ_CLS") {
        return Err(format!("task_type `{task}` is not supported; only SEQ_CLS is"));
    }
    for (field, kind) in KINDS {
        if raw.get(field).is_some_and(is_set) {
            return Err(format!("`{field}` is set: {kind} is not supported, only plain LoRA"));
        }
    }
    if raw.get("lora_bias").is_some_and(is_set) {
        return Err("`lora_bias` is set: a bias on lora_B is not supported".to_string());
    }
    if let Some(given) = text("init_lora_weights")
        && let Some((_, kind)) = CHANGE_THE_BASE.iter().find(|(name, _)| given.starts_with(name))
    {
        return Err(format!(
            "init_lora_weights is `{given}`: {kind} changes the frozen weights too; convert the adapter to plain LoRA \
             with PEFT (save_pretrained with path_initial_model_for_weight_conversion)"
        ));
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

    fn parse(fields: &str) -> Result<SavedConfig, String> {
        SavedConfig::parse(&format!(r#"{{"peft_type": "LORA", "r": 4, "lora_alpha": 8, {fields}}}"#))
    }

    #[test]
    fn scales_follow_patterns_and_rslora() {
        let config = parse(r#""alpha_pattern": {"layer.1.*": 2, "query": 16}"#).unwrap();
        assert_eq!(config.scale("bert.encoder.layer.0.attention.self.key", 4), Ok(2.0));
        assert_eq!(config.scale("bert.encoder.layer.0.attention.self.query", 4), Ok(4.0));
        // Both fit; the first counts.
        assert_eq!(config.scale("bert.encoder.layer.1.attention.self.query", 4), Ok(0.5));
        let config = parse(r#""use_rslora": true, "alpha_pattern": {}"#).unwrap();
        assert_eq!(config.scale("bert.encoder.layer.0.output.dense", 16), Ok(2.0));
        // M7: with look-around, as Python's `re` has it.
        let config = parse(r#""alpha_pattern": {"layer\\.(?!0).*query": 2, "(?P<name>ke)y": 4}"#).unwrap();
        assert_eq!(config.scale("bert.encoder.layer.0.attention.self.query", 4), Ok(2.0));
        assert_eq!(config.scale("bert.encoder.layer.1.attention.self.query", 4), Ok(0.5));
        assert_eq!(config.scale("bert.encoder.layer.1.attention.self.key", 4), Ok(1.0));
        let config = parse(r#""rank_pattern": {"layer.0.*(?<=query)": 2}"#).unwrap();
        assert_eq!(config.rank("bert.encoder.layer.0.attention.self.query"), Ok(2));
        assert_eq!(config.rank("bert.encoder.layer.0.attention.self.key"), Ok(4));
        let error = parse(r#""alpha_pattern": {"(": 2}"#).unwrap().scale("x", 1).unwrap_err();
        assert!(error.contains("alpha_pattern `(`"), "{error}");
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        for (fields, named) in [
            (r#""use_dora": true"#, "DoRA"),
            (r#""lora_bias": true"#, "lora_bias"),
            (r#""init_lora_weights": "pissa_niter_16""#, "PiSSA"),
            (r#""init_lora_weights": "olora""#, "OLoRA"),
            (r#""task_type": "CAUSAL_LM""#, "CAUSAL_LM"),
            (r#""target_parameters": ["a"]"#, "bare parameters"),
            (r#""r": 0"#, "at least 1"),
            // M7: PEFT fails on these as well.
            (r#""r": 4.0"#, "r is 4.0; PEFT needs a whole number"),
            (r#""lora_dropout": null"#, "lora_dropout is null; PEFT needs a number"),
            (r#""lora_alpha": "16""#, "lora_alpha is \"16\"; PEFT needs a number"),
            (r#""bias": null"#, "bias is null"),
        ] {
            let error = parse(fields).unwrap_err();
            assert!(error.contains(named), "{fields}: {error}");
        }
        for fields in [
            r#""use_dora": false, "lora_bias": null, "target_parameters": [], "task_type": null"#,
            r#""init_lora_weights": "gaussian", "loftq_config": {}, "eva_config": {"rho": 2}"#,
        ] {
            parse(fields).unwrap();
        }
        assert!(SavedConfig::parse(r#"{"peft_type": "IA3"}"#).unwrap_err().contains("IA3"));
        assert!(SavedConfig::parse("{}").unwrap_err().contains("peft_type"));
    }
}
