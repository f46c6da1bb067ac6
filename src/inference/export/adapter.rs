//! The adapter alone, as PEFT saves it.

use std::path::Path;

use crate::inference::{ClassifierSource, InferenceError};
use crate::model::{ModelConfig, SavedAdapter, peft};

use super::config::config;
use super::exporter::RunExporter;
use super::folder::Beside;

/// The adapter's configuration, where its base model's revision is not where PEFT reads it.
fn with_revision_apart(path: &Path) -> Result<Option<String>, InferenceError> {
    let text = std::fs::read_to_string(path).map_err(InferenceError::io(path, "read"))?;
    let changed = peft::with_revision_apart(&text);
    changed.map_err(|error| InferenceError::Config { path: path.to_path_buf(), message: error.to_string() })
}

/// Writes the adapter, and the tokenizer's files for `AutoTokenizer`. A source without an adapter is refused.
pub(super) struct AdapterAlone;

impl RunExporter for AdapterAlone {
    fn name(&self) -> &'static str {
        "adapter"
    }

    fn about(&self) -> &'static str {
        "Writes the adapter alone, in PEFT's format"
    }

    fn noun(&self) -> &'static str {
        "an adapter"
    }

    fn is_whole(&self) -> bool {
        false
    }

    fn export(&self, source: &ClassifierSource, card: Option<&str>, folder: &Path) -> Result<(), InferenceError> {
        let adapter = source.adapter.as_ref().ok_or_else(|| InferenceError::NoAdapter { name: source.name.clone() })?;
        let saved = SavedAdapter::read(adapter, &ModelConfig::read(&source.model)?)?;
        // Of a head that is the model's own, the names are the model's, too.
        let classes = saved.classes(&ModelConfig::read(&source.model)?);
        let config = match classes {
            Some(classes) => Some(config(source, &source.targets(classes)?)?),
            None => None,
        };
        let beside = Beside::of(folder)?;
        if let Some(config) = config {
            beside.write("config.json", config.as_bytes())?;
        }
        beside.copy(adapter, &[peft::CONFIG_FILE, peft::WEIGHTS_FILE])?;
        if let Some(text) = with_revision_apart(&adapter.join(peft::CONFIG_FILE))? {
            beside.write(peft::CONFIG_FILE, text.as_bytes())?;
        }
        beside.write_tokenizer(source)?;
        beside.write_card(card)?;
        beside.into_place(folder)
    }
}
