//! Encoder and heads together: token ids of several runs in, logits out, gradients back.

use tch::{Kind, TchError, Tensor};

use super::base::Base;
use super::encoder::{Encoder, EncoderTape};
use super::head::{self, HeadTape};
use super::layout::Layout;
use super::pass::RunPass;

/// What the backward pass of a batch needs.
pub struct Tape {
    encoder: Option<EncoderTape>,
    heads: Vec<HeadTape>,
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
        let features = features.f_to_kind(Kind::Float)?;
        let mut logits = Vec::with_capacity(self.encoder.passes.len());
        let mut heads = Vec::with_capacity(self.encoder.passes.len());
        for (pass, span) in self.encoder.passes.iter().zip(&self.encoder.layout.runs) {
            let rows = features.f_narrow(0, span.sequences.start as i64, span.sequences.len() as i64)?;
            let (run_logits, tape) = head::forward(self.encoder.base, pass, &rows)?;
            logits.push(run_logits);
            heads.push(tape);
        }
        Ok((Tensor::f_cat(&logits, 0)?, Tape { encoder, heads }))
    }

    /// Adds to the gradients of every run's parameters; `logits` is the gradient of the logits.
    pub fn backward(&self, tape: Tape, logits: &Tensor) -> Result<(), TchError> {
        let mut features = Vec::with_capacity(tape.heads.len());
        let runs = self.encoder.passes.iter().zip(&self.encoder.layout.runs).zip(&tape.heads);
        for ((pass, span), saved) in runs {
            let rows = logits.f_narrow(0, span.sequences.start as i64, span.sequences.len() as i64)?;
            features.extend(head::backward(self.encoder.base, pass, saved, &rows, tape.encoder.is_some())?);
        }
        match tape.encoder {
            Some(encoder) => self.encoder.backward(encoder, Tensor::f_cat(&features, 0)?),
            None => Ok(()),
        }
    }
}
