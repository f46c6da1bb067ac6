//! The `config.json` of an exported classifier.

use std::fs;

use serde_json::{Map, Value, json};

use crate::inference::source::KNOWN_DATA;
use crate::inference::{ClassifierSource, InferenceError};
use crate::model::ModelConfig;
use crate::task::Targets;

/// The model's `config.json`, as that of a model that tells these targets.
pub(super) fn config(source: &ClassifierSource, targets: &Targets) -> Result<String, InferenceError> {
    let path = source.model.join("config.json");
    let text = fs::read_to_string(&path).map_err(InferenceError::io(&path, "read"))?;
    let invalid = |message: String| InferenceError::Config { path: path.clone(), message };
    let mut config: Map<String, Value> = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    let class = ModelConfig::parse(&text, &path)?.model_type.classifier;
    // Told of where the model came from, and of the type of its weights, which are float32 now.
    for stale in ["_name_or_path", "torch_dtype"] {
        config.remove(stale);
    }
    let of_task = targets.config().into_iter();
    for (field, value) in
        [("architectures", json!([class]))].into_iter().chain(of_task).chain([("dtype", json!("float32"))])
    {
        config.insert(field.to_owned(), value);
    }
    if let Some(data) = &source.data {
        let data = serde_json::to_value(data).map_err(|error| invalid(error.to_string()))?;
        config.insert(KNOWN_DATA.to_owned(), data);
    }
    let text = serde_json::to_string_pretty(&config).map_err(|error| invalid(error.to_string()))?;
    Ok(text + "\n")
}
