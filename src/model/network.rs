//! A loaded encoder with its heads, seen without the types of its backend.

use std::fmt::Debug;

use tch::{Kind, Tensor};

use super::backend::{Backend, FrozenOf};
use super::compute_error::ComputeError;
use super::config::ModelConfig;
use super::encoder::{Encoder, EncoderTape};
use super::head::{HeadTape, Heads};
use super::layout::Layout;
use super::optimizer::{Moments, OptimizerStep};
use super::parameters::Parameters;
use super::pass::RunPass;

/// One batch of a pack: `passes` are its runs, in the layout's order.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    pub config: &'a ModelConfig,
    pub layout: &'a Layout,
    pub passes: &'a [RunPass<'a>],
}

/// Takes the gradient of the logits.
type Accumulate<'a> = dyn FnOnce(&Tensor) -> Result<(), ComputeError> + 'a;

/// The backward pass of one forward pass, with all that it needs.
pub struct BackwardPass<'a>(Box<Accumulate<'a>>);

impl BackwardPass<'_> {
    /// Adds to the gradients of every run's parameters; `logits` is the gradient of the logits.
    pub fn accumulate(self, logits: &Tensor) -> Result<(), ComputeError> {
        (self.0)(logits)
    }
}

/// See [`super::Classifier`] for what the passes over batches do.
pub trait Network: Debug + Send {
    fn evaluate(&self, batch: Batch<'_>) -> Result<Tensor, ComputeError>;

    fn frozen_states(&self, batch: Batch<'_>, layers: usize) -> Result<Tensor, ComputeError>;

    fn evaluate_above(&self, batch: Batch<'_>, layers: usize, states: &Tensor) -> Result<Tensor, ComputeError>;

    fn forward<'a>(&'a self, batch: Batch<'a>) -> Result<(Tensor, BackwardPass<'a>), ComputeError>;

    /// See [`Backend::adamw`].
    fn adamw(
        &self,
        parameters: &Parameters,
        moments: &mut Moments,
        step: &OptimizerStep,
    ) -> Result<Tensor, ComputeError>;
}

/// Frozen weights on a backend.
#[derive(Debug)]
pub struct Loaded<B: Backend> {
    pub backend: B,
    pub frozen: FrozenOf<B>,
}

impl<B: Backend> Loaded<B> {
    fn encoder<'a>(&'a self, batch: Batch<'a>) -> Result<Encoder<'a, B>, ComputeError> {
        Encoder::new(&self.backend, (batch.config, &self.frozen), batch.layout, batch.passes)
    }

    fn heads<'a>(&'a self, batch: Batch<'a>) -> Heads<'a, B> {
        Heads {
            backend: &self.backend,
            head: &batch.config.graph.head,
            pooler: self.frozen.pooler.as_ref(),
            passes: batch.passes,
            sequences: batch.layout.runs.iter().map(|span| span.sequences.clone()).collect(),
        }
    }

    /// `features`: of first tokens, `[sequences, hidden]`.
    fn logits(&self, batch: Batch<'_>, features: &Tensor) -> Result<(Tensor, HeadTape), ComputeError> {
        // Heads compute in float32.
        self.heads(batch).forward(&features.f_to_kind(Kind::Float)?)
    }

    fn backward<'a>(
        &self,
        batch: Batch<'_>,
        encoder: &Encoder<'a, B>,
        (tape, heads): (Option<EncoderTape<'a, B>>, &HeadTape),
        logits: &Tensor,
    ) -> Result<(), ComputeError> {
        let features = self.heads(batch).backward(heads, logits, tape.is_some())?;
        match (tape, features) {
            (Some(tape), Some(features)) => encoder.backward(tape, features),
            _ => Ok(()),
        }
    }
}

impl<B: Backend> Network for Loaded<B> {
    fn evaluate(&self, batch: Batch<'_>) -> Result<Tensor, ComputeError> {
        let (features, _) = self.encoder(batch)?.forward(false)?;
        Ok(self.logits(batch, &features)?.0)
    }

    fn frozen_states(&self, batch: Batch<'_>, layers: usize) -> Result<Tensor, ComputeError> {
        let layout = batch.layout.select(&[0])?;
        self.encoder(Batch { layout: &layout, passes: &batch.passes[..1], ..batch })?.first_layers(layers)
    }

    fn evaluate_above(&self, batch: Batch<'_>, layers: usize, states: &Tensor) -> Result<Tensor, ComputeError> {
        let runs = batch.passes.len() as i64;
        let hidden = if runs == 1 { states.shallow_clone() } else { states.f_repeat([runs, 1])? };
        let (features, _) = self.encoder(batch)?.forward_above(layers, hidden, false)?;
        Ok(self.logits(batch, &features)?.0)
    }

    fn forward<'a>(&'a self, batch: Batch<'a>) -> Result<(Tensor, BackwardPass<'a>), ComputeError> {
        let encoder = self.encoder(batch)?;
        let (features, tape) = encoder.forward(true)?;
        let (logits, heads) = self.logits(batch, &features)?;
        let backward = move |logits: &Tensor| self.backward(batch, &encoder, (tape, &heads), logits);
        Ok((logits, BackwardPass(Box::new(backward))))
    }

    fn adamw(
        &self,
        parameters: &Parameters,
        moments: &mut Moments,
        step: &OptimizerStep,
    ) -> Result<Tensor, ComputeError> {
        self.backend.adamw(parameters, moments, step)
    }
}
