//! How much arithmetic a run is, estimated before it runs.

use crate::model::{LinearRole, ModelConfig};

/// Floating-point operations for each token of the frozen linear layers, which are nearly all there is: two for each weight. The
/// last layer makes keys and values of all tokens and everything else of the first ones only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenOperations {
    /// Forward, of the layers below the one that was asked for.
    pub below: f64,
    /// Forward, from that layer upwards; as many backward.
    pub above: f64,
}

impl TokenOperations {
    /// Of the encoder layers below `layer`, and of the others.
    pub fn divided_at(config: &ModelConfig, layer: usize) -> Self {
        let layers = &config.graph.layers;
        let divided = layer.min(layers.len());
        let weights = |layer: usize, role: LinearRole| layers[layer].linear(role).linear.weight.elements() as f64;
        let last = layers.len().saturating_sub(1);
        let of_layer = |layer: usize| -> f64 {
            let all: &[LinearRole] =
                if layer == last { &[LinearRole::Key, LinearRole::Value] } else { &LinearRole::ALL };
            2.0 * all.iter().map(|role| weights(layer, *role)).sum::<f64>()
        };
        Self { below: (0..divided).map(of_layer).sum(), above: (divided..layers.len()).map(of_layer).sum() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_papers_model_takes_about_310_million_operations_a_token() {
        let text = r#"{
            "model_type": "roberta", "vocab_size": 50265, "hidden_size": 768, "num_hidden_layers": 12,
            "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 514, "type_vocab_size": 1,
            "pad_token_id": 1, "layer_norm_eps": 1e-5, "hidden_act": "gelu"
        }"#;
        let config = ModelConfig::parse(text, Path::new("config.json")).unwrap();
        let of = |layer: usize| {
            let TokenOperations { below, above } = TokenOperations::divided_at(&config, layer);
            [below / 1e6, above / 1e6]
        };
        // 11 layers of 7,077,888 weights and two matrices of 589,824, twice; forward, and again backward.
        let all = 2.0 * (11.0 * 7.077_888 + 2.0 * 0.589_824);
        assert_eq!(of(0)[0], 0.0);
        assert!((of(0)[1] - all).abs() < 1e-9 && (2.0 * all - 316.146).abs() < 0.01, "{:?}", of(0));
        let [below, above] = of(10);
        assert!((below - 2.0 * 10.0 * 7.077_888).abs() < 1e-9 && (below + above - all).abs() < 1e-9);
        assert_eq!(of(12), of(99), "none is adapted");
    }
}
