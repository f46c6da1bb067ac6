//! `adapter_config.json` as PEFT writes it: what it says, and which kinds of adapter we refuse.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::ModelError;

/// The fields that matter for evaluating and continuing an adapter.
#[derive(Debug, Deserialize)]
pub struct SavedConfig {
    peft_type: String,
    #[serde(default)]
    task_type: Option<String>,
    #[serde(default)]
    pub base_model_name_or_path: Option<String>,
    pub r: i64,
    pub lora_alpha: f64,
    #[serde(default)]
    pub lora_dropout: f64,
    #[serde(default)]
    alpha_pattern: BTreeMap<String, f64>,
    #[serde(default)]
    use_rslora: bool,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

/// Settings that make another kind of adapter when they are set, and what that kind is called.
const KINDS: [(&str, &str); 8] = [
    ("use_dora", "DoRA"),
    ("use_qalora", "QALoRA"),
    ("use_bdlora", "BD-LoRA"),
    ("alora_invocation_tokens", "activated LoRA"),
    ("arrow_config", "Arrow routing"),
    ("trainable_token_indices", "trainable tokens"),
    ("target_parameters", "LoRA on bare parameters"),
    ("layer_replication", "layer replication"),
];

impl SavedConfig {
    /// # Errors
    /// A missing or malformed file, or a kind of adapter that is not supported.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
        let invalid = |message: String| ModelError::Invalid { path: path.to_path_buf(), message };
        let config: SavedConfig = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        config.refuse_other_kinds().map_err(invalid)?;
        Ok(config)
    }

    fn refuse_other_kinds(&self) -> Result<(), String> {
        if self.peft_type != "LORA" {
            return Err(format!("peft_type `{}` is not supported; only LORA is", self.peft_type));
        }
        if let Some(task) = self.task_type.as_deref().filter(|task| *task != "SEQ_CLS") {
            return Err(format!("task_type `{task}` is not supported; only SEQ_CLS is"));
        }
        for (field, kind) in KINDS {
            if self.rest.get(field).is_some_and(is_set) {
                return Err(format!("`{field}` is set: {kind} is not supported, only plain LoRA"));
            }
        }
        if self.rest.get("lora_bias").is_some_and(is_set) {
            return Err("`lora_bias` is set: a bias on lora_B is not supported".to_string());
        }
        if self.r < 1 {
            return Err(format!("r is {}; it must be at least 1", self.r));
        }
        Ok(())
    }

    /// What the update of `module` is multiplied by, as PEFT computes it: alpha over the rank, or over its root.
    pub fn scale(&self, module: &str, rank: i64) -> Result<f64, String> {
        let mut alpha = self.lora_alpha;
        for (pattern, value) in &self.alpha_pattern {
            // `get_pattern_key` of PEFT.
            let whole = regex::Regex::new(&format!(r"^(?:.*\.)?(?:{pattern})$"))
                .map_err(|error| format!("alpha_pattern `{pattern}`: {error}"))?;
            if whole.is_match(module) {
                alpha = *value;
                break;
            }
        }
        let divisor = if self.use_rslora { (rank as f64).sqrt() } else { rank as f64 };
        Ok(alpha / divisor)
    }
}

/// Neither null, false, nor empty.
fn is_set(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => false,
        serde_json::Value::Bool(value) => *value,
        serde_json::Value::Array(items) => !items.is_empty(),
        serde_json::Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}
