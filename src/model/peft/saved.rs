//! An adapter that PEFT (or this tool) saved, read back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::{Kind, Tensor};

use super::config::SavedConfig;
use super::files::{CONFIG_FILE, PREFIX, WEIGHTS_FILE};
use crate::model::adapter::{Adapter, LoraTarget};
use crate::model::base::Base;
use crate::model::checkpoint::{NOT_FINITE, Stored, Weights, header, is_finite};
use crate::model::config::ModelConfig;
use crate::model::error::ModelError;

/// What an adapter's folder holds. Which layers it adapts, and with which rank, is read off the weights, so
/// `target_modules` and its like need no interpretation; `r` and `rank_pattern` must agree. Scales follow `lora_alpha`,
/// `alpha_pattern` and `use_rslora`.
#[derive(Debug)]
pub struct SavedAdapter {
    pub config: SavedConfig,
    pub targets: Vec<LoraTarget>,
    path: PathBuf,
    /// `[rank, in]` and `[out, rank]`, a pair per target.
    pairs: Vec<(Tensor, Tensor)>,
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
        let invalid = |message: String| ModelError::Invalid { path: path.clone(), message };
        if !path.is_file() && folder.join("adapter_model.bin").is_file() {
            return Err(invalid(
                "only adapter_model.bin is there, which can run code when read; save the adapter again with a newer PEFT"
                    .to_string(),
            ));
        }
        let stored = header(&path)?;
        if let Some((key, Stored { dtype, .. })) = stored.iter().find(|(_, stored)| !stored.is_float()) {
            return Err(invalid(format!("`{key}` is stored as {dtype}, which is not supported; save it in float32")));
        }
        let tensors = Tensor::read_safetensors(&path).map_err(|error| invalid(error.to_string()))?;
        let mut by_name = BTreeMap::new();
        for (key, tensor) in tensors {
            let name = name_in_model(&key).map_err(&invalid)?;
            if let Some(name) = name {
                let tensor = tensor.f_to_kind(Kind::Float)?;
                if !is_finite(&tensor)? {
                    return Err(invalid(format!("`{key}` {NOT_FINITE}: the adapter cannot be used")));
                }
                by_name.insert(name, tensor);
            }
        }
        let (targets, pairs) = lora_pairs(&config, model, &mut by_name).map_err(&invalid)?;
        if let Some(name) = by_name.keys().find(|name| name.contains(".lora_")) {
            return Err(invalid(format!("`{name}` is not supported in an adapter")));
        }
        let of_head = |name: &String| {
            let module = name.rsplit_once('.').map_or(name.as_str(), |(module, _)| module);
            model.graph.head.has(module)
        };
        let (head, beyond) = by_name.into_iter().partition(|(name, _)| of_head(name));
        Ok(SavedAdapter { config, targets, path, pairs, head, beyond })
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

    /// Changes a model's weights into those of the adapted model: `W + scale * B A`, and what was trained whole.
    ///
    /// # Errors
    /// A trained weight that the model does not have, or has in another shape.
    pub(in crate::model) fn merge_into(&self, weights: &mut Weights, model: &ModelConfig) -> Result<(), ModelError> {
        for (target, (a, b)) in self.targets.iter().zip(&self.pairs) {
            let weight = &target.of(&model.graph)?.linear.weight;
            weights.add(&weight.name, &b.f_matmul(a)?.f_mul_scalar(target.scale)?)?;
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
        let problems: Vec<String> =
            self.beyond.iter().filter_map(|(name, tensor)| weights.replace(name, tensor).err()).collect();
        if problems.is_empty() { Ok(()) } else { Err(self.invalid(problems.join("; "))) }
    }

    /// A trainable copy over `base`, which must have been loaded with what lies beyond LoRA and head
    /// (`Base::load_for_adapter`). A head that is not in the file is the base's own, or else new.
    ///
    /// # Errors
    /// A head for another number of classes.
    pub fn adapter(&self, base: &Base, seed: u64) -> Result<Adapter, ModelError> {
        let adapter = Adapter::new(base, self.targets.clone(), seed)?;
        let mut problems = Vec::new();
        let mut copy = |name: &str, tensor: &Tensor| -> Result<(), ModelError> {
            match adapter.parameters.find(name) {
                Some(entry) if tensor.size() == entry.shape => {
                    adapter.parameters.value(entry)?.f_copy_(&tensor.f_to_device(base.device)?)?;
                }
                Some(entry) => {
                    problems.push(format!("`{name}` has shape {:?} instead of {:?}", tensor.size(), entry.shape));
                }
                None => problems.push(format!("`{name}` is not supported in an adapter")),
            }
            Ok(())
        };
        for (target, (a, b)) in self.targets.iter().zip(&self.pairs) {
            let module = &target.of(&base.config.graph)?.linear.name;
            copy(&format!("{module}.lora_A.weight"), a)?;
            copy(&format!("{module}.lora_B.weight"), b)?;
        }
        for (name, tensor) in &self.head {
            copy(name, tensor)?;
        }
        if problems.is_empty() { Ok(adapter) } else { Err(self.invalid(problems.join("; "))) }
    }

    fn invalid(&self, message: String) -> ModelError {
        ModelError::Invalid { path: self.path.clone(), message }
    }
}

/// The parameter's name in the model: without what PEFT wraps around modules, in any of its versions. None: the frozen
/// original of a module that was trained whole.
fn name_in_model(key: &str) -> Result<Option<String>, String> {
    let Some(name) = key.strip_prefix(PREFIX) else {
        return Err(format!("`{key}` does not begin with `{PREFIX}`"));
    };
    let mut parts = Vec::new();
    let mut segments = name.split('.').peekable();
    while let Some(segment) = segments.next() {
        let named_after_adapter = match segment {
            "original_module" => return Ok(None),
            "base_layer" => false,
            "modules_to_save" => true,
            other => {
                parts.push(other);
                matches!(other, "lora_A" | "lora_B")
            }
        };
        if named_after_adapter {
            segments.next_if_eq(&"default");
        }
    }
    Ok(Some(parts.join(".")))
}

type Pairs = (Vec<LoraTarget>, Vec<(Tensor, Tensor)>);

/// Takes the LoRA matrices out of `tensors`.
fn lora_pairs(
    config: &SavedConfig,
    model: &ModelConfig,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<Pairs, String> {
    let modules: Vec<String> =
        tensors.keys().filter_map(|name| name.strip_suffix(".lora_A.weight")).map(str::to_string).collect();
    let (mut targets, mut pairs) = (Vec::new(), Vec::new());
    for module in modules {
        let Some((layer, adapted)) = model.graph.find(&module) else {
            return Err(format!("`{module}` is adapted, which is no linear layer of this model's encoder"));
        };
        let mut take = |part: &str| {
            let name = format!("{module}.{part}.weight");
            tensors.remove(&name).ok_or_else(|| format!("`{name}` is missing"))
        };
        let (a, b) = (take("lora_A")?, take("lora_B")?);
        let (out, input) = (adapted.linear.out(), adapted.linear.input());
        let rank = a.size().first().copied().unwrap_or(0);
        if rank < 1 || a.size() != [rank, input] || b.size() != [out, rank] {
            return Err(format!(
                "the matrices of `{module}` have shapes {:?} and {:?} instead of [rank, {input}] and [{out}, rank]",
                a.size(),
                b.size()
            ));
        }
        let configured = config.rank(&module)?;
        if configured != rank {
            return Err(format!(
                "the matrices of `{module}` have rank {rank}, but the configuration says {configured} (`r`, \
                 `rank_pattern`): they are of different adapters"
            ));
        }
        targets.push(LoraTarget { layer, linear: adapted.role, rank, scale: config.scale(&module, rank)? });
        pairs.push((a, b));
    }
    Ok((targets, pairs))
}

#[cfg(test)]
mod tests {
    use super::name_in_model;

    #[test]
    fn names_lose_what_peft_wraps_around_them() {
        let name = |key: &str| name_in_model(&format!("base_model.model.{key}")).unwrap();
        for (key, expected) in [
            ("classifier.dense.weight", "classifier.dense.weight"),
            ("classifier.modules_to_save.dense.weight", "classifier.dense.weight"),
            ("classifier.modules_to_save.default.dense.weight", "classifier.dense.weight"),
            ("bert.x.query.lora_A.default.weight", "bert.x.query.lora_A.weight"),
            ("bert.x.query.lora_B.weight", "bert.x.query.lora_B.weight"),
            ("bert.x.query.base_layer.bias", "bert.x.query.bias"),
        ] {
            assert_eq!(name(key).as_deref(), Some(expected), "{key}");
        }
        assert_eq!(name("classifier.original_module.dense.weight"), None);
        assert!(name_in_model("roberta.x").unwrap_err().contains("base_model.model."));
    }
}
