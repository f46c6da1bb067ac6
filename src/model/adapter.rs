//! What a run trains: LoRA matrices on chosen linear layers, and the classification head.

use std::collections::BTreeMap;

use tch::{TchError, Tensor};

use super::ModelError;
use super::base::{Base, head_shapes};
use super::config::ModelConfig;
use super::parameters::{Parameter, Parameters, Trainable};
use super::random::{Key, Purpose};
use crate::spec::Module;

/// A linear layer of the encoder that LoRA adapts.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraTarget {
    pub layer: usize,
    pub linear: Module,
    pub rank: i64,
    /// `lora_alpha / rank`, or `lora_alpha / sqrt(rank)` with rsLoRA.
    pub scale: f64,
}

/// The LoRA update of one linear layer: `scale * B A x`.
#[derive(Debug)]
pub struct Lora {
    /// `[rank, in]`
    pub a: Trainable,
    /// `[out, rank]`
    pub b: Trainable,
    pub scale: f64,
}

/// A trained linear layer of the head.
#[derive(Debug)]
pub struct HeadLinear {
    /// `[out, in]`
    pub weight: Trainable,
    /// `[out]`
    pub bias: Trainable,
}

/// All that one run trains.
#[derive(Debug)]
pub struct Adapter {
    pub parameters: Parameters,
    pub targets: Vec<LoraTarget>,
    lora: BTreeMap<(usize, Module), Lora>,
    /// In forward order.
    pub head: Vec<HeadLinear>,
}

impl Adapter {
    /// A new adapter: A kaiming-uniform, B zero (PEFT's default), the head from the checkpoint where it has one for
    /// these classes, else normal weights and zero biases (transformers' `_init_weights`).
    pub fn new(base: &Base, targets: Vec<LoraTarget>, seed: u64) -> Result<Self, ModelError> {
        let shapes = parameter_shapes(&base.config, &targets, base.classes);
        let parameters = Parameters::new(shapes, base.device)?;
        let mut adapter = Adapter::over(parameters, targets, &base.config)?;
        adapter.initialize(base, Key::new(seed, Purpose::Initialization))?;
        Ok(adapter)
    }

    fn over(parameters: Parameters, targets: Vec<LoraTarget>, config: &ModelConfig) -> Result<Self, ModelError> {
        let mut lora = BTreeMap::new();
        for target in &targets {
            let module = config.architecture.module_name(target.layer, target.linear);
            let a = parameters.pair(&format!("{module}.lora_A.weight"))?;
            let b = parameters.pair(&format!("{module}.lora_B.weight"))?;
            lora.insert((target.layer, target.linear), Lora { a, b, scale: target.scale });
        }
        let linear = |name: &&str| -> Result<HeadLinear, TchError> {
            let weight = parameters.pair(&format!("{name}.weight"))?;
            Ok(HeadLinear { weight, bias: parameters.pair(&format!("{name}.bias"))? })
        };
        let head = config.architecture.head().iter().map(linear).collect::<Result<_, _>>()?;
        Ok(Adapter { parameters, targets, lora, head })
    }

    fn initialize(&mut self, base: &Base, key: Key) -> Result<(), ModelError> {
        for entry in self.parameters.entries() {
            let from_checkpoint = base.head.iter().find(|(name, _)| *name == entry.name);
            let values = match from_checkpoint {
                Some((_, tensor)) => tensor.shallow_clone(),
                None => Tensor::f_from_slice(&initial_values(entry, key, base.config.initializer_range))?
                    .f_to_device(base.device)?
                    .f_view(entry.shape.as_slice())?,
            };
            self.parameters.value(entry)?.f_copy_(&values)?;
        }
        Ok(())
    }

    pub fn lora(&self, layer: usize, linear: Module) -> Option<&Lora> {
        self.lora.get(&(layer, linear))
    }

    /// The adapted linear layer nearest to the embeddings; no gradient is needed below it.
    pub fn lowest(&self) -> Option<(usize, Module)> {
        self.lora.keys().next().copied()
    }
}

/// Names and shapes of everything a run trains.
pub fn parameter_shapes(config: &ModelConfig, targets: &[LoraTarget], classes: usize) -> Vec<(String, Vec<i64>)> {
    let mut shapes = Vec::new();
    for target in targets {
        let module = config.architecture.module_name(target.layer, target.linear);
        let (out, input) = linear_shape(config, target.linear);
        shapes.push((format!("{module}.lora_A.weight"), vec![target.rank, input]));
        shapes.push((format!("{module}.lora_B.weight"), vec![out, target.rank]));
    }
    shapes.extend(head_shapes(config, classes));
    shapes
}

/// Trainable parameters, and all parameters as PEFT counts them: encoder, frozen copy of the head, trainable ones.
pub fn count_parameters(config: &ModelConfig, targets: &[LoraTarget], classes: usize) -> (usize, usize) {
    let elements = |shapes: &[(String, Vec<i64>)]| shapes.iter().map(|(_, s)| s.iter().product::<i64>()).sum::<i64>();
    let trainable = elements(&parameter_shapes(config, targets, classes));
    let (width, inner) = (config.hidden_size, config.intermediate_size);
    let layer = 4 * (width * width + width) + 2 * width * inner + inner + width + 4 * width;
    let pooler = if config.architecture.pooler().is_some() { width * width + width } else { 0 };
    let embeddings = (config.vocab_size + config.positions + config.token_types + 2) * width;
    let frozen = embeddings + config.layers as i64 * layer + pooler + elements(&head_shapes(config, classes));
    (trainable as usize, (frozen + trainable) as usize)
}

/// `(out, in)` of a linear layer's weight.
pub fn linear_shape(config: &ModelConfig, linear: Module) -> (i64, i64) {
    match linear {
        Module::Intermediate => (config.intermediate_size, config.hidden_size),
        Module::Output => (config.hidden_size, config.intermediate_size),
        _ => (config.hidden_size, config.hidden_size),
    }
}

/// A: uniform in +-1/sqrt(in), which is kaiming_uniform(a = sqrt 5); B and biases: zero; head weights: normal.
fn initial_values(entry: &Parameter, key: Key, initializer_range: f64) -> Vec<f32> {
    let key = key.with_name(&entry.name);
    let n = entry.elements() as u64;
    if entry.name.ends_with(".lora_A.weight") {
        let bound = 1.0 / (entry.shape[1] as f64).sqrt();
        (0..n).map(|i| ((2.0 * key.uniform(i) - 1.0) * bound) as f32).collect()
    } else if entry.name.ends_with(".lora_B.weight") || entry.name.ends_with(".bias") {
        vec![0.0; n as usize]
    } else {
        (0..n).map(|i| (key.normal(i) * initializer_range) as f32).collect()
    }
}
