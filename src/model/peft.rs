//! Adapters in PEFT's format: `adapter_config.json` and `adapter_model.safetensors`.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::ModelError;
use super::adapter::{Adapter, LoraTarget};
use super::base::Base;
use super::peft_config::SavedConfig;
use crate::spec::Architecture;

/// What PEFT puts before every parameter of the wrapped model.
const PREFIX: &str = "base_model.model.";

/// The fields of `adapter_config.json` that we write; PEFT fills in the rest.
#[derive(Serialize, Deserialize)]
struct ConfigFile {
    peft_type: String,
    task_type: String,
    base_model_name_or_path: String,
    r: i64,
    lora_alpha: serde_json::Number,
    lora_dropout: f64,
    target_modules: Vec<String>,
    modules_to_save: Vec<String>,
    bias: String,
    fan_in_fan_out: bool,
    inference_mode: bool,
    init_lora_weights: bool,
    use_rslora: bool,
    use_dora: bool,
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
}

/// The LoRA targets of full module names.
///
/// # Errors
/// A name that is no linear layer of this encoder.
pub fn lora_targets(
    architecture: Architecture,
    layers: usize,
    modules: &[String],
    rank: usize,
    lora_alpha: f64,
) -> Result<Vec<LoraTarget>, ModelError> {
    let target = |module: &String| match architecture.parse(module) {
        Some((layer, linear)) if layer < layers => {
            Ok(LoraTarget { layer, linear, rank: rank as i64, scale: lora_alpha / rank as f64 })
        }
        Some((layer, _)) => Err(ModelError::Adapter(format!(
            "target module `{module}`: the model has {layers} layers, counted from 0, so layer {layer} is not there"
        ))),
        None => Err(ModelError::Adapter(format!(
            "target module `{module}` is no linear layer of a {} encoder",
            architecture.encoder()
        ))),
    };
    modules.iter().map(target).collect()
}

/// `adapter_config.json`
pub fn config_file(architecture: Architecture, config: &PeftConfig<'_>) -> Result<String, serde_json::Error> {
    // PEFT declares lora_alpha an integer.
    let lora_alpha = match config.lora_alpha.fract() {
        0.0 => serde_json::Number::from(config.lora_alpha as i64),
        _ => serde_json::Number::from_f64(config.lora_alpha).unwrap_or_else(|| 0.into()),
    };
    let file = ConfigFile {
        peft_type: "LORA".to_string(),
        task_type: "SEQ_CLS".to_string(),
        base_model_name_or_path: config.base_model.to_string(),
        r: config.rank as i64,
        lora_alpha,
        lora_dropout: config.lora_dropout,
        target_modules: config.target_modules.to_vec(),
        modules_to_save: architecture.head_modules().iter().map(|name| name.to_string()).collect(),
        bias: "none".to_string(),
        fan_in_fan_out: false,
        inference_mode: true,
        init_lora_weights: true,
        use_rslora: false,
        use_dora: false,
    };
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

/// `adapter_model.safetensors` with the parameters' values as `values`, the flat buffer.
pub fn weights_file(adapter: &Adapter, values: &Tensor) -> Result<Vec<u8>, ModelError> {
    let values = Vec::<f32>::try_from(values.to_device(Device::Cpu).f_to_kind(Kind::Float)?)?;
    let mut bytes = BTreeMap::new();
    for entry in adapter.parameters.entries() {
        let range = entry.offset as usize..(entry.offset + entry.elements()) as usize;
        let data: Vec<u8> = values[range].iter().flat_map(|value| value.to_le_bytes()).collect();
        let shape: Vec<usize> = entry.shape.iter().map(|&size| size as usize).collect();
        bytes.insert(format!("{PREFIX}{}", entry.name), (shape, data));
    }
    let invalid = |error: safetensors::SafeTensorError| ModelError::Adapter(error.to_string());
    let mut views = BTreeMap::new();
    for (name, (shape, data)) in &bytes {
        views.insert(name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).map_err(invalid)?);
    }
    let metadata = std::collections::HashMap::from([("format".to_string(), "pt".to_string())]);
    serialize(views, Some(metadata)).map_err(invalid)
}

/// An adapter that PEFT (or this tool) saved in `folder`, over `base`; `base.classes` must be its number of classes.
///
/// Which layers it adapts, and with which rank, is read off the weights; scales follow `lora_alpha`, `alpha_pattern` and
/// `use_rslora`.
///
/// # Errors
/// A kind of adapter that is not supported (by name), a damaged file, or weights that do not fit the model.
pub fn load(folder: &Path, base: &Base) -> Result<Adapter, ModelError> {
    let config = SavedConfig::read(&folder.join("adapter_config.json"))?;
    let path = folder.join("adapter_model.safetensors");
    let invalid = |message: String| ModelError::Invalid { path: path.clone(), message };
    let tensors = Tensor::read_safetensors(&path).map_err(|error| invalid(error.to_string()))?;
    let mut by_name = BTreeMap::new();
    for (name, tensor) in tensors {
        let Some(name) = name.strip_prefix(PREFIX) else {
            return Err(invalid(format!("`{name}` does not begin with `{PREFIX}`")));
        };
        by_name.insert(name.to_string(), tensor);
    }
    let targets = saved_targets(&config, base, &by_name).map_err(&invalid)?;
    let adapter = Adapter::new(base, targets, 0)?;
    let mut problems = Vec::new();
    for entry in adapter.parameters.entries() {
        match by_name.remove(&entry.name) {
            Some(tensor) if tensor.size() == entry.shape => {
                adapter.parameters.value(entry)?.f_copy_(&tensor.f_to_device(base.device)?)?;
            }
            Some(tensor) => {
                problems.push(format!("`{}` has shape {:?} instead of {:?}", entry.name, tensor.size(), entry.shape));
            }
            None => problems.push(format!("`{}` is missing", entry.name)),
        }
    }
    problems.extend(by_name.keys().map(|name| format!("`{name}` is not supported in an adapter")));
    if problems.is_empty() { Ok(adapter) } else { Err(invalid(problems.join("; "))) }
}

fn saved_targets(
    config: &SavedConfig,
    base: &Base,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<Vec<LoraTarget>, String> {
    let mut targets = Vec::new();
    for (name, tensor) in tensors {
        let Some(module) = name.strip_suffix(".lora_A.weight") else {
            continue;
        };
        let Some((layer, linear)) =
            base.config.architecture.parse(module).filter(|(layer, _)| *layer < base.config.layers)
        else {
            return Err(format!("`{module}` is adapted, which is no linear layer of this model's encoder"));
        };
        let rank = tensor.size()[0];
        targets.push(LoraTarget { layer, linear, rank, scale: config.scale(module, rank)? });
    }
    Ok(targets)
}
