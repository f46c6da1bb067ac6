//! The encoder's forward and backward passes over a flat batch of several runs.
//!
//! The graph of a frozen encoder with LoRA is fixed, so the backward pass is written out: it keeps only what it needs,
//! computes no gradient of a frozen weight and nothing below the lowest adapted layer. After the last layer only the
//! first token of each sequence reaches the head; so that layer computes everything for first tokens only, but for keys
//! and values of all tokens where a run adapts them.

mod attention_block;
mod layer;

use tch::{TchError, Tensor};

use self::layer::LayerTape;
use super::attention::{AttentionShape, Queries};
use super::backend::{Attended, Backend};
use super::config::ModelConfig;
use super::dropout::RowDropouts;
use super::frozen::Frozen;
use super::layout::Layout;
use super::pass::{RunPass, Site};
use super::prefix::Prefix;
use crate::model::graph::{LayerShape, LinearRole};

/// What the backward pass of the encoder needs: the layers from the lowest adapted one upwards.
pub struct EncoderTape<B: Backend> {
    lowest: (usize, LinearRole),
    layers: Vec<LayerTape<B>>,
}

/// One batch on its way through the encoder.
pub struct Encoder<'a, B: Backend> {
    backend: &'a B,
    config: &'a ModelConfig,
    frozen: &'a Frozen<B>,
    layout: &'a Layout,
    /// One per run of the layout.
    passes: &'a [RunPass<'a>],
    batch: B::Batch,
}

impl<'a, B: Backend> Encoder<'a, B> {
    /// `passes`: one per run of the layout.
    pub fn new(
        backend: &'a B,
        (config, frozen): (&'a ModelConfig, &'a Frozen<B>),
        layout: &'a Layout,
        passes: &'a [RunPass<'a>],
    ) -> Result<Self, TchError> {
        Ok(Encoder { backend, config, frozen, layout, passes, batch: backend.batch(layout)? })
    }

    /// The hidden state of each sequence's first token after the last layer, `[sequences, hidden]`, and a tape when
    /// `keep` is set and any run adapts any layer.
    pub fn forward(&self, keep: bool) -> Result<(Tensor, Option<EncoderTape<B>>), TchError> {
        // The last layer is no part of the prefix: only first tokens have queries there.
        let prefix = Prefix::shared(self.layout, self.passes, self.frozen.layers.len() - 1)?;
        let (hidden, done) = match &prefix {
            Some(prefix) => (self.below_adapters(prefix)?, prefix.layers),
            None => (self.embed()?, 0),
        };
        self.forward_above(done, hidden, keep)
    }

    /// [`Self::forward`] from the hidden states after the first `done` layers on, which no run adapts.
    pub fn forward_above(
        &self,
        done: usize,
        hidden: Tensor,
        keep: bool,
    ) -> Result<(Tensor, Option<EncoderTape<B>>), TchError> {
        let lowest = self.passes.iter().filter_map(|pass| pass.adapter.lowest()).min().filter(|_| keep);
        let mut hidden = hidden;
        let mut tapes = Vec::new();
        for index in done..self.frozen.layers.len() {
            let (next, tape) = self.layer_forward(index, &hidden)?;
            hidden = next;
            if lowest.is_some_and(|(lowest, _)| index >= lowest) {
                tapes.push(tape);
            }
        }
        Ok((hidden, lowest.map(|lowest| EncoderTape { lowest, layers: tapes })))
    }

    /// Accumulates the gradients of all LoRA parameters; `gradient` is that of the forward pass' result, in any precision.
    pub fn backward(&self, tape: EncoderTape<B>, gradient: Tensor) -> Result<(), TchError> {
        let (lowest, linear) = tape.lowest;
        let mut gradient = gradient.f_to_kind(self.backend.kind())?;
        for (offset, saved) in tape.layers.into_iter().enumerate().rev() {
            let index = lowest + offset;
            let stop = (offset == 0).then_some(linear);
            match self.layer_backward(index, &saved, &gradient, stop)? {
                Some(next) => gradient = next,
                None => break,
            }
        }
        Ok(())
    }

    /// The hidden states of all rows below the first adapted layer.
    fn below_adapters(&self, prefix: &Prefix<'_>) -> Result<Tensor, TchError> {
        let weights = (self.config, self.frozen);
        let part = Encoder::new(self.backend, weights, &prefix.layout, &prefix.passes)?;
        part.first_layers(prefix.layers)?.f_index_select(0, &prefix.rows)
    }

    /// The hidden states after the first `layers` layers.
    pub fn first_layers(&self, layers: usize) -> Result<Tensor, TchError> {
        let mut hidden = self.embed()?;
        for index in 0..layers.min(self.frozen.layers.len()) {
            hidden = self.layer_forward(index, &hidden)?.0;
        }
        Ok(hidden)
    }

    fn embed(&self) -> Result<Tensor, TchError> {
        let dropouts = self.dropouts(Site::Embeddings, Queries::Tokens);
        self.backend.embed(&self.frozen.embeddings, self.layout, &dropouts)
    }

    /// Each run's rows in a tensor with a row per token or per sequence.
    fn spans(&self, rows: Queries) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.layout.runs.iter().map(move |span| match rows {
            Queries::Tokens => span.rows.clone(),
            Queries::Firsts => span.sequences.clone(),
        })
    }

    fn dropouts(&self, site: Site, rows: Queries) -> RowDropouts {
        RowDropouts::new(self.spans(rows).zip(self.passes.iter().map(|pass| pass.dropout_at(site))))
    }

    /// The batch as attention sees it.
    fn attended(&self) -> Attended<'_, B> {
        let LayerShape { heads, head_size, .. } = self.config.graph.shape;
        let shape = AttentionShape { heads, head_size, longest: self.config.longest_sequence() };
        Attended { layout: self.layout, batch: &self.batch, shape }
    }
}
