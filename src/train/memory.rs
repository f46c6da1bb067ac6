//! What a run needs of a device's memory, estimated before it runs.

use crate::model::{AdapterShape, MemoryFormula, ModelConfig, count_parameters, product_bytes};
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
}

impl Footprint {
    /// Of a run whose longest training sequence has `longest` tokens. Target modules that the model does not have are
    /// left out.
    pub fn new(config: &ModelConfig, spec: &RunSpec, classes: usize, longest: usize, memory: MemoryFormula) -> Self {
        let adapter = AdapterShape::of_known_modules(config, spec);
        let (trainable_parameters, total_parameters) = count_parameters(config, &adapter, classes);
        Self {
            trainable_parameters,
            total_parameters,
            run: 5 * FLOAT * trainable_parameters as u64 + activations(memory, config, spec, &adapter, longest),
        }
    }
}

/// Bytes of the frozen weights, which the runs of a pack share, on a device that keeps the layers' matrices in so many
/// `layouts`.
pub fn frozen_memory(config: &ModelConfig, precision: Precision, classes: usize, layouts: u64) -> u64 {
    let linears = config.graph.layers.iter().flat_map(|layer| layer.linears());
    let matrices: u64 = linears.map(|own| own.linear.weight.elements() as u64).sum();
    let (trainable, total) = count_parameters(config, &AdapterShape::head_only(), classes);
    let others = (total - trainable) as u64 - matrices;
    layouts * product_bytes(precision) * matrices + FLOAT * others
}

/// Bytes of a run's largest possible micro-batch: what a forward pass leaves for the backward pass in each layer from the lowest
/// adapted one upwards and in its updates, and as much again for one layer's temporaries. With five numbers per trainable parameter (value,
/// gradient, both moments of AdamW, best value so far) that is what a run adds to a pack.
fn activations(
    memory: MemoryFormula,
    config: &ModelConfig,
    spec: &RunSpec,
    adapter: &AdapterShape,
    longest: usize,
) -> u64 {
    let lowest = adapter.targets.iter().map(|target| target.layer).min().unwrap_or(config.layers());
    let layers = config.layers().saturating_sub(lowest) + 1;
    let of_layers = memory.per_token(config, spec.precision, longest) * layers as u64;
    let per_token = of_layers + FLOAT * adapter.numbers_per_token(&config.graph);
    per_token * (spec.batch_size * longest) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frozen_weights_of_roberta_base() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{
            "model_type": "roberta", "vocab_size": 50265, "hidden_size": 768, "num_hidden_layers": 12,
            "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 514, "type_vocab_size": 1,
            "pad_token_id": 1, "layer_norm_eps": 1e-5, "hidden_act": "gelu"
        }"#;
        std::fs::write(folder.path().join("config.json"), text).unwrap();
        let config = ModelConfig::read(folder.path()).unwrap();
        // The paper's 125,512,712 without the 864,004 that are trained; matrices: 12 layers of 12 times 768 * 768.
        let (all, matrices) = (125_512_712 - 864_004, 12 * 12 * 768 * 768);
        assert_eq!(frozen_memory(&config, Precision::Fp32, 4, 1), 4 * all);
        assert_eq!(frozen_memory(&config, Precision::Fp32, 4, 2), 4 * (all + matrices));
        assert_eq!(frozen_memory(&config, Precision::Bf16, 4, 1), 4 * all - 2 * matrices);
        assert_eq!(frozen_memory(&config, Precision::Bf16, 4, 2), 4 * all);
    }
}
