//! An adapter that PEFT (or this tool) saved, read back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::{Kind, Tensor};

use super::config::SavedConfig;
use super::error::PeftError;
use super::files::{CONFIG_FILE, WEIGHTS_FILE};
use super::names::{module_of, name_in_model};
use crate::model::adapter::{Adapter, AdapterShape, LinearWeights, Target};
use crate::model::base::Base;
use crate::model::checkpoint::{Stored, Weights, header, is_finite};
use crate::model::config::ModelConfig;
use crate::model::error::ModelError;

/// What an adapter's folder holds. Which layers it adapts is read off the weights, so `target_modules` and its like need no
/// interpretation.
#[derive(Debug)]
pub struct SavedAdapter {
    pub config: SavedConfig,
    pub shape: AdapterShape,
    path: PathBuf,
    /// The tensors of each target, one for each part of the kind.
    updates: Vec<Vec<Tensor>>,
    /// Trained head weights by their names in the model; perhaps none.
    pub(in crate::model) head: BTreeMap<String, Tensor>,
    /// Trained weights that the run of a sweep keeps frozen, by their names in the model: biases, a pooler.
    beyond: BTreeMap<String, Tensor>,
}

impl SavedAdapter {
    /// Reads `adapter_config.json` and `adapter_model.safetensors` of `folder`, an adapter of a model of this shape.
    ///
    /// # Errors
    /// A kind of adapter that is not supported (by name), a damaged file, or weights that do not fit the model.
    pub fn read(folder: &Path, model: &ModelConfig) -> Result<Self, ModelError> {
        let config = SavedConfig::read(&folder.join(CONFIG_FILE))?;
        let path = folder.join(WEIGHTS_FILE);
        let invalid = |source: PeftError| ModelError::Saved { path: path.clone(), source: Box::new(source) };
        if !path.is_file() && folder.join("adapter_model.bin").is_file() {
            return Err(invalid(PeftError::Pickled));
        }
        let stored = header(&path)?;
        if let Some((key, Stored { dtype, .. })) = stored.into_iter().find(|(_, stored)| !stored.is_float()) {
            return Err(invalid(PeftError::Stored { key, dtype }));
        }
        let tensors = Tensor::read_safetensors(&path).map_err(|source| invalid(PeftError::Unreadable(source)))?;
        let mut by_name = BTreeMap::new();
        for (key, tensor) in tensors {
            let name = name_in_model(&key, config.kind.parts()).map_err(&invalid)?;
            if let Some(name) = name {
                let tensor = tensor.f_to_kind(Kind::Float)?;
                if !is_finite(&tensor)? {
                    return Err(invalid(PeftError::NotFinite { key }));
                }
                by_name.insert(name, tensor);
            }
        }
        let (targets, updates) = updates(&config, model, &mut by_name).map_err(&invalid)?;
        let of_kind = format!(".{}", config.kind.tensor_prefix());
        if let Some(name) = by_name.keys().find(|name| name.contains(&of_kind)) {
            return Err(invalid(PeftError::Unsupported(name.clone())));
        }
        let of_head = |name: &String| {
            let module = name.rsplit_once('.').map_or(name.as_str(), |(module, _)| module);
            model.graph.head.has(module)
        };
        let (head, beyond) = by_name.into_iter().partition(|(name, _)| of_head(name));
        let shape = AdapterShape { kind: config.kind, targets };
        Ok(SavedAdapter { config, shape, path, updates, head, beyond })
    }

    /// Of the head in the file; none where the head is the model's own.
    pub fn classes(&self, model: &ModelConfig) -> Option<usize> {
        Some(self.head.get(&format!("{}.weight", model.graph.head.output.name))?.size()[0] as usize)
    }

    /// Where it was read.
    pub fn folder(&self) -> Option<&Path> {
        self.path.parent()
    }

    /// Trained weights outside LoRA and head, by their names in the model.
    pub fn beyond(&self) -> &BTreeMap<String, Tensor> {
        &self.beyond
    }

    /// Changes a model's weights into those of the adapted model: updates merged, and what was trained whole in place.
    ///
    /// # Errors
    /// A trained weight that the model does not have, or has in another shape.
    pub(in crate::model) fn merge_into(&self, weights: &mut Weights, model: &ModelConfig) -> Result<(), ModelError> {
        for (target, values) in self.shape.targets.iter().zip(&self.updates) {
            let linear = &target.of(&model.graph)?.linear;
            let (Some(weight), Some(bias)) = (weights.float(&linear.weight)?, weights.float(&linear.bias)?) else {
                continue;
            };
            let frozen = LinearWeights { weight, bias };
            let merged = self.shape.kind.merge(&target.settings, values, frozen)?;
            weights.insert(&linear.weight.name, &merged.weight);
            weights.insert(&linear.bias.name, &merged.bias);
        }
        for (name, tensor) in &self.head {
            weights.insert(name, tensor);
        }
        self.replace_beyond(weights)
    }

    /// Puts what the adapter trained outside LoRA and head in the place of a model's weights.
    ///
    /// # Errors
    /// As [`Self::merge_into`].
    pub(in crate::model) fn replace_beyond(&self, weights: &mut Weights) -> Result<(), ModelError> {
        let misfits = self.beyond.iter().filter_map(|(name, tensor)| weights.replace(name, tensor).err());
        self.sound(misfits.map(PeftError::from).collect())
    }

    /// A trainable copy over `base`, which must have been loaded with what lies beyond LoRA and head
    /// (`Base::load_for_adapter`). A head that is not in the file is the base's own, or else new.
    ///
    /// # Errors
    /// A head for another number of classes.
    pub fn adapter(&self, base: &Base, seed: u64) -> Result<Adapter, ModelError> {
        let adapter = Adapter::new(base, self.shape.clone(), seed)?;
        let mut problems = Vec::new();
        let mut copy = |name: &str, tensor: &Tensor| -> Result<(), ModelError> {
            match adapter.parameters.find(name) {
                Some(entry) if tensor.size() == entry.shape => {
                    adapter.parameters.value(entry)?.f_copy_(&tensor.f_to_device(base.device)?)?;
                }
                Some(entry) => {
                    let (found, expected) = (tensor.size(), entry.shape.clone());
                    problems.push(PeftError::Shape { name: name.to_owned(), found, expected });
                }
                None => problems.push(PeftError::Unsupported(name.to_owned())),
            }
            Ok(())
        };
        for (target, values) in self.shape.targets.iter().zip(&self.updates) {
            let module = &target.of(&base.config.graph)?.linear.name;
            for (part, tensor) in self.shape.kind.parts().iter().zip(values) {
                copy(&format!("{module}.{part}"), tensor)?;
            }
        }
        for (name, tensor) in &self.head {
            copy(name, tensor)?;
        }
        self.sound(problems)?;
        Ok(adapter)
    }

    fn sound(&self, problems: Vec<PeftError>) -> Result<(), ModelError> {
        if problems.is_empty() {
            return Ok(());
        }
        Err(ModelError::Saved { path: self.path.clone(), source: Box::new(PeftError::Several(problems)) })
    }
}

/// Takes the tensors of updates out of `tensors`: targets, and for each of them a tensor for each part of the kind.
fn updates(
    config: &SavedConfig,
    model: &ModelConfig,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<(Vec<Target>, Vec<Vec<Tensor>>), PeftError> {
    let parts = config.kind.parts();
    let first = parts.first().copied().unwrap_or_default();
    let modules: Vec<String> = tensors.keys().filter_map(|name| module_of(name, first)).map(str::to_string).collect();
    let (mut targets, mut updates) = (Vec::new(), Vec::new());
    for module in modules {
        let Some((layer, adapted)) = model.graph.find(&module) else {
            return Err(PeftError::NoLinear(module));
        };
        let take = |part: &&str| {
            let name = format!("{module}.{part}");
            tensors.remove(&name).ok_or(PeftError::Missing(name))
        };
        let values: Vec<Tensor> = parts.iter().map(take).collect::<Result<_, _>>()?;
        let settings = config.layers.of_layer(&adapted.linear, &values).map_err(PeftError::OfKind)?;
        targets.push(Target { layer, linear: adapted.role, settings });
        updates.push(values);
    }
    Ok((targets, updates))
}
