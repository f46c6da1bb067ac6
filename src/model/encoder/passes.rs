//! The passes through all layers.

use tch::Tensor;

use super::context::Encoder;
use super::tapes::EncoderTape;
use crate::model::attention::Queries;
use crate::model::backend::Backend;
use crate::model::compute_error::ComputeError;
use crate::model::pass::Site;
use crate::model::prefix::Prefix;

impl<'a, B: Backend> Encoder<'a, B> {
    /// The hidden state of each sequence's first token after the last layer, `[sequences, hidden]`, and a tape when
    /// `keep` is set and any run adapts any layer.
    pub fn forward(&self, keep: bool) -> Result<(Tensor, Option<EncoderTape<'a, B>>), ComputeError> {
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
    ) -> Result<(Tensor, Option<EncoderTape<'a, B>>), ComputeError> {
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

    /// Accumulates the gradients of all updates; `gradient` is that of the forward pass' result, in any precision.
    pub fn backward(&self, tape: EncoderTape<'a, B>, gradient: Tensor) -> Result<(), ComputeError> {
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
    fn below_adapters(&self, prefix: &Prefix<'_>) -> Result<Tensor, ComputeError> {
        let weights = (self.config, self.frozen);
        let part = Encoder::new(self.backend, weights, &prefix.layout, &prefix.passes)?;
        Ok(part.first_layers(prefix.layers)?.f_index_select(0, &prefix.rows)?)
    }

    /// The hidden states after the first `layers` layers.
    pub fn first_layers(&self, layers: usize) -> Result<Tensor, ComputeError> {
        let mut hidden = self.embed()?;
        for index in 0..layers.min(self.frozen.layers.len()) {
            hidden = self.layer_forward(index, &hidden)?.0;
        }
        Ok(hidden)
    }

    fn embed(&self) -> Result<Tensor, ComputeError> {
        let dropouts = self.dropouts(Site::Embeddings, Queries::Tokens);
        self.backend.embed(&self.frozen.embeddings, self.layout, &dropouts)
    }
}
