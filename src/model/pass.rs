//! One run's part in a forward and backward pass.

use super::adapter::Adapter;
use super::dropout::Dropout;
use super::random::Key;
use crate::spec::Module;

/// A run's adapter and, in training, its dropouts.
#[derive(Clone, Copy)]
pub struct RunPass<'a> {
    pub adapter: &'a Adapter,
    /// None: evaluation.
    pub dropout: Option<StepDropout>,
}

/// The dropout probabilities of a run and the key of its micro-batch.
#[derive(Clone, Copy, Debug)]
pub struct StepDropout {
    pub key: Key,
    pub hidden: f64,
    pub attention: f64,
    pub lora: f64,
    pub classifier: f64,
    pub extra: f64,
}

/// Where dropout acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// After the embeddings' LayerNorm.
    Embeddings,
    /// Attention probabilities.
    Attention(usize),
    /// After the attention block's output layer.
    AttentionOutput(usize),
    /// After the feed-forward block's output layer.
    Output(usize),
    /// Input of a LoRA update.
    Lora(usize, Module),
    /// Features before the head.
    Extra,
    /// Input of the head's linear layer of this index.
    Head(usize),
}

impl RunPass<'_> {
    /// The dropout of this run at a site; none in evaluation or where the probability is 0.
    pub fn dropout_at(&self, site: Site) -> Option<Dropout> {
        let step = self.dropout?;
        let (code, probability) = match site {
            Site::Embeddings => (0, step.hidden),
            Site::Extra => (1, step.extra),
            Site::Head(index) => (2 + index as u64, step.classifier),
            Site::Attention(layer) => (in_layer(layer, 0), step.attention),
            Site::AttentionOutput(layer) => (in_layer(layer, 1), step.hidden),
            Site::Output(layer) => (in_layer(layer, 2), step.hidden),
            Site::Lora(layer, linear) => (in_layer(layer, 3 + linear as u64), step.lora),
        };
        Dropout::new(step.key.with(code), probability)
    }
}

impl RunPass<'_> {
    /// Whether the same sequences have the same activations in both runs, up to the first adapted layer of either.
    pub fn same_below_adapters(&self, other: &RunPass<'_>) -> bool {
        let acting = |pass: &RunPass<'_>| pass.dropout.map(|step| (step.key, step.hidden, step.attention));
        acting(self) == acting(other)
    }
}

/// Site codes: 16 for what lies outside the layers, then 16 a layer.
fn in_layer(layer: usize, place: u64) -> u64 {
    16 * (layer as u64 + 1) + place
}
