//! `adapter_config.json` as PEFT writes it: what it says whatever the kind of adapter.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::PeftError;
use super::files::TASK;
use crate::model::adapter::{AdapterKind, LayerSettings, SavedSettings, kind_of_type, peft_types};
use crate::model::error::ModelError;

/// What matters for evaluating and continuing an adapter.
#[derive(Debug)]
pub struct SavedConfig {
    pub kind: &'static dyn AdapterKind,
    pub base_model_name_or_path: Option<String>,
    pub r: i64,
    pub lora_alpha: f64,
    /// What the kind says of single linear layers.
    pub(super) layers: Box<dyn LayerSettings>,
    /// Which biases were trained: `none`, `all`, `lora_only`.
    pub bias: String,
    /// Modules that were trained whole.
    pub modules_to_save: Vec<String>,
}

/// The fields that all kinds have.
#[derive(Deserialize)]
struct Common {
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    #[serde(default = "none")]
    bias: String,
    #[serde(default)]
    modules_to_save: Option<Vec<String>>,
}

fn none() -> String {
    "none".to_string()
}

impl SavedConfig {
    /// # Errors
    /// A missing or malformed file, or a kind of adapter that is not supported.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
        Self::parse(&text).map_err(|source| ModelError::Saved { path: path.to_path_buf(), source: Box::new(source) })
    }

    fn parse(text: &str) -> Result<Self, PeftError> {
        let fields: Map<String, Value> = serde_json::from_str(text)?;
        let kind = kind(&fields)?;
        let SavedSettings { rank, alpha, layers } = kind.read_config(&fields).map_err(PeftError::OfKind)?;
        if let Some(value) = fields.get("bias").filter(|value| !value.is_string()) {
            return Err(PeftError::Bias(value.clone()));
        }
        let Common { base_model_name_or_path, bias, modules_to_save } = serde_json::from_value(Value::Object(fields))?;
        let modules_to_save = modules_to_save.unwrap_or_default();
        Ok(SavedConfig { kind, base_model_name_or_path, r: rank, lora_alpha: alpha, layers, bias, modules_to_save })
    }
}

/// The kind of adapter, for the task that we know.
fn kind(fields: &Map<String, Value>) -> Result<&'static dyn AdapterKind, PeftError> {
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let found = text("peft_type").ok_or(PeftError::NoType)?;
    let kind =
        kind_of_type(found).ok_or_else(|| PeftError::Type { found: found.to_owned(), supported: peft_types() })?;
    match text("task_type").filter(|task| *task != TASK) {
        Some(task) => Err(PeftError::Task(task.to_owned())),
        None => Ok(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kinds_tasks_and_biases_are_refused_by_name() {
        for (text, named) in [
            (r#"{"peft_type": "OTHER"}"#, "peft_type `OTHER` is not supported; only LORA"),
            ("{}", "peft_type"),
            (r#"{"peft_type": "LORA", "task_type": "CAUSAL_LM"}"#, "CAUSAL_LM"),
            (r#"{"peft_type": "LORA", "bias": null}"#, "bias is null"),
            // What the kind says.
            (r#"{"peft_type": "LORA", "use_dora": true}"#, "DoRA"),
        ] {
            let error = SavedConfig::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
        let text =
            r#"{"peft_type": "LORA", "r": 4, "lora_alpha": 2, "task_type": null, "modules_to_save": ["pooler"]}"#;
        let config = SavedConfig::parse(text).unwrap();
        assert_eq!((config.r, config.lora_alpha, config.bias.as_str()), (4, 2.0, "none"));
        assert_eq!(config.modules_to_save, ["pooler"]);
    }
}
