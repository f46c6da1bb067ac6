//! Encoder and heads together: token ids of several runs in, logits out, gradients back.

use tch::Tensor;

use super::base::Base;
use super::compute_error::ComputeError;
use super::layout::Layout;
use super::network::{BackwardPass, Batch};
use super::pass::RunPass;

/// One batch of a pack on a model.
pub struct Classifier<'a> {
    base: &'a Base,
    batch: Batch<'a>,
}

impl<'a> Classifier<'a> {
    /// `passes`: the batch's runs, in the layout's order.
    pub fn new(base: &'a Base, layout: &'a Layout, passes: &'a [RunPass<'a>]) -> Self {
        Classifier { base, batch: Batch { config: &base.config, layout, passes } }
    }

    /// Logits without a backward pass, `[sequences, classes]`.
    pub fn evaluate(&self) -> Result<Tensor, ComputeError> {
        self.base.network().evaluate(self.batch)
    }

    /// The hidden states of the first run's rows, `[rows, hidden]`, after `layers` layers. Where every run evaluates the
    /// same sequences and adapts higher layers only, they are those of every run.
    pub fn frozen_states(&self, layers: usize) -> Result<Tensor, ComputeError> {
        self.base.network().frozen_states(self.batch, layers)
    }

    /// [`Self::evaluate`] from what [`Self::frozen_states`] gave.
    pub fn evaluate_above(&self, layers: usize, states: &Tensor) -> Result<Tensor, ComputeError> {
        self.base.network().evaluate_above(self.batch, layers, states)
    }

    /// Logits, `[sequences, classes]`, and the backward pass from their gradient.
    pub fn forward(&self) -> Result<(Tensor, BackwardPass<'a>), ComputeError> {
        self.base.network().forward(self.batch)
    }
}
