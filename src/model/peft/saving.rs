//! An adapter as the files that PEFT loads.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Number;
use tch::{Device, Kind, Tensor};

use super::files::PREFIX;
use super::saved::SavedAdapter;
use crate::model::adapter::{Adapter, LoraTarget};
use crate::model::config::ModelConfig;
use crate::model::error::ModelError;
use crate::model::graph::{Graph, LayerLinear};
use crate::model::safetensors_file::safetensors_file;

/// The fields of `adapter_config.json` that we write; PEFT fills in the rest.
#[derive(Serialize)]
struct ConfigFile<'a> {
    peft_type: &'static str,
    task_type: &'static str,
    base_model_name_or_path: &'a str,
    r: i64,
    lora_alpha: Number,
    lora_dropout: f64,
    target_modules: &'a [String],
    modules_to_save: Vec<String>,
    bias: &'a str,
    fan_in_fan_out: bool,
    inference_mode: bool,
    init_lora_weights: bool,
    use_rslora: bool,
    use_dora: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rank_pattern: BTreeMap<String, i64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    alpha_pattern: BTreeMap<String, Number>,
}

/// What an adapter's configuration says besides its weights.
#[derive(Clone, Debug)]
pub struct PeftConfig<'a> {
    pub base_model: &'a str,
    pub rank: usize,
    pub lora_alpha: f64,
    pub lora_dropout: f64,
    /// Full module names.
    pub target_modules: &'a [String],
    /// The adapter that training began with; its trained biases and whole modules are part of the result.
    pub began_with: Option<&'a SavedAdapter>,
}

/// The LoRA targets of full module names.
///
/// # Errors
/// A name that is no linear layer of this encoder.
pub fn lora_targets(
    config: &ModelConfig,
    modules: &[String],
    rank: usize,
    lora_alpha: f64,
) -> Result<Vec<LoraTarget>, ModelError> {
    let target = |module: &String| match config.graph.find(module) {
        Some((layer, LayerLinear { role, .. })) => {
            Ok(LoraTarget { layer, linear: *role, rank: rank as i64, scale: lora_alpha / rank as f64 })
        }
        None => Err(ModelError::Adapter(no_target(config, module))),
    };
    modules.iter().map(target).collect()
}

fn no_target(config: &ModelConfig, module: &str) -> String {
    match config.family.names().parse(module) {
        Some((layer, _)) => format!(
            "target module `{module}`: the model has {} layers, counted from 0, so layer {layer} is not there",
            config.layers()
        ),
        None => format!("target module `{module}` is no linear layer of a {} encoder", config.graph.encoder),
    }
}

/// `adapter_config.json`. Targets whose rank or scale are not those of `rank` and `lora_alpha` get an entry in
/// `rank_pattern` or `alpha_pattern`.
///
/// # Errors
/// A target that the network does not have.
pub fn config_file(graph: &Graph, config: &PeftConfig<'_>, targets: &[LoraTarget]) -> Result<String, ModelError> {
    let rank = config.rank as i64;
    let (mut rank_pattern, mut alpha_pattern) = (BTreeMap::new(), BTreeMap::new());
    for target in targets {
        let module = &target.of(graph)?.linear.name;
        let alpha = target.scale * target.rank as f64;
        if target.rank != rank {
            rank_pattern.insert(module.clone(), target.rank);
        }
        if (alpha - config.lora_alpha).abs() > 1e-9 * config.lora_alpha {
            alpha_pattern.insert(module.clone(), number(alpha));
        }
    }
    let mut modules_to_save: Vec<String> = graph.head.modules.iter().map(|name| name.to_string()).collect();
    let before = config.began_with.and_then(|adapter| adapter.config.modules_to_save.as_ref());
    for module in before.into_iter().flatten() {
        if !modules_to_save.contains(module) {
            modules_to_save.push(module.clone());
        }
    }
    let file = ConfigFile {
        peft_type: "LORA",
        task_type: "SEQ_CLS",
        base_model_name_or_path: config.base_model,
        r: rank,
        lora_alpha: number(config.lora_alpha),
        lora_dropout: config.lora_dropout,
        target_modules: config.target_modules,
        modules_to_save,
        bias: config.began_with.map_or("none", |adapter| &adapter.config.bias),
        fan_in_fan_out: false,
        inference_mode: true,
        init_lora_weights: true,
        use_rslora: false,
        use_dora: false,
        rank_pattern,
        alpha_pattern,
    };
    let text = serde_json::to_string_pretty(&file).map_err(|error| ModelError::Adapter(error.to_string()))?;
    Ok(text + "\n")
}

/// A whole number as an integer, which PEFT declares `lora_alpha` to be.
fn number(value: f64) -> Number {
    match value.fract() {
        0.0 => Number::from(value as i64),
        _ => Number::from_f64(value).unwrap_or_else(|| 0.into()),
    }
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
    graph.find(module).is_some_and(|(layer, own)| adapter.lora(layer, own.role).is_some())
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
