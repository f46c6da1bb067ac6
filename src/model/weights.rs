//! The weights of a model folder by their Hugging Face names: every expected one is there, has its shape, and nothing
//! is left over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tch::{Kind, TchError, Tensor};

use super::ModelError;
use super::fit::{self, Stored, header};
use super::graph::Graph;

/// The weights of a folder, taken out one by one; what is wrong is collected and reported together.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
    problems: Vec<String>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Reads `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
    pub fn read(folder: &Path, graph: &Graph) -> Result<Self, ModelError> {
        let (path, files) = weight_files(folder)?;
        let mut tensors = BTreeMap::new();
        for file in files {
            if let Some((name, stored)) = header(&file)?.iter().find(|(_, stored)| !stored.is_readable()) {
                let message = format!(
                    "`{name}` is stored as {}, which is not supported; save the model in float32, float16 or bfloat16",
                    stored.dtype
                );
                return Err(ModelError::Invalid { path: file.clone(), message });
            }
            let read = Tensor::read_safetensors(&file).map_err(|error| ModelError::Invalid {
                path: file.clone(),
                message: format!("is not a sound safetensors file ({error}); download or save it again"),
            })?;
            tensors.extend(read.into_iter().map(|(name, tensor)| (canonical_name(&name, graph), tensor)));
        }
        Ok(Weights { path, tensors, problems: Vec::new() })
    }

    /// The same weights once more; values are shared.
    pub fn duplicate(&self) -> Self {
        let tensors = self.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect();
        Weights { path: self.path.clone(), tensors, problems: self.problems.clone() }
    }

    /// Adds to a weight, in float32. A missing one is noted.
    pub fn add(&mut self, name: &str, update: &Tensor) -> Result<(), ModelError> {
        match self.tensors.get_mut(name) {
            Some(tensor) if tensor.size() == update.size() => {
                *tensor = tensor.f_to_kind(Kind::Float)?.f_add(update)?;
            }
            Some(tensor) => {
                self.problems.push(format!("`{name}` has shape {:?} instead of {:?}", tensor.size(), update.size()));
            }
            None => self.problems.push(format!("`{name}` is missing")),
        }
        Ok(())
    }

    /// Puts another tensor in a weight's place; or says why that cannot be.
    pub fn replace(&mut self, name: &str, tensor: &Tensor) -> Result<(), String> {
        match self.tensors.get_mut(name) {
            Some(own) if own.size() == tensor.size() => {
                *own = tensor.shallow_clone();
                Ok(())
            }
            Some(own) => Err(format!("`{name}` has shape {:?}, in the model {:?}", tensor.size(), own.size())),
            None => Err(format!("`{name}` is no weight of the model")),
        }
    }

    /// Sets a weight, whatever was there.
    pub fn insert(&mut self, name: &str, tensor: &Tensor) {
        self.tensors.insert(name.to_string(), tensor.shallow_clone());
    }

    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// The weights that a classifier uses, by name.
    pub fn used<'a>(&'a self, graph: &Graph) -> impl Iterator<Item = (&'a String, &'a Tensor)> {
        self.tensors.iter().filter(|(name, _)| !is_unused(name, graph))
    }

    /// Takes a weight as float32. What is missing or misshapen is noted, and zeros stand in until [`Self::finish`].
    pub fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, ModelError> {
        match self.tensors.remove(name) {
            Some(tensor) if tensor.size() == shape => self.finite(name, tensor.f_to_kind(Kind::Float)?),
            Some(tensor) => {
                self.problems.push(format!("`{name}` has shape {:?} instead of {shape:?}", tensor.size()));
                Ok(Tensor::f_zeros(shape, (Kind::Float, tch::Device::Cpu))?)
            }
            None => {
                self.problems.push(format!("`{name}` (shape {shape:?}) is missing"));
                Ok(Tensor::f_zeros(shape, (Kind::Float, tch::Device::Cpu))?)
            }
        }
    }

    /// Takes a weight that a checkpoint may lack; one with another shape counts as absent (a head for other classes).
    pub fn take_optional(&mut self, name: &str, shape: &[i64]) -> Result<Option<Tensor>, ModelError> {
        match self.tensors.remove(name) {
            Some(tensor) if tensor.size() == shape => self.finite(name, tensor.f_to_kind(Kind::Float)?).map(Some),
            _ => Ok(None),
        }
    }

    /// The tensor; a value in it that is no finite number is noted.
    fn finite(&mut self, name: &str, tensor: Tensor) -> Result<Tensor, ModelError> {
        if !is_finite(&tensor)? {
            self.problems.push(format!("`{name}` {NOT_FINITE}"));
        }
        Ok(tensor)
    }

    /// Whether all that the configuration asks for is there, in its shape and in a type that can be used, and no more.
    pub fn check(&self, graph: &Graph) -> Result<(), ModelError> {
        let found = self.tensors.iter().map(|(name, tensor)| (name.clone(), Stored::of(tensor))).collect();
        fit::fit(graph, &found, self.path.clone())
    }

    /// Fails when something was missing or misshapen, or when a weight is left that nobody knows.
    pub fn finish(mut self, graph: &Graph) -> Result<(), ModelError> {
        for name in self.tensors.keys() {
            if unused(name, graph) == Unused::No {
                self.problems.push(format!("`{name}` is unexpected for this architecture"));
            }
        }
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ModelError::Weights { path: self.path, problems: self.problems })
        }
    }
}

/// Said of a tensor by name.
pub const NOT_FINITE: &str = "has values that are no finite numbers (NaN or infinity)";

/// Whether a float32 tensor has neither NaN nor infinity.
pub fn is_finite(tensor: &Tensor) -> Result<bool, TchError> {
    if tensor.numel() == 0 {
        return Ok(true);
    }
    // The smallest and the largest value are NaN where any value is.
    let (least, most) = tensor.f_aminmax(None::<i64>, false)?;
    Ok(f64::try_from(least)?.is_finite() && f64::try_from(most)?.is_finite())
}

/// Whether a classifier has no use for a weight that checkpoints carry.
pub fn is_unused(name: &str, graph: &Graph) -> bool {
    match unused(name, graph) {
        Unused::Always => true,
        Unused::Pooler => graph.pooler().is_none(),
        Unused::No => false,
    }
}

/// Whether a classifier does without a weight that checkpoints carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unused {
    No,
    /// Where the classifier has none.
    Pooler,
    Always,
}

fn unused(name: &str, graph: &Graph) -> Unused {
    let of_pooler = || name.strip_prefix(graph.encoder).is_some_and(|rest| rest.starts_with(".pooler."));
    if graph.unused.iter().any(|prefix| name.starts_with(prefix)) || name.ends_with(".position_ids") {
        Unused::Always
    } else if of_pooler() {
        Unused::Pooler
    } else {
        Unused::No
    }
}

pub(super) fn weight_files(folder: &Path) -> Result<(PathBuf, Vec<PathBuf>), ModelError> {
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

/// Undoes what older or headless checkpoints name otherwise: `gamma`/`beta`, and a missing `bert.` in front.
pub(super) fn canonical_name(name: &str, graph: &Graph) -> String {
    let name = match name.rsplit_once('.') {
        Some((stem, "gamma")) => format!("{stem}.weight"),
        Some((stem, "beta")) => format!("{stem}.bias"),
        _ => name.to_string(),
    };
    let part = name.split('.').next();
    if part == Some("pooler") || graph.parts().any(|own| part == Some(own)) {
        format!("{}.{name}", graph.encoder)
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelConfig;

    #[test]
    fn old_and_headless_names_become_canonical() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
        let name = |model: &str, name| {
            canonical_name(name, &ModelConfig::read(&folder.join(model).join("model")).unwrap().graph)
        };
        assert_eq!(name("bert", "bert.embeddings.LayerNorm.gamma"), "bert.embeddings.LayerNorm.weight");
        assert_eq!(name("bert", "encoder.layer.0.output.LayerNorm.beta"), "bert.encoder.layer.0.output.LayerNorm.bias");
        assert_eq!(name("bert", "pooler.dense.weight"), "bert.pooler.dense.weight");
        assert_eq!(name("bert", "classifier.weight"), "classifier.weight");
        assert_eq!(name("roberta", "pooler.dense.bias"), "roberta.pooler.dense.bias");
        assert_eq!(
            name("distilbert", "transformer.layer.1.ffn.lin1.bias"),
            "distilbert.transformer.layer.1.ffn.lin1.bias"
        );
        assert_eq!(name("distilbert", "pre_classifier.weight"), "pre_classifier.weight");
    }
}
