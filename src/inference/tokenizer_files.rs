//! The tokenizer's files of a model, with the length to which a run cut its texts.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model_files::{TOKENIZER, TOKENIZER_CONFIG, TOKENIZER_FILES};

use super::InferenceError;

/// A file that we do not read, but others who load the folder do.
const SENTENCE_PIECES: &str = "sentencepiece.bpe.model";

/// Names and contents of the tokenizer's files in `model`. With `max_length` they say so: `model_max_length` in
/// `tokenizer_config.json`, which `transformers` cuts to with `truncation=True`, and the truncation of `tokenizer.json`.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn read(model: &Path, max_length: Option<usize>) -> Result<Vec<(&'static str, Vec<u8>)>, InferenceError> {
    let mut files = Vec::new();
    for name in TOKENIZER_FILES.into_iter().chain([SENTENCE_PIECES]) {
        let path = model.join(name);
        let there = path.is_file();
        match (name, max_length) {
            (TOKENIZER_CONFIG, Some(length)) => {
                let mut config = if there { object(&path)? } else { Map::new() };
                config.remove("max_len");
                config.insert("model_max_length".to_owned(), json!(length));
                files.push((name, text(&config.into(), &path)?));
            }
            (TOKENIZER, Some(length)) if there => {
                let mut tokenizer = object(&path)?;
                let direction = tokenizer.get("truncation").and_then(|truncation| truncation.get("direction")).cloned();
                let direction = match direction {
                    Some(direction) => direction,
                    None => side(model)?,
                };
                let truncation =
                    json!({"direction": direction, "max_length": length, "strategy": "LongestFirst", "stride": 0});
                tokenizer.insert("truncation".to_owned(), truncation);
                files.push((name, text(&tokenizer.into(), &path)?));
            }
            _ if there => files.push((name, fs::read(&path).map_err(InferenceError::io(&path, "read"))?)),
            _ => {}
        }
    }
    Ok(files)
}

/// The length that the tokenizer's configuration in `folder` says; none where it says none.
pub(super) fn stated_length(folder: &Path) -> Result<Option<usize>, InferenceError> {
    /// `transformers` writes 1e30 where nothing is known.
    const ENDLESS: f64 = 1e9;
    let path = folder.join(TOKENIZER_CONFIG);
    if !path.is_file() {
        return Ok(None);
    }
    let config = object(&path)?;
    let length = config.get("model_max_length").or_else(|| config.get("max_len")).and_then(Value::as_f64);
    Ok(length.filter(|length| (1.0..ENDLESS).contains(length)).map(|length| length as usize))
}

/// Which end of a text is cut, as `tokenizer.json` calls it.
fn side(model: &Path) -> Result<Value, InferenceError> {
    let path = model.join(TOKENIZER_CONFIG);
    let config = if path.is_file() { object(&path)? } else { Map::new() };
    let left = config.get("truncation_side").and_then(Value::as_str) == Some("left");
    Ok(json!(if left { "Left" } else { "Right" }))
}

fn object(path: &Path) -> Result<Map<String, Value>, InferenceError> {
    let text = fs::read_to_string(path).map_err(InferenceError::io(path, "read"))?;
    serde_json::from_str(&text)
        .map_err(|error| InferenceError::Config { path: path.to_path_buf(), message: error.to_string() })
}

fn text(value: &Value, path: &Path) -> Result<Vec<u8>, InferenceError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| InferenceError::Config { path: path.to_path_buf(), message: error.to_string() })?;
    Ok((text + "\n").into_bytes())
}
