//! `adapter_config.json` as PEFT writes it: what it says whatever the kind of adapter.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::PeftError;
use super::files::TASK;
use crate::hub_name;
use crate::model::adapter::{AdapterKind, LayerSettings, SavedSettings, kind_of_type, peft_types};
use crate::model::error::ModelError;

const BASE_MODEL: &str = "base_model_name_or_path";
/// The revision of a repository where none is named.
const MAIN: &str = "main";

/// What matters for evaluating and continuing an adapter.
#[derive(Debug)]
pub struct SavedConfig {
    pub kind: &'static dyn AdapterKind,
    /// With the revision that is named beside it: `owner/name@revision`.
    pub base_model: Option<String>,
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
    /// Of the base model.
    #[serde(default)]
    revision: Option<String>,
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
        let Common { base_model_name_or_path, revision, bias, modules_to_save } =
            serde_json::from_value(Value::Object(fields))?;
        let base_model = base_model_name_or_path.map(|name| at_revision(name, revision.as_deref()));
        let modules_to_save = modules_to_save.unwrap_or_default();
        Ok(SavedConfig { kind, base_model, r: rank, lora_alpha: alpha, layers, bias, modules_to_save })
    }
}

/// A folder has no revisions; that of a repository is `main` where none is named.
fn at_revision(name: String, revision: Option<&str>) -> String {
    let is_plain = hub_name::apart(&name).is_some_and(|(_, behind)| behind.is_none()) && !Path::new(&name).is_dir();
    match revision.filter(|revision| is_plain && !matches!(*revision, "" | MAIN)) {
        Some(revision) => format!("{name}@{revision}"),
        None => name,
    }
}

/// The text of an `adapter_config.json` in which the revision of the base model stands in a field of its own, as PEFT reads it,
/// and not behind the name, where earlier versions wrote it; none where there is nothing to change.
///
/// # Errors
/// A text that is no JSON.
pub fn with_revision_apart(text: &str) -> Result<Option<String>, serde_json::Error> {
    let mut fields: Map<String, Value> = serde_json::from_str(text)?;
    let named = fields.get(BASE_MODEL).and_then(Value::as_str).and_then(hub_name::apart);
    let Some((name, Some(revision))) = named.map(|(name, revision)| (name.to_owned(), revision.map(str::to_owned)))
    else {
        return Ok(None);
    };
    fields.insert(BASE_MODEL.to_owned(), name.into());
    fields.insert("revision".to_owned(), revision.into());
    Ok(Some(serde_json::to_string_pretty(&fields)? + "\n"))
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
    fn the_revision_of_the_base_model_stands_beside_its_name() {
        let base_model = |name: &str, revision: &str| {
            let text = format!(
                r#"{{"peft_type": "LORA", "r": 4, "lora_alpha": 2, "base_model_name_or_path": "{name}", "revision": {revision}}}"#
            );
            SavedConfig::parse(&text).unwrap().base_model.unwrap()
        };
        assert_eq!(base_model("acme/tiny", r#""v2""#), "acme/tiny@v2");
        for revision in ["null", r#""""#, r#""main""#] {
            assert_eq!(base_model("acme/tiny", revision), "acme/tiny");
        }
        // As earlier versions wrote it, and a folder.
        assert_eq!(base_model("acme/tiny@v2", "null"), "acme/tiny@v2");
        assert_eq!(base_model("/models/tiny", r#""v2""#), "/models/tiny");
    }

    #[test]
    fn a_revision_behind_the_name_is_put_beside_it() {
        let text = r#"{"peft_type": "LORA", "base_model_name_or_path": "acme/tiny@v2", "r": 4}"#;
        let changed: Value = serde_json::from_str(&with_revision_apart(text).unwrap().unwrap()).unwrap();
        let expected = serde_json::json!(
            {"peft_type": "LORA", "base_model_name_or_path": "acme/tiny", "revision": "v2", "r": 4}
        );
        assert_eq!(changed, expected);
        for name in ["acme/tiny", "/models/a/b@v2"] {
            let text = format!(r#"{{"base_model_name_or_path": "{name}"}}"#);
            assert_eq!(with_revision_apart(&text).unwrap(), None);
        }
    }

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
