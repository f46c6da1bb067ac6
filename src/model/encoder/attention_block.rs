//! A layer's attention block up to its output layer, forward and backward.

use tch::Tensor;

use super::context::Encoder;
use super::tapes::{AttentionTape, LayerTape, UpdateTapes};
use crate::model::attention::{AttentionGradient, Queries};
use crate::model::backend::Backend;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::Dropout;
use crate::model::frozen::Projections;
use crate::model::graph::LinearRole;
use crate::model::pass::Site;

impl<'a, B: Backend> Encoder<'a, B> {
    /// The attention block up to its output layer: context, residual and tape.
    pub(super) fn attention_block(
        &self,
        index: usize,
        hidden: &Tensor,
        updates: &mut UpdateTapes<'a>,
    ) -> Result<(Tensor, Tensor, AttentionTape<B>), ComputeError> {
        let (width, backend) = (self.config.graph.shape.width, self.backend);
        let (queries, query, key_value, residual) = match &self.frozen.layers[index].projections {
            Projections::Joined(all) => {
                let all = backend.product_with_bias(all, hidden)?;
                let query = all.f_narrow(1, 0, width)?;
                (Queries::Tokens, query, all.f_narrow(1, width, 2 * width)?, hidden.shallow_clone())
            }
            Projections::Apart { query, key_value, states } => {
                let firsts = hidden.f_index_select(0, &self.layout.first_rows)?;
                let adapted = self.adapted(index, LinearRole::Key) || self.adapted(index, LinearRole::Value);
                if let Some(states) = states.as_ref().filter(|_| !adapted) {
                    return self.attention_to_states(index, (query, states), firsts, hidden, updates);
                }
                let key_value = backend.product_with_bias(key_value, hidden)?;
                (Queries::Firsts, backend.product_with_bias(query, &firsts)?, key_value, firsts)
            }
        };
        self.adapt((index, LinearRole::Query), queries, &residual, &query, updates)?;
        let key = key_value.f_narrow(1, 0, width)?;
        self.adapt((index, LinearRole::Key), Queries::Tokens, hidden, &key, updates)?;
        let value = key_value.f_narrow(1, width, width)?;
        self.adapt((index, LinearRole::Value), Queries::Tokens, hidden, &value, updates)?;
        let dropouts = self.attention_dropouts(index);
        let (context, tape) = backend.attention(self.attended(), queries, &query, &key_value, dropouts)?;
        Ok((context, residual, AttentionTape::Keys(tape)))
    }

    /// [`Self::attention_block`] of first tokens where no run adapts keys or values.
    fn attention_to_states(
        &self,
        index: usize,
        (query, states): (&B::Linear, &B::StateProjections),
        firsts: Tensor,
        hidden: &Tensor,
        updates: &mut UpdateTapes<'a>,
    ) -> Result<(Tensor, Tensor, AttentionTape<B>), ComputeError> {
        let query = self.backend.product_with_bias(query, &firsts)?;
        self.adapt((index, LinearRole::Query), Queries::Firsts, &firsts, &query, updates)?;
        let dropouts = self.attention_dropouts(index);
        let (context, tape) = self.backend.attention_to_states(self.attended(), states, &query, hidden, dropouts)?;
        Ok((context, firsts, AttentionTape::States(tape)))
    }

    fn attention_dropouts(&self, index: usize) -> Vec<Option<Dropout>> {
        self.passes.iter().map(|pass| pass.dropout_at(Site::Attention(index))).collect()
    }

    /// From the gradient of the context to that of the layer's input; none when `stop` says that nothing below needs it.
    pub(super) fn attention_block_backward(
        &self,
        index: usize,
        tape: &LayerTape<'a, B>,
        context: &Tensor,
        residual: Tensor,
        stop: bool,
    ) -> Result<Option<Tensor>, ComputeError> {
        let projections = &self.frozen.layers[index].projections;
        match (&tape.attention, projections) {
            (AttentionTape::States(saved), Projections::Apart { query, states: Some(states), .. }) => {
                self.states_backward(tape, (query, states, saved), context, (!stop).then_some(residual))
            }
            (AttentionTape::Keys(saved), _) => {
                self.keys_backward(index, tape, saved, context, (!stop).then_some(residual))
            }
            (AttentionTape::States(_), _) => {
                unreachable!("only a layer with projections of states leaves a tape of states, and they stay")
            }
        }
    }

    fn states_backward(
        &self,
        tape: &LayerTape<'a, B>,
        (query, states, saved): (&B::Linear, &B::StateProjections, &B::StatesTape),
        context: &Tensor,
        residual: Option<Tensor>,
    ) -> Result<Option<Tensor>, ComputeError> {
        let (query_gradient, hidden) =
            self.backend.attention_to_states_backward(self.attended(), states, saved, context)?;
        let firsts = match residual {
            Some(residual) => {
                let changed = self.product_gradient(LinearRole::Query, tape, &query_gradient)?;
                Some(self.backend.product_backward_onto(
                    query,
                    changed.as_ref().unwrap_or(&query_gradient),
                    residual,
                )?)
            }
            None => None,
        };
        self.adapt_backward(LinearRole::Query, tape, &query_gradient, firsts.as_ref())?;
        self.onto_firsts(Some(hidden), firsts)
    }

    fn keys_backward(
        &self,
        index: usize,
        tape: &LayerTape<'a, B>,
        saved: &B::AttentionTape,
        context: &Tensor,
        residual: Option<Tensor>,
    ) -> Result<Option<Tensor>, ComputeError> {
        let (width, backend) = (self.config.graph.shape.width, self.backend);
        let inputs = backend.attention_backward(self.attended(), saved, context)?;
        let (query, key_value) = inputs.apart(width)?;
        let key = key_value.f_narrow(1, 0, width)?;
        let value = key_value.f_narrow(1, width, width)?;
        let (mut hidden, mut firsts) = (None, None);
        if let Some(residual) = residual {
            let changed = |role, gradient: &Tensor| self.product_gradient(role, tape, gradient);
            let of_query = changed(LinearRole::Query, &query)?;
            let of_key_value = [changed(LinearRole::Key, &key)?, changed(LinearRole::Value, &value)?];
            match &self.frozen.layers[index].projections {
                Projections::Joined(all) => {
                    let joined = match inputs {
                        AttentionGradient::Joined(joined) => joined,
                        AttentionGradient::Apart { query, key_value } => Tensor::f_cat(&[query, key_value], 1)?,
                    };
                    let [of_key, of_value] = of_key_value;
                    let parts = [(&query, of_query), (&key, of_key), (&value, of_value)];
                    hidden = Some(backend.product_backward_onto(all, &of_products(joined, parts)?, residual)?);
                }
                Projections::Apart { query: query_linear, key_value: key_value_linear, .. } => {
                    let [of_key, of_value] = of_key_value;
                    let both = of_products(key_value.shallow_clone(), [(&key, of_key), (&value, of_value)])?;
                    hidden = Some(backend.product_backward(key_value_linear, &both)?);
                    firsts = Some(backend.product_backward_onto(
                        query_linear,
                        of_query.as_ref().unwrap_or(&query),
                        residual,
                    )?);
                }
            }
        }
        let query_input = if tape.queries == Queries::Firsts { &firsts } else { &hidden };
        self.adapt_backward(LinearRole::Query, tape, &query, query_input.as_ref())?;
        self.adapt_backward(LinearRole::Key, tape, &key, hidden.as_ref())?;
        self.adapt_backward(LinearRole::Value, tape, &value, hidden.as_ref())?;
        if tape.queries == Queries::Firsts { self.onto_firsts(hidden, firsts) } else { Ok(hidden) }
    }

    /// Adds the gradient of first rows to that of all rows, where there is one.
    fn onto_firsts(&self, all: Option<Tensor>, firsts: Option<Tensor>) -> Result<Option<Tensor>, ComputeError> {
        match (all, firsts) {
            (Some(mut all), Some(firsts)) => Ok(Some(all.f_index_add_(0, &self.layout.first_rows, &firsts)?)),
            _ => Ok(None),
        }
    }
}

/// The gradients of frozen products side by side: `all`, whose parts are given, with those in place that updates changed.
fn of_products<const N: usize>(all: Tensor, parts: [(&Tensor, Option<Tensor>); N]) -> Result<Tensor, ComputeError> {
    if parts.iter().all(|(_, changed)| changed.is_none()) {
        return Ok(all);
    }
    let parts = parts.each_ref().map(|(part, changed)| changed.as_ref().unwrap_or(part));
    Ok(Tensor::f_cat(&parts, 1)?)
}
