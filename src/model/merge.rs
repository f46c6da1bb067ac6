//! A classifier with its adapter merged into the weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::{Device, Kind, Tensor};

use super::adapter::{Adapter, AdapterShape};
use super::backend::BackendRequest;
use super::base::Base;
use super::checkpoint::Weights;
use super::config::ModelConfig;
use super::error::ModelError;
use super::peft::SavedAdapter;
use super::safetensors_file::safetensors_file;
use crate::spec::Precision;

/// Encoder and head in float32, ready to be computed with or written out.
#[derive(Debug)]
pub struct MergedClassifier {
    pub config: ModelConfig,
    pub classes: usize,
    folder: PathBuf,
    weights: Weights,
}

impl MergedClassifier {
    /// The model in `folder`, with `adapter` merged in where there is one.
    ///
    /// # Errors
    /// A model or an adapter that cannot be used, or no classification head in either.
    pub fn read(folder: &Path, adapter: Option<&SavedAdapter>) -> Result<Self, ModelError> {
        let config = ModelConfig::read(folder)?;
        let mut weights = Weights::read(folder, &config.graph)?;
        if let Some(adapter) = adapter {
            adapter.merge_into(&mut weights, &config)?;
        }
        weights.check(&config.graph)?;
        let name = format!("{}.weight", config.graph.head.output.name);
        let classes = weights.get(&name).and_then(|head| head.size().first().copied()).unwrap_or(0) as usize;
        match classes {
            0 => return Err(without_head(folder)),
            1 => return Err(one_output(folder, &name)),
            _ => {}
        }
        Ok(MergedClassifier { config, classes, folder: folder.to_path_buf(), weights })
    }

    /// The classifier on a device, and the adapter without updates that holds its head.
    ///
    /// # Errors
    /// Weights that do not fit the configuration, or a device that has no room.
    pub fn load(&self, device: Device) -> Result<(Base, Adapter), ModelError> {
        let (config, weights) = (self.config.clone(), self.weights.duplicate());
        let base = Base::from_weights(BackendRequest::Fastest, config, weights, self.classes, Precision::Fp32, device)?;
        if base.head.is_empty() {
            return Err(without_head(&self.folder));
        }
        let head = Adapter::new(&base, AdapterShape::head_only(), 0)?;
        Ok((base, head))
    }

    /// `model.safetensors` of the classifier: every weight by its Hugging Face name, in float32.
    ///
    /// # Errors
    /// As [`Self::load`], which is tried first.
    pub fn weights_file(&self) -> Result<Vec<u8>, ModelError> {
        self.load(Device::Cpu)?;
        let mut tensors = BTreeMap::new();
        for (name, tensor) in self.weights.used(&self.config.graph) {
            tensors.insert(name.clone(), (tensor.size(), bytes(tensor)?));
        }
        safetensors_file(&tensors)
    }
}

fn bytes(tensor: &Tensor) -> Result<Vec<u8>, ModelError> {
    let values = Vec::<f32>::try_from(tensor.f_to_kind(Kind::Float)?.f_reshape([-1])?)?;
    Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn one_output(folder: &Path, name: &str) -> ModelError {
    ModelError::Invalid {
        path: folder.to_path_buf(),
        message: format!(
            "the head has one output (`{name}`): it gives a single score, as for a regression or a ranking, and tells no \
             classes apart; a classifier with at least two classes is needed"
        ),
    }
}

fn without_head(folder: &Path) -> ModelError {
    ModelError::Invalid {
        path: folder.to_path_buf(),
        message: "neither the adapter nor the model has a classification head".to_string(),
    }
}
