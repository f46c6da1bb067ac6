//! One run's part in a forward and backward pass.

use super::adapter::Adapter;
use super::dropout::Dropout;
pub use super::graph::Site;
use super::random::StreamKey;

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
    pub key: StreamKey,
    pub hidden: f64,
    pub attention: f64,
    pub lora: f64,
    pub classifier: f64,
    pub extra: f64,
}

impl RunPass<'_> {
    /// The dropout of this run at a site; none in evaluation or where the probability is 0.
    pub fn dropout_at(&self, site: Site) -> Option<Dropout> {
        let step = self.dropout?;
        let probability = match site {
            Site::Embeddings | Site::AttentionOutput(_) | Site::Output(_) => step.hidden,
            Site::Extra => step.extra,
            Site::Head(_) => step.classifier,
            Site::Attention(_) => step.attention,
            Site::Adapter(_) => step.lora,
        };
        Dropout::new(step.key.with(site.number()), probability)
    }
}

impl RunPass<'_> {
    /// Whether the same sequences have the same activations in both runs, up to the first adapted layer of either.
    pub fn same_below_adapters(&self, other: &RunPass<'_>) -> bool {
        let acting = |pass: &RunPass<'_>| pass.dropout.map(|step| (step.key, step.hidden, step.attention));
        acting(self) == acting(other)
    }
}
