//! Whether weights fit their configuration, told by the heads of the files alone: in milliseconds, whatever their size.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::ModelError;
use super::adapter::linear_shape;
use super::config::ModelConfig;
use super::weights::{Unused, canonical_name, unused, weight_files};
use crate::spec::Module;

/// Longest head that the format allows, in bytes.
const LONGEST_HEAD: u64 = 100_000_000;

/// An entry of a head.
#[derive(Deserialize)]
struct Entry {
    shape: Vec<i64>,
    /// First and last byte of the values, the last excluded, from the end of the head.
    data_offsets: (u64, u64),
}

/// Checks that the weights of a folder are those of an encoder of this configuration: every expected one is there with its
/// shape, nothing is left over, and no file ends early.
///
/// # Errors
/// As loading the model gives them: all problems of the weights in one report.
pub fn check_weights(folder: &Path, config: &ModelConfig) -> Result<(), ModelError> {
    let architecture = config.architecture;
    let (path, files) = weight_files(folder)?;
    let mut found = BTreeMap::new();
    for file in files {
        let head = read_head(&file)?;
        found.extend(head.into_iter().map(|(name, shape)| (canonical_name(&name, architecture), shape)));
    }
    let mut problems = Vec::new();
    for (name, shape) in expected(config) {
        match found.remove(&name) {
            Some(found) if found == shape => {}
            Some(found) => problems.push(format!("`{name}` has shape {found:?} instead of {shape:?}")),
            None => problems.push(format!("`{name}` (shape {shape:?}) is missing")),
        }
    }
    let heads = architecture.head();
    let is_head = |name: &str| name.rsplit_once('.').is_some_and(|(module, _)| heads.contains(&module));
    let left = found.keys().filter(|name| !is_head(name) && unused(name, architecture) == Unused::No);
    problems.extend(left.map(|name| format!("`{name}` is unexpected for this architecture")));
    if problems.is_empty() { Ok(()) } else { Err(ModelError::Weights { path, problems }) }
}

/// Names and shapes of an encoder's weights, in model order.
fn expected(config: &ModelConfig) -> Vec<(String, Vec<i64>)> {
    let architecture = config.architecture;
    let width = config.hidden_size;
    let mut weights = Vec::new();
    let tables =
        [("word", config.vocab_size), ("position", config.positions), ("token_type", config.token_types)].into_iter();
    for (table, rows) in tables.filter(|(_, rows)| *rows > 0) {
        weights.push((format!("{}.weight", architecture.embedding(&format!("{table}_embeddings"))), vec![rows, width]));
    }
    let norm = |weights: &mut Vec<(String, Vec<i64>)>, name: &str| {
        weights.extend(["weight", "bias"].map(|part| (format!("{name}.{part}"), vec![width])));
    };
    norm(&mut weights, &architecture.embedding("LayerNorm"));
    for layer in 0..config.layers {
        for module in Module::ALL {
            let (output, input) = linear_shape(config, module);
            let name = architecture.module_name(layer, module);
            weights.push((format!("{name}.weight"), vec![output, input]));
            weights.push((format!("{name}.bias"), vec![output]));
        }
        norm(&mut weights, &architecture.attention_norm(layer));
        norm(&mut weights, &architecture.output_norm(layer));
    }
    if let Some(pooler) = architecture.pooler() {
        weights.push((format!("{pooler}.weight"), vec![width, width]));
        weights.push((format!("{pooler}.bias"), vec![width]));
    }
    weights
}

/// Names and shapes in a safetensors file: eight bytes with the length of a JSON object, the object, the values.
fn read_head(path: &Path) -> Result<Vec<(String, Vec<i64>)>, ModelError> {
    let failed = |source| ModelError::Read { path: path.to_path_buf(), source };
    let invalid = |reason: String| ModelError::Invalid {
        path: path.to_path_buf(),
        message: format!("is not a sound safetensors file ({reason}); download or save it again"),
    };
    let mut file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|_| invalid("it is shorter than 8 bytes".to_owned()))?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEAD || length > size.saturating_sub(8) {
        return Err(invalid("it has no head".to_owned()));
    }
    let mut head = Vec::new();
    file.take(length).read_to_end(&mut head).map_err(failed)?;
    let head: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&head).map_err(|error| invalid(format!("its head is no JSON object: {error}")))?;
    let mut weights = Vec::new();
    let mut end = 0;
    for (name, entry) in head.into_iter().filter(|(name, _)| name != "__metadata__") {
        let entry: Entry = serde_json::from_value(entry).map_err(|error| invalid(format!("`{name}`: {error}")))?;
        end = end.max(entry.data_offsets.1);
        weights.push((name, entry.shape));
    }
    let expected = 8 + length + end;
    if size < expected {
        return Err(invalid(format!("it has {size} bytes of {expected}")));
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;
    use crate::model::Base;
    use crate::spec::Precision;

    fn reference(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference").join(name).join("model")
    }

    fn loads(folder: &Path) -> Result<(), String> {
        Base::load(folder, 4, Precision::Fp32, Device::Cpu).map(|_| ()).map_err(|error| error.to_string())
    }

    fn fits(folder: &Path) -> Result<(), String> {
        check_weights(folder, &ModelConfig::read(folder).unwrap()).map_err(|error| error.to_string())
    }

    /// D12: what the check says is what loading would say.
    #[test]
    fn the_heads_of_files_tell_what_loading_would() {
        for model in ["bert", "roberta", "distilbert", "xlm-roberta"] {
            assert_eq!(fits(&reference(model)), Ok(()), "{model}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(reference("bert").join("config.json"), folder.path().join("config.json")).unwrap();
        let file = folder.path().join("model.safetensors");
        let weights = Tensor::read_safetensors(reference("bert").join("model.safetensors")).unwrap();
        let keep = |names: &dyn Fn(&str) -> bool| {
            let mut kept: Vec<(String, Tensor)> = weights
                .iter()
                .filter(|(name, _)| names(name))
                .map(|(name, tensor)| (name.clone(), tensor.copy()))
                .collect();
            kept.push(("bert.extra.weight".to_owned(), Tensor::zeros([2], (Kind::Float, Device::Cpu))));
            Tensor::write_safetensors(&kept, &file).unwrap();
        };
        keep(&|name| !name.contains("layer.1.attention.self.query"));
        let (said, expected) = (fits(folder.path()).unwrap_err(), loads(folder.path()).unwrap_err());
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(lines(&said), lines(&expected));
        assert!(said.contains("query.weight` (shape"), "{said}");
        assert!(said.contains("`bert.extra.weight` is unexpected"), "{said}");
    }

    #[test]
    fn a_file_that_ends_early_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(reference("bert").join("config.json"), folder.path().join("config.json")).unwrap();
        assert!(fits(folder.path()).unwrap_err().contains("it is not there"));
        let bytes = std::fs::read(reference("bert").join("model.safetensors")).unwrap();
        for length in [0, 7, 100, bytes.len() - 1] {
            std::fs::write(folder.path().join("model.safetensors"), &bytes[..length]).unwrap();
            assert!(fits(folder.path()).unwrap_err().contains("not a sound safetensors file"), "{length}");
        }
    }
}
