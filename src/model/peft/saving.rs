//! An adapter as the files that PEFT loads.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use super::files::{PREFIX, TASK};
use super::saved::SavedAdapter;
use crate::hub_name;
use crate::model::adapter::{Adapter, AdapterShape, CommonFields, Target};
use crate::model::error::ModelError;
use crate::model::graph::Graph;
use crate::model::safetensors_file::safetensors_file;

/// What an adapter's configuration says besides its weights.
#[derive(Clone, Debug)]
pub struct PeftConfig<'a> {
    /// As a sweep file names it, perhaps with a revision.
    pub base_model: &'a str,
    pub rank: usize,
    pub lora_alpha: f64,
    pub lora_dropout: f64,
    /// Full module names.
    pub target_modules: &'a [String],
    /// The adapter that training began with; its trained biases and whole modules are part of the result.
    pub began_with: Option<&'a SavedAdapter>,
}

/// `adapter_config.json`.
///
/// # Errors
/// A target that the network does not have.
pub fn config_file(graph: &Graph, config: &PeftConfig<'_>, shape: &AdapterShape) -> Result<String, ModelError> {
    let mut modules_to_save: Vec<String> = graph.head.modules.iter().map(|name| name.to_string()).collect();
    for module in config.began_with.into_iter().flat_map(|adapter| &adapter.config.modules_to_save) {
        if !modules_to_save.contains(module) {
            modules_to_save.push(module.clone());
        }
    }
    let (base_model, revision) = hub_name::apart(config.base_model).unwrap_or((config.base_model, None));
    let common = CommonFields {
        task_type: TASK,
        base_model,
        revision,
        target_modules: config.target_modules,
        modules_to_save,
        bias: config.began_with.map_or("none", |adapter| &adapter.config.bias),
        rank: config.rank as i64,
        alpha: config.lora_alpha,
        dropout: config.lora_dropout,
    };
    let target = |target: &Target| Ok((target.of(graph)?.linear.name.as_str(), target.settings));
    let targets = shape.targets.iter().map(target).collect::<Result<Vec<_>, ModelError>>()?;
    let content = shape.kind.config_file(&common, &targets).map_err(ModelError::Json)?;
    Ok(serde_json::to_string_pretty(&content).map_err(ModelError::Json)? + "\n")
}

/// `adapter_model.safetensors` with the parameters' values as `values`, the flat buffer, and with the trained biases and
/// whole modules of the adapter that training began with.
pub fn weights_file(
    adapter: &Adapter,
    values: &Tensor,
    graph: &Graph,
    began_with: Option<&SavedAdapter>,
) -> Result<Vec<u8>, ModelError> {
    let values = Vec::<f32>::try_from(values.to_device(Device::Cpu).f_to_kind(Kind::Float)?)?;
    let mut tensors = BTreeMap::new();
    for entry in adapter.parameters.entries() {
        let range = entry.offset as usize..(entry.offset + entry.elements()) as usize;
        tensors.insert(format!("{PREFIX}{}", entry.name), (entry.shape.clone(), bytes(&values[range])));
    }
    for (name, tensor) in began_with.into_iter().flat_map(SavedAdapter::beyond) {
        let values = Vec::<f32>::try_from(tensor.f_reshape([-1])?)?;
        let module = name.strip_suffix(".bias").filter(|module| is_adapted(adapter, graph, module));
        let key = module.map_or_else(|| name.clone(), |module| format!("{module}.base_layer.bias"));
        tensors.insert(format!("{PREFIX}{key}"), (tensor.size(), bytes(&values)));
    }
    safetensors_file(&tensors)
}

fn is_adapted(adapter: &Adapter, graph: &Graph, module: &str) -> bool {
    graph.find(module).is_some_and(|(layer, own)| adapter.update(layer, own.role).is_some())
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
