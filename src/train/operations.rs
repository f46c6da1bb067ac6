//! How much arithmetic a run is, estimated before it runs.

use crate::model::{LinearRole, ModelConfig};

/// Floating-point operations of the frozen linear layers, which are nearly all there is: two for each weight and token
/// forward, and as many backward from the lowest adapted layer upwards. The last layer makes keys and values of all tokens and
/// everything else of the first ones only. `train_tokens` are those of all epochs, `evaluated_tokens` those of all evaluations.
pub fn operations(config: &ModelConfig, target_modules: &[String], train_tokens: f64, evaluated_tokens: f64) -> f64 {
    let layers = &config.graph.layers;
    let weights = |layer: usize, role: LinearRole| layers[layer].linear(role).linear.weight.elements() as f64;
    let adapted = target_modules.iter().filter_map(|name| config.graph.find(name));
    let lowest = adapted.map(|(layer, _)| layer).min().unwrap_or(layers.len());
    let last = layers.len().saturating_sub(1);
    // Of the layers from one upwards.
    let from = |first: usize| {
        let of_layer = |layer: usize| -> f64 {
            let all: &[LinearRole] =
                if layer == last { &[LinearRole::Key, LinearRole::Value] } else { &LinearRole::ALL };
            all.iter().map(|role| weights(layer, *role)).sum()
        };
        2.0 * (first..layers.len()).map(of_layer).sum::<f64>()
    };
    let (forward, backward) = (from(0), from(lowest));
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
