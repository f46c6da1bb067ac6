//! Whether the weights of a model folder fit its configuration, told from the headers of their files: nothing is allocated
//! for what is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::weight_files;
use super::header::{Stored, header};
use super::names::{canonical_name, is_unused};
use crate::model::config::ModelConfig;
use crate::model::error::ModelError;
use crate::model::graph::{Graph, LinearNode};

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
pub fn fit(graph: &Graph, found: &BTreeMap<String, Stored>, path: PathBuf) -> Result<(), ModelError> {
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
