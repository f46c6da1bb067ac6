//! A layer's attention block up to its output layer, forward and backward.

use tch::{TchError, Tensor};

use super::{Encoder, LayerTape};
use crate::model::attention::{self, AttentionGradient, AttentionTape, Queries};
use crate::model::base::{Layer, Linear, Projections};
use crate::model::cpu::attention::first_tokens::{self, HeadProjections};
use crate::model::lora::LoraTape;
use crate::spec::Module;

impl Encoder<'_> {
    /// The attention block up to its output layer: context, residual and tape.
    pub(super) fn attend(
        &self,
        index: usize,
        layer: &Layer,
        hidden: &Tensor,
        tapes: &mut Vec<(Module, LoraTape)>,
    ) -> Result<(Tensor, Tensor, AttentionTape), TchError> {
        let width = self.base.config.hidden_size;
        let (queries, query, key_value, residual) = match &layer.projections {
            Projections::Joined(all) => {
                let all = all.weight.product_with_bias(hidden, &all.bias)?;
                let query = all.f_narrow(1, 0, width)?;
                (Queries::Tokens, query, all.f_narrow(1, width, 2 * width)?, hidden.shallow_clone())
            }
            Projections::Apart { query, key_value, heads } => {
                let firsts = hidden.f_index_select(0, &self.layout.first_rows)?;
                let adapted = self.adapted(index, Module::Key) || self.adapted(index, Module::Value);
                if let Some(heads) = heads.as_ref().filter(|_| !adapted) {
                    return self.attend_to_states(index, (query, heads), firsts, hidden, tapes);
                }
                let key_value = key_value.weight.product_with_bias(hidden, &key_value.bias)?;
                (Queries::Firsts, query.weight.product_with_bias(&firsts, &query.bias)?, key_value, firsts)
            }
        };
        self.adapt((index, Module::Query), queries, &residual, &query, tapes)?;
        let key = key_value.f_narrow(1, 0, width)?;
        self.adapt((index, Module::Key), Queries::Tokens, hidden, &key, tapes)?;
        let value = key_value.f_narrow(1, width, width)?;
        self.adapt((index, Module::Value), Queries::Tokens, hidden, &value, tapes)?;
        let inputs = (&query, &key_value);
        let (context, tape) =
            attention::forward(self.base.compute(), self.layout, self.heads(), queries, inputs, self.passes, index)?;
        Ok((context, residual, tape))
    }

    /// [`Self::attend`] of first tokens where no run adapts keys or values.
    fn attend_to_states(
        &self,
        index: usize,
        (query, heads): (&Linear, &HeadProjections),
        firsts: Tensor,
        hidden: &Tensor,
        tapes: &mut Vec<(Module, LoraTape)>,
    ) -> Result<(Tensor, Tensor, AttentionTape), TchError> {
        let query = query.weight.product_with_bias(&firsts, &query.bias)?;
        self.adapt((index, Module::Query), Queries::Firsts, &firsts, &query, tapes)?;
        let inputs = (&query, hidden);
        let (context, tape) =
            attention::forward_of_states(self.layout, self.heads(), heads, inputs, self.passes, index)?;
        Ok((context, firsts, tape))
    }

    /// From the gradient of the context to that of the layer's input; none when `stop` says that nothing below needs it.
    pub(super) fn attend_backward(
        &self,
        index: usize,
        tape: &LayerTape,
        context: &Tensor,
        residual: Tensor,
        stop: bool,
    ) -> Result<Option<Tensor>, TchError> {
        if let (AttentionTape::OfStates(saved), Projections::Apart { query, heads: Some(heads), .. }) =
            (&tape.attention, &self.base.layers[index].projections)
        {
            let (asked, hidden) = first_tokens::backward(self.layout, self.heads(), heads, saved, context)?;
            let firsts = if stop { None } else { Some(query.weight.backward_onto(&asked, residual)?) };
            self.adapt_backward((index, Module::Query), Queries::Firsts, tape, &asked, firsts.as_ref())?;
            return self.onto_firsts(Some(hidden), firsts);
        }
        let width = self.base.config.hidden_size;
        let inputs = attention::backward(self.base.compute(), self.layout, self.heads(), &tape.attention, context)?;
        let (query, key_value) = inputs.apart(width)?;
        let key = key_value.f_narrow(1, 0, width)?;
        let value = key_value.f_narrow(1, width, width)?;
        let (mut hidden, mut firsts) = (None, None);
        if !stop {
            match (&self.base.layers[index].projections, &inputs) {
                (Projections::Joined(all), AttentionGradient::Joined(gradient)) => {
                    hidden = Some(all.weight.backward_onto(gradient, residual)?);
                }
                (Projections::Apart { query: asking, key_value: asked, .. }, _) => {
                    hidden = Some(asked.weight.backward(&key_value)?);
                    firsts = Some(asking.weight.backward_onto(&query, residual)?);
                }
                (Projections::Joined(_), AttentionGradient::Apart { .. }) => {
                    return Err(TchError::Torch("attention of all tokens gives joined gradients".to_string()));
                }
            }
        }
        let query_input = if tape.queries == Queries::Firsts { &firsts } else { &hidden };
        self.adapt_backward((index, Module::Query), tape.queries, tape, &query, query_input.as_ref())?;
        self.adapt_backward((index, Module::Key), Queries::Tokens, tape, &key, hidden.as_ref())?;
        self.adapt_backward((index, Module::Value), Queries::Tokens, tape, &value, hidden.as_ref())?;
        if tape.queries == Queries::Firsts { self.onto_firsts(hidden, firsts) } else { Ok(hidden) }
    }

    /// Adds the gradient of first rows to that of all rows, where there is one.
    fn onto_firsts(&self, all: Option<Tensor>, firsts: Option<Tensor>) -> Result<Option<Tensor>, TchError> {
        match (all, firsts) {
            (Some(mut all), Some(firsts)) => Ok(Some(all.f_index_add_(0, &self.layout.first_rows, &firsts)?)),
            _ => Ok(None),
        }
    }
}
