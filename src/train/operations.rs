//! How much arithmetic a run is, estimated before it runs.

use crate::model::{ModelConfig, linear_shape};
use crate::spec::Module;

/// Floating-point operations of the frozen linear layers, which are nearly all there is: two for each weight and token
/// forward, and as many backward from the lowest adapted layer upwards. The last layer makes keys and values of all tokens and
/// everything else of the first ones only. `train_tokens` are those of all epochs, `evaluated_tokens` those of all evaluations.
pub fn operations(config: &ModelConfig, target_modules: &[String], train_tokens: f64, evaluated_tokens: f64) -> f64 {
    let weights = |module: &Module| {
        let (output, input) = linear_shape(config, *module);
        (output * input) as f64
    };
    let layer: f64 = Module::ALL.iter().map(weights).sum();
    let last = weights(&Module::Key) + weights(&Module::Value);
    let adapted = target_modules.iter().filter_map(|name| config.architecture.parse(name));
    let lowest = adapted.map(|(layer, _)| layer).min().unwrap_or(config.layers);
    let of_layers =
        |layers: usize| 2.0 * (layers.saturating_sub(1) as f64 * layer + if layers > 0 { last } else { 0.0 });
    let forward = of_layers(config.layers);
    let backward = of_layers(config.layers.saturating_sub(lowest));
    train_tokens * (forward + backward) + evaluated_tokens * forward
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_papers_run_takes_about_310_million_operations_a_token() {
        let text = r#"{
            "model_type": "roberta", "vocab_size": 50265, "hidden_size": 768, "num_hidden_layers": 12,
            "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 514, "type_vocab_size": 1,
            "pad_token_id": 1, "layer_norm_eps": 1e-5, "hidden_act": "gelu"
        }"#;
        let config = ModelConfig::parse(text, Path::new("config.json")).unwrap();
        let name = |layer: &usize| format!("roberta.encoder.layer.{layer}.attention.self.query");
        let of = |layers: &[usize], trained, evaluated| {
            operations(&config, &layers.iter().map(name).collect::<Vec<_>>(), trained, evaluated) / 1e6
        };
        // 11 layers of 7,077,888 weights and two matrices of 589,824, twice, forward and backward.
        assert!((of(&[0], 1.0, 0.0) - 2.0 * 2.0 * (11.0 * 7.077_888 + 2.0 * 0.589_824)).abs() < 1e-9);
        assert!((of(&[0], 0.0, 1.0) - 158.073).abs() < 0.01, "{}", of(&[0], 0.0, 1.0));
        assert!(of(&[10], 1.0, 0.0) < 0.6 * of(&[0], 1.0, 0.0));
    }
}
