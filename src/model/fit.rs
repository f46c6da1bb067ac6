//! Whether the weights of a model folder fit its configuration, told from the headers of their files: nothing is allocated
//! for what is not there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tch::{Kind, Tensor};

use super::ModelError;
use super::config::ModelConfig;
use super::graph::{Graph, LinearNode};
use super::weights::{canonical_name, is_unused, weight_files};

/// Headers of safetensors files are at most this long, as the format's own library has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// A tensor as a safetensors file announces it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Stored {
    pub dtype: String,
    pub shape: Vec<i64>,
    /// First and last byte of the values, the last excluded, from the end of the head.
    data_offsets: (u64, u64),
}

impl Stored {
    /// Of a tensor that was read.
    pub fn of(tensor: &Tensor) -> Self {
        let dtype = match tensor.kind() {
            Kind::Double | Kind::Float | Kind::Half | Kind::BFloat16 => "F32".to_string(),
            other => format!("{other:?}"),
        };
        Stored { dtype, shape: tensor.size(), data_offsets: (0, 0) }
    }

    /// Whether libtorch's reader knows the type.
    pub fn is_readable(&self) -> bool {
        self.is_float() || matches!(self.dtype.as_str(), "BOOL" | "U8" | "I8" | "I16" | "I32" | "I64")
    }

    /// Whether values have one of the types that are computed with.
    pub fn is_float(&self) -> bool {
        matches!(self.dtype.as_str(), "F64" | "F32" | "F16" | "BF16")
    }
}

/// Whether the weights of `folder` fit `config`, without reading them.
///
/// # Errors
/// Files that are missing or damaged, or weights that are missing, misshapen, unexpected, or of a type that is not
/// supported: all of them in one report.
pub fn check_weights(folder: &Path, config: &ModelConfig) -> Result<(), ModelError> {
    let (path, files) = weight_files(folder)?;
    let mut found = BTreeMap::new();
    for file in files {
        let header = header(&file)?;
        found.extend(header.into_iter().map(|(name, stored)| (canonical_name(&name, &config.graph), stored)));
    }
    fit(&config.graph, &found, path)
}

/// As [`check_weights`], of weights by their canonical names.
pub(super) fn fit(graph: &Graph, found: &BTreeMap<String, Stored>, path: PathBuf) -> Result<(), ModelError> {
    let expected: BTreeMap<&str, &[i64]> =
        graph.frozen().map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice())).collect();
    if found.keys().any(|name| name.starts_with("module.")) && !expected.keys().any(|name| found.contains_key(*name)) {
        let message = "all names begin with `module.`: the model was saved from inside DataParallel; save it again with \
                       Python: model.module.save_pretrained(FOLDER)";
        return Err(ModelError::Invalid { path, message: message.to_string() });
    }
    let mut problems = Vec::new();
    for (name, shape) in &expected {
        match found.get(*name) {
            None => problems.push(format!("`{name}` (shape {shape:?}) is missing{}", advice(graph, name))),
            Some(stored) if stored.shape != *shape => {
                problems.push(format!("`{name}` has shape {:?} instead of {shape:?}", stored.shape));
            }
            Some(stored) => problems.extend(unreadable(name, stored)),
        }
    }
    // The shapes of a head depend on its classes.
    let head = graph.head.nodes(1);
    let of_head = |name: &String| head.iter().flat_map(LinearNode::tensors).any(|tensor| tensor.name == *name);
    for (name, stored) in found.iter().filter(|(name, _)| !expected.contains_key(name.as_str())) {
        if of_head(name) {
            problems.extend(unreadable(name, stored));
        } else if !is_unused(name, graph) {
            problems.push(format!("`{name}` is unexpected for this architecture"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(ModelError::Weights { path, problems }) }
}

fn unreadable(name: &str, stored: &Stored) -> Option<String> {
    let dtype = &stored.dtype;
    (!stored.is_float()).then(|| {
        format!("`{name}` is stored as {dtype}, which is not supported; save the model in float32, float16 or bfloat16")
    })
}

/// What to do about a missing weight, where more can be said.
fn advice(graph: &Graph, name: &str) -> &'static str {
    match graph.pooler() {
        Some(pooler) if pooler.weight.name == name => {
            ": the model was saved without its pooler, which its classifier needs. transformers makes a new, random one \
             each time it loads the model; make one and keep it, with Python: \
             AutoModelForSequenceClassification.from_pretrained(FOLDER, num_labels=N).save_pretrained(NEW_FOLDER)"
        }
        _ => "",
    }
}

/// What a safetensors file says it holds.
pub(super) fn header(path: &Path) -> Result<BTreeMap<String, Stored>, ModelError> {
    let unsound = |reason: String| ModelError::Invalid {
        path: path.to_path_buf(),
        message: format!("is not a sound safetensors file ({reason}); download or save it again"),
    };
    let mut file = File::open(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|error| unsound(error.to_string()))?;
    let length = u64::from_le_bytes(length);
    let size = file.metadata().map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?.len();
    if length > LONGEST_HEADER.min(size.saturating_sub(8)) {
        return Err(unsound(format!("a header of {length} bytes in a file of {size}")));
    }
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&text).map_err(|error| unsound(error.to_string()))?;
    fields.remove("__metadata__");
    let stored = |(name, value)| Ok((name, serde_json::from_value(value)?));
    let stored: Result<BTreeMap<String, Stored>, serde_json::Error> = fields.into_iter().map(stored).collect();
    let stored = stored.map_err(|error| unsound(error.to_string()))?;
    let end = stored.values().map(|stored| stored.data_offsets.1).max().unwrap_or(0);
    let expected = end.saturating_add(8 + length);
    if size < expected {
        return Err(unsound(format!("it has {size} bytes of {expected}")));
    }
    Ok(stored)
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
