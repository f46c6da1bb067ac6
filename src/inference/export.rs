//! Classifiers as folders that other tools load.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::source::KNOWN_DATA;
use super::{InferenceError, Source, tokenizer_files};
use crate::model::{ModelConfig, SavedAdapter, peft};
use crate::store::write_atomically;

/// Writes the classifier, its adapter merged in, as a plain Hugging Face folder: `config.json` (with the names of the
/// classes), `model.safetensors` in float32, the tokenizer's files, which say the length that the run cut its texts to. The
/// folder appears when it is complete.
///
/// # Errors
/// A folder that exists and is not empty, files that cannot be used, or a folder that cannot be written.
pub fn export_merged(source: &Source, folder: &Path) -> Result<(), InferenceError> {
    let beside = Beside::of(folder)?;
    let merged = source.merged()?;
    let config = config(source, &source.class_names(merged.classes)?)?;
    beside.write("config.json", config.as_bytes())?;
    beside.write("model.safetensors", &merged.weights_file()?)?;
    beside.write_tokenizer(source)?;
    beside.into_place(folder)
}

/// Writes the adapter, as PEFT saves it, and the tokenizer's files as [`export_merged`] does, for `AutoTokenizer`.
///
/// # Errors
/// As [`export_merged`]; also a source without an adapter.
pub fn export_adapter(source: &Source, folder: &Path) -> Result<(), InferenceError> {
    let adapter = source.adapter.as_ref().ok_or_else(|| InferenceError::NoAdapter { name: source.name.clone() })?;
    let saved = SavedAdapter::read(adapter, &ModelConfig::read(&source.model)?)?;
    // Of a head that is the model's own, the names are the model's, too.
    let classes = saved.classes(&ModelConfig::read(&source.model)?);
    let config = match classes {
        Some(classes) => Some(config(source, &source.class_names(classes)?)?),
        None => None,
    };
    let beside = Beside::of(folder)?;
    if let Some(config) = config {
        beside.write("config.json", config.as_bytes())?;
    }
    beside.copy(adapter, &[peft::CONFIG_FILE, peft::WEIGHTS_FILE])?;
    beside.write_tokenizer(source)?;
    beside.into_place(folder)
}

/// The model's `config.json`, as that of a classifier with these classes.
fn config(source: &Source, class_names: &[String]) -> Result<String, InferenceError> {
    let path = source.model.join("config.json");
    let text = fs::read_to_string(&path).map_err(InferenceError::io(&path, "read"))?;
    let invalid = |message: String| InferenceError::Config { path: path.clone(), message };
    let mut config: Map<String, Value> = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    let class = ModelConfig::parse(&text, &path)?.model_type.classifier;
    let by_id: Map<String, Value> =
        class_names.iter().enumerate().map(|(id, name)| (id.to_string(), json!(name))).collect();
    let by_name: Map<String, Value> =
        class_names.iter().enumerate().map(|(id, name)| (name.clone(), json!(id))).collect();
    // Told of where the model came from, and of the type of its weights, which are float32 now.
    for stale in ["_name_or_path", "torch_dtype"] {
        config.remove(stale);
    }
    for (field, value) in [
        ("architectures", json!([class])),
        ("id2label", by_id.into()),
        ("label2id", by_name.into()),
        ("num_labels", json!(class_names.len())),
        ("problem_type", json!("single_label_classification")),
        ("dtype", json!("float32")),
    ] {
        config.insert(field.to_owned(), value);
    }
    if let Some(data) = &source.data {
        let data = serde_json::to_value(data).map_err(|error| invalid(error.to_string()))?;
        config.insert(KNOWN_DATA.to_owned(), data);
    }
    let text = serde_json::to_string_pretty(&config).map_err(|error| invalid(error.to_string()))?;
    Ok(text + "\n")
}

/// A folder that is being written; it is removed when it is dropped before it came into its place.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // Once it is in its place nothing is left to remove.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Beside {
    /// A new folder in the same parent, which is made where it is missing.
    fn of(folder: &Path) -> Result<Self, InferenceError> {
        let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if folder.exists() && !empty {
            return Err(InferenceError::Exists { path: folder.to_path_buf() });
        }
        let path = std::path::absolute(folder).map_err(InferenceError::io(folder, "create"))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        fs::create_dir_all(&beside).map_err(InferenceError::io(&beside, "create"))?;
        Ok(Beside(beside))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, contents: &[u8]) -> Result<(), InferenceError> {
        Ok(write_atomically(&self.path(name), contents)?)
    }

    fn write_tokenizer(&self, source: &Source) -> Result<(), InferenceError> {
        let files = tokenizer_files::read(&source.model, source.max_length)?;
        files.into_iter().try_for_each(|(name, contents)| self.write(name, &contents))
    }

    /// Those of these files that are there.
    fn copy(&self, from: &Path, names: &[&str]) -> Result<(), InferenceError> {
        for name in names {
            let file = from.join(name);
            if file.is_file() {
                let contents = fs::read(&file).map_err(InferenceError::io(&file, "read"))?;
                self.write(name, &contents)?;
            }
        }
        Ok(())
    }

    fn into_place(self, folder: &Path) -> Result<(), InferenceError> {
        fs::rename(&self.0, folder).map_err(InferenceError::io(folder, "write"))
    }
}
