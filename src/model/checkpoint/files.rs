//! The files of a model folder that hold its weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::error::ModelError;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// What they are called together, and each of them: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` lists.
///
/// # Errors
/// Neither is there, or the index cannot be read.
pub fn weight_files(folder: &Path) -> Result<(PathBuf, Vec<PathBuf>), ModelError> {
    let single = folder.join("model.safetensors");
    if single.is_file() {
        return Ok((single.clone(), vec![single]));
    }
    let index = folder.join("model.safetensors.index.json");
    if !index.is_file() {
        let advice = if folder.join("pytorch_model.bin").is_file() {
            "only pytorch_model.bin is there, which can run code when read; convert it with Python: \
             AutoModel.from_pretrained(FOLDER).save_pretrained(FOLDER)"
        } else {
            "it is not there; a model folder holds config.json, model.safetensors and the tokenizer's files"
        };
        return Err(ModelError::Invalid { path: single, message: advice.to_string() });
    }
    let text = std::fs::read_to_string(&index).map_err(|source| ModelError::Read { path: index.clone(), source })?;
    let parsed: Index = serde_json::from_str(&text)
        .map_err(|error| ModelError::Invalid { path: index.clone(), message: error.to_string() })?;
    let files: std::collections::BTreeSet<_> = parsed.weight_map.into_values().collect();
    Ok((index, files.into_iter().map(|name| folder.join(name)).collect()))
}
