//! Encoder and heads together: token ids of several runs in, logits out, gradients back.

use tch::{Kind, TchError, Tensor};

use super::base::Base;
use super::encoder::{Encoder, EncoderTape};
use super::head::{HeadTape, Heads};
use super::layout::Layout;
use super::pass::RunPass;

/// What the backward pass of a batch needs.
pub struct Tape {
    encoder: Option<EncoderTape>,
    heads: HeadTape,
}

/// One batch of a pack: `passes` are its runs, in the layout's order.
pub struct Classifier<'a> {
    encoder: Encoder<'a>,
}

impl<'a> Classifier<'a> {
    pub fn new(base: &'a Base, layout: &'a Layout, passes: &'a [RunPass<'a>]) -> Self {
        Classifier { encoder: Encoder { base, layout, passes } }
    }

    /// Logits without a backward pass, `[sequences, classes]`.
    pub fn evaluate(&self) -> Result<Tensor, TchError> {
        Ok(self.classify(self.encoder.forward(false)?)?.0)
    }

    /// The hidden states of the first run's rows, `[rows, hidden]`, after `layers` layers. Where every run evaluates the
    /// same sequences and adapts higher layers only, they are those of every run.
    pub fn frozen_states(&self, layers: usize) -> Result<Tensor, TchError> {
        let layout = self.encoder.layout.select(&[0])?;
        Encoder { base: self.encoder.base, layout: &layout, passes: &self.encoder.passes[..1] }.first_layers(layers)
    }

    /// [`Self::evaluate`] from what [`Self::frozen_states`] gave.
    pub fn evaluate_above(&self, layers: usize, states: &Tensor) -> Result<Tensor, TchError> {
        let runs = self.encoder.passes.len() as i64;
        let hidden = if runs == 1 { states.shallow_clone() } else { states.f_repeat([runs, 1])? };
        Ok(self.classify(self.encoder.forward_above(layers, hidden, false)?)?.0)
    }

    /// Logits, `[sequences, classes]`, and what [`Self::backward`] needs.
    pub fn forward(&self) -> Result<(Tensor, Tape), TchError> {
        self.classify(self.encoder.forward(true)?)
    }

    fn classify(&self, (features, encoder): (Tensor, Option<EncoderTape>)) -> Result<(Tensor, Tape), TchError> {
        // Heads compute in float32.
        let (logits, heads) = self.heads().forward(&features.f_to_kind(Kind::Float)?)?;
        Ok((logits, Tape { encoder, heads }))
    }

    fn heads(&self) -> Heads<'_> {
        let sequences = self.encoder.layout.runs.iter().map(|span| span.sequences.clone()).collect();
        Heads { base: self.encoder.base, passes: self.encoder.passes, sequences }
    }

    /// Adds to the gradients of every run's parameters; `logits` is the gradient of the logits.
    pub fn backward(&self, tape: Tape, logits: &Tensor) -> Result<(), TchError> {
        let features = self.heads().backward(&tape.heads, logits, tape.encoder.is_some())?;
        match (tape.encoder, features) {
            (Some(encoder), Some(features)) => self.encoder.backward(encoder, features),
            _ => Ok(()),
        }
    }
}
