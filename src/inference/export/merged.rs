//! The classifier as a plain model, its adapter merged in.

use std::path::Path;

use crate::inference::{ClassifierSource, InferenceError};

use super::config::config;
use super::exporter::RunExporter;
use super::folder::Beside;

/// Writes a plain Hugging Face folder: `config.json` (with the names of the classes), `model.safetensors` in float32, the
/// tokenizer's files, which say the length that the run cut its texts to.
pub(super) struct Merged;

impl RunExporter for Merged {
    fn name(&self) -> &'static str {
        "merged"
    }

    fn about(&self) -> &'static str {
        "Writes a plain Hugging Face model: the adapter merged into the weights (float32), class names, tokenizer"
    }

    fn noun(&self) -> &'static str {
        "a merged model"
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn export(&self, source: &ClassifierSource, card: Option<&str>, folder: &Path) -> Result<(), InferenceError> {
        let beside = Beside::of(folder)?;
        let merged = source.merged()?;
        let config = config(source, &source.targets(merged.classes)?)?;
        beside.write("config.json", config.as_bytes())?;
        beside.write("model.safetensors", &merged.weights_file()?)?;
        beside.write_tokenizer(source)?;
        beside.write_card(card)?;
        beside.into_place(folder)
    }
}
