//! What a run needs of a device's memory, estimated before it runs.

use crate::model::{LoraTarget, ModelConfig, count_parameters};
use crate::spec::{Precision, RunSpec};

/// Bytes per number at float32.
const FLOAT: u64 = 4;

/// Sizes of a run on a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    pub trainable_parameters: usize,
    /// As PEFT counts: the frozen copy of the head included.
    pub total_parameters: usize,
    /// Bytes that the run adds to a pack.
    pub run: u64,
    /// Bytes of the frozen weights, which the runs of a pack share.
    pub frozen: u64,
}

impl Footprint {
    /// Of a run whose longest training sequence has `longest` tokens. Target modules that the model does not have are
    /// left out.
    pub fn new(config: &ModelConfig, spec: &RunSpec, classes: usize, longest: usize) -> Self {
        let targets = targets(spec, config);
        let (trainable_parameters, total_parameters) = count_parameters(config, &targets, classes);
        let lowest = targets.iter().map(|target| target.layer).min().unwrap_or(config.layers);
        let weight = if spec.precision == Precision::Bf16 { FLOAT / 2 } else { FLOAT };
        Self {
            trainable_parameters,
            total_parameters,
            run: run_memory(config, trainable_parameters, lowest, spec.batch_size, longest),
            frozen: weight * (total_parameters - trainable_parameters) as u64,
        }
    }
}

fn targets(run: &RunSpec, config: &ModelConfig) -> Vec<LoraTarget> {
    let scale = run.lora_alpha / run.rank as f64;
    let parsed = run.target_modules.iter().filter_map(|name| config.architecture.parse(name));
    parsed.map(|(layer, linear)| LoraTarget { layer, linear, rank: run.rank as i64, scale }).collect()
}

/// Bytes that a run adds to a pack, for its largest possible micro-batch, at float32.
///
/// Per trainable parameter five numbers: value, gradient, both moments of AdamW, best value so far. Per token and layer
/// from the lowest adapted one upwards what its backward pass reads: query, key and value, the normalised inputs of both
/// LayerNorms with their dropout masks (7 hidden sizes in all), the input of the activation, and the attention
/// probabilities. As much again for one layer's temporaries.
fn run_memory(config: &ModelConfig, trainable: usize, lowest: usize, batch: usize, longest: usize) -> u64 {
    let per_token = 7 * config.hidden_size + config.intermediate_size + config.heads * longest as i64;
    let layers = config.layers.saturating_sub(lowest) + 1;
    let activations = per_token as u64 * (layers * batch * longest) as u64;
    FLOAT * (5 * trainable as u64 + activations)
}
