//! One layer, forward and backward.

use tch::Tensor;

use super::context::Encoder;
use super::tapes::{LayerTape, RestTape, UpdateTapes};
use crate::model::attention::Queries;
use crate::model::backend::Backend;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;
use crate::model::frozen::{Norm, Projections};
use crate::model::graph::LinearRole;
use crate::model::pass::Site;

/// What a linear layer is applied to, and where its output goes.
struct Block<'a, B: Backend> {
    linear: &'a B::Linear,
    module: LinearRole,
    rows: Queries,
    norm: &'a Norm,
    dropouts: RowDropouts,
}

impl<'a, B: Backend> Encoder<'a, B> {
    pub(super) fn layer_forward(
        &self,
        index: usize,
        hidden: &Tensor,
    ) -> Result<(Tensor, LayerTape<'a, B>), ComputeError> {
        let queries = match &self.frozen.layers[index].projections {
            Projections::Joined(_) => Queries::Tokens,
            Projections::Apart { .. } => Queries::Firsts,
        };
        let mut updates = Vec::new();
        let (context, residual, attention) = self.attention_block(index, hidden, &mut updates)?;
        let (hidden, rest) = self.after_attention(index, queries, (&context, &residual), &mut updates)?;
        Ok((hidden, LayerTape { queries, updates, attention, rest }))
    }

    fn after_attention(
        &self,
        index: usize,
        queries: Queries,
        (context, residual): (&Tensor, &Tensor),
        updates: &mut UpdateTapes<'a>,
    ) -> Result<(Tensor, RestTape<B>), ComputeError> {
        let (layer, activation) = (&self.frozen.layers[index], self.config.graph.shape.activation);
        let behind = [LinearRole::AttentionOutput, LinearRole::Intermediate, LinearRole::Output];
        if queries == Queries::Tokens && !behind.iter().any(|&module| self.adapted(index, module)) {
            let sites = [Site::AttentionOutput(index), Site::Output(index)];
            let dropouts = || sites.map(|site| self.dropouts(site, queries));
            let whole = self.backend.after_attention(layer, activation, context, residual, dropouts)?;
            if let Some((hidden, tape)) = whole {
                return Ok((hidden, RestTape::Whole(tape)));
            }
        }
        let block = Block {
            linear: &layer.attention_output,
            module: LinearRole::AttentionOutput,
            rows: queries,
            norm: &layer.attention_norm,
            dropouts: self.dropouts(Site::AttentionOutput(index), queries),
        };
        let (hidden, attention_norm) = self.add_and_norm(index, block, (context, residual), updates)?;

        let intermediate = &layer.intermediate;
        let (active, activation) = if self.adapted(index, LinearRole::Intermediate) {
            let inner = self.backend.product(intermediate, &hidden)?;
            self.adapt((index, LinearRole::Intermediate), queries, &hidden, &inner, updates)?;
            self.backend.bias_activation(inner, intermediate, activation)?
        } else {
            self.backend.product_activation(intermediate, &hidden, activation)?
        };

        let block = Block {
            linear: &layer.output,
            module: LinearRole::Output,
            rows: queries,
            norm: &layer.output_norm,
            dropouts: self.dropouts(Site::Output(index), queries),
        };
        let (hidden, output_norm) = self.add_and_norm(index, block, (&active, &hidden), updates)?;
        Ok((hidden, RestTape::Parts { attention_norm, activation, output_norm }))
    }

    /// A linear layer with its updates, then dropout, residual and LayerNorm.
    fn add_and_norm(
        &self,
        index: usize,
        Block { linear, module, rows, norm, dropouts }: Block<'_, B>,
        (x, residual): (&Tensor, &Tensor),
        updates: &mut UpdateTapes<'a>,
    ) -> Result<(Tensor, B::NormTape), ComputeError> {
        if !self.adapted(index, module) {
            return self.backend.product_residual_norm(linear, x, residual, norm, dropouts);
        }
        let output = self.backend.product(linear, x)?;
        self.adapt((index, module), rows, x, &output, updates)?;
        self.backend.residual_norm(output, linear, residual, norm, dropouts)
    }

    /// The gradient of the layer's input, or none when nothing below `stop` needs one.
    pub(super) fn layer_backward(
        &self,
        index: usize,
        tape: &LayerTape<'a, B>,
        gradient: &Tensor,
        stop: Option<LinearRole>,
    ) -> Result<Option<Tensor>, ComputeError> {
        let layer = &self.frozen.layers[index];
        let (attention_norm, activation, output_norm) = match &tape.rest {
            RestTape::Parts { attention_norm, activation, output_norm } => (attention_norm, activation, output_norm),
            RestTape::Whole(whole) => {
                let (context, residual) = self.backend.after_attention_backward(layer, whole, gradient)?;
                return self.attention_block_backward(index, tape, &context, residual, stop.is_some());
            }
        };
        let (output, residual) = self.backend.residual_norm_backward(output_norm, &layer.output_norm, gradient)?;
        let linear = (LinearRole::Output, &layer.output);
        let Some(active) = self.linear_backward(linear, tape, &output, None, stop)? else {
            return Ok(None);
        };
        let intermediate = &layer.intermediate;
        let inner =
            self.backend.activation_backward(activation, intermediate, active, self.config.graph.shape.activation)?;
        let linear = (LinearRole::Intermediate, intermediate);
        let Some(hidden) = self.linear_backward(linear, tape, &inner, Some(residual), stop)? else {
            return Ok(None);
        };
        let (output, residual) = self.backend.residual_norm_backward(attention_norm, &layer.attention_norm, &hidden)?;
        let linear = (LinearRole::AttentionOutput, &layer.attention_output);
        let Some(context) = self.linear_backward(linear, tape, &output, None, stop)? else {
            return Ok(None);
        };
        self.attention_block_backward(index, tape, &context, residual, stop.is_some())
    }

    /// Gradients through a linear layer and its updates; no input gradient when `stop` names this layer. Another
    /// gradient of the same input is used up where one is given.
    fn linear_backward(
        &self,
        (module, linear): (LinearRole, &B::Linear),
        tape: &LayerTape<'a, B>,
        gradient: &Tensor,
        onto: Option<Tensor>,
        stop: Option<LinearRole>,
    ) -> Result<Option<Tensor>, ComputeError> {
        let input = if stop == Some(module) {
            None
        } else {
            let changed = self.product_gradient(module, tape, gradient)?;
            let product = changed.as_ref().unwrap_or(gradient);
            Some(match onto {
                Some(onto) => self.backend.product_backward_onto(linear, product, onto)?,
                None => self.backend.product_backward(linear, product)?,
            })
        };
        self.adapt_backward(module, tape, gradient, input.as_ref())?;
        Ok(input)
    }
}
