//! The weights of a model folder by their Hugging Face names: every expected one is there, has its shape, and nothing
//! is left over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::{Kind, Tensor};

use super::files::weight_files;
use super::fit;
use super::header::{Stored, header};
use super::misfit::{Misfit, NOT_FINITE};
use super::names::{canonical_name, is_known, is_unused};
use crate::model::compute_error::ComputeError;
use crate::model::error::ModelError;
use crate::model::graph::{Graph, TensorShape};

/// The weights of a folder, taken out one by one; what is wrong is collected and reported together.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
    problems: Vec<String>,
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

    /// A weight as float32, where it is there in this shape. What is wrong with it is noted.
    pub fn float(&mut self, TensorShape { name, shape }: &TensorShape) -> Result<Option<Tensor>, ModelError> {
        match self.tensors.get(name) {
            Some(tensor) if tensor.size() == *shape => return Ok(Some(tensor.f_to_kind(Kind::Float)?)),
            Some(tensor) => {
                self.problems.push(format!("`{name}` has shape {:?} instead of {shape:?}", tensor.size()));
            }
            None => self.problems.push(format!("`{name}` is missing")),
        }
        Ok(None)
    }

    /// Puts another tensor in a weight's place.
    ///
    /// # Errors
    /// There is no such weight, or it has another shape.
    pub fn replace(&mut self, name: &str, tensor: &Tensor) -> Result<(), Misfit> {
        let own = self.tensors.get_mut(name).ok_or_else(|| Misfit::NoWeight(name.to_owned()))?;
        if own.size() != tensor.size() {
            return Err(Misfit::Shape { name: name.to_owned(), found: tensor.size(), expected: own.size() });
        }
        *own = tensor.shallow_clone();
        Ok(())
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
            if !is_known(name, graph) {
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

/// Whether a float32 tensor has neither NaN nor infinity.
pub fn is_finite(tensor: &Tensor) -> Result<bool, ComputeError> {
    if tensor.numel() == 0 {
        return Ok(true);
    }
    // The smallest and the largest value are NaN where any value is.
    let (least, most) = tensor.f_aminmax(None::<i64>, false)?;
    Ok(f64::try_from(least)?.is_finite() && f64::try_from(most)?.is_finite())
}
