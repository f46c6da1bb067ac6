//! The encoder's forward and backward passes over a flat batch of several runs.
//!
//! The graph of a frozen encoder with LoRA is fixed, so the backward pass is written out: it keeps only what it needs,
//! computes no gradient of a frozen weight and nothing below the lowest adapted layer. After the last layer only the
//! first token of each sequence reaches the head; so that layer computes everything for first tokens only, but for keys
//! and values of all tokens where a run adapts them.

mod attend;

use std::ops::Range;

use tch::{TchError, Tensor};

use super::attention::{AttentionTape, Heads, Queries};
use super::base::{Base, Layer, Linear, Norm, Projections};
use super::config::Activation;
use super::cpu::after_attention::AfterAttention;
use super::dropout::RowDropouts;
use super::elementwise::{self, ActivationTape, Compute, ResidualTape};
use super::layout::Layout;
use super::lora::{self, LoraTape};
use super::pass::{RunPass, Site};
use super::prefix::Prefix;
use super::weight::Weight;
use crate::spec::Module;

/// What the backward pass of one layer needs.
struct LayerTape {
    queries: Queries,
    lora: Vec<(Module, LoraTape)>,
    attention: AttentionTape,
    attention_norm: ResidualTape,
    activation: ActivationTape,
    output_norm: ResidualTape,
}

/// What the backward pass of the encoder needs: the layers from the lowest adapted one upwards.
pub struct EncoderTape {
    lowest: (usize, Module),
    layers: Vec<LayerTape>,
}

/// One batch on its way through the encoder.
pub struct Encoder<'a> {
    pub base: &'a Base,
    pub layout: &'a Layout,
    /// One per run of the layout.
    pub passes: &'a [RunPass<'a>],
}

impl Encoder<'_> {
    /// The hidden state of each sequence's first token after the last layer, `[sequences, hidden]`, and a tape when
    /// `keep` is set and any run adapts any layer.
    pub fn forward(&self, keep: bool) -> Result<(Tensor, Option<EncoderTape>), TchError> {
        // The last layer is no part of the prefix: only first tokens ask there.
        let prefix = Prefix::of(self.layout, self.passes, self.base.layers.len() - 1)?;
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
    ) -> Result<(Tensor, Option<EncoderTape>), TchError> {
        let lowest = self.passes.iter().filter_map(|pass| pass.adapter.lowest()).min().filter(|_| keep);
        let mut hidden = hidden;
        let mut tapes = Vec::new();
        for (index, layer) in self.base.layers.iter().enumerate().skip(done) {
            let (next, tape) = self.layer_forward(index, layer, &hidden)?;
            hidden = next;
            if lowest.is_some_and(|(lowest, _)| index >= lowest) {
                tapes.push(tape);
            }
        }
        Ok((hidden, lowest.map(|lowest| EncoderTape { lowest, layers: tapes })))
    }

    /// Accumulates the gradients of all LoRA parameters; `gradient` is that of the forward pass' result, in any precision.
    pub fn backward(&self, tape: EncoderTape, gradient: Tensor) -> Result<(), TchError> {
        let (lowest, linear) = tape.lowest;
        let mut gradient = gradient.f_to_kind(self.base.kind())?;
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
        let part = Encoder { base: self.base, layout: &prefix.layout, passes: &prefix.passes };
        part.first_layers(prefix.layers)?.f_index_select(0, &prefix.rows)
    }

    /// The hidden states after the first `layers` layers.
    pub fn first_layers(&self, layers: usize) -> Result<Tensor, TchError> {
        let mut hidden = self.embed()?;
        for (index, layer) in self.base.layers.iter().enumerate().take(layers) {
            hidden = self.layer_forward(index, layer, &hidden)?.0;
        }
        Ok(hidden)
    }

    fn embed(&self) -> Result<Tensor, TchError> {
        let dropouts = self.dropouts(Site::Embeddings, Queries::Tokens);
        elementwise::embed(self.base.compute(), &self.base.embeddings, self.layout, dropouts)
    }

    fn layer_forward(&self, index: usize, layer: &Layer, hidden: &Tensor) -> Result<(Tensor, LayerTape), TchError> {
        let queries = match &layer.projections {
            Projections::Joined(_) => Queries::Tokens,
            Projections::Apart { .. } => Queries::Firsts,
        };
        let compute = self.base.compute();
        let mut tapes = Vec::new();
        let (context, residual, attention) = self.attend(index, layer, hidden, &mut tapes)?;

        if let Some(rest) = self.after_attention(index, queries) {
            let sites = [Site::AttentionOutput(index), Site::Output(index)];
            let dropouts = sites.map(|site| self.dropouts(site, queries));
            let (hidden, (attention_norm, derivative, output_norm)) = rest.forward(&context, &residual, dropouts)?;
            let (attention_norm, output_norm) = (ResidualTape::Fused(attention_norm), ResidualTape::Fused(output_norm));
            let activation = ActivationTape::Fused { derivative };
            return Ok((
                hidden,
                LayerTape { queries, lora: tapes, attention, attention_norm, activation, output_norm },
            ));
        }

        let linear = (&layer.attention_output, Module::AttentionOutput);
        let norm = (&layer.attention_norm, self.dropouts(Site::AttentionOutput(index), queries));
        let (hidden, attention_norm) =
            self.add_and_norm(index, linear, queries, (&context, &residual), norm, &mut tapes)?;

        let (intermediate, activation) = (&layer.intermediate, self.base.config.activation);
        let (active, activation) = if self.adapted(index, Module::Intermediate) {
            let inner = intermediate.weight.product(&hidden)?;
            self.adapt((index, Module::Intermediate), queries, &hidden, &inner, &mut tapes)?;
            elementwise::bias_activation(compute, inner, &intermediate.bias, activation)?
        } else {
            elementwise::product_activation(compute, intermediate, &hidden, activation)?
        };

        let norm = (&layer.output_norm, self.dropouts(Site::Output(index), queries));
        let linear = (&layer.output, Module::Output);
        let (hidden, output_norm) = self.add_and_norm(index, linear, queries, (&active, &hidden), norm, &mut tapes)?;
        Ok((hidden, LayerTape { queries, lora: tapes, attention, attention_norm, activation, output_norm }))
    }

    /// The layer behind attention in one, where that can be done.
    fn after_attention(&self, index: usize, queries: Queries) -> Option<AfterAttention<'_>> {
        let behind = [Module::AttentionOutput, Module::Intermediate, Module::Output];
        let fits = matches!(self.base.compute(), Compute::Processor)
            && self.base.config.activation == Activation::Gelu
            && queries == Queries::Tokens
            && !behind.iter().any(|&module| self.adapted(index, module));
        AfterAttention::of(&self.base.layers[index], self.layout.rows).filter(|_| fits)
    }

    /// A linear layer with its updates, then dropout, residual and LayerNorm.
    fn add_and_norm(
        &self,
        index: usize,
        (linear, module): (&Linear, Module),
        rows: Queries,
        (x, residual): (&Tensor, &Tensor),
        (norm, dropouts): (&Norm, RowDropouts),
        tapes: &mut Vec<(Module, LoraTape)>,
    ) -> Result<(Tensor, ResidualTape), TchError> {
        let compute = self.base.compute();
        if !self.adapted(index, module) {
            return elementwise::product_residual_norm(compute, linear, x, residual, norm, dropouts);
        }
        let output = linear.weight.product(x)?;
        self.adapt((index, module), rows, x, &output, tapes)?;
        elementwise::residual_norm(compute, output, &linear.bias, residual, norm, dropouts)
    }

    /// Whether any run adapts a linear layer.
    fn adapted(&self, index: usize, module: Module) -> bool {
        self.passes.iter().any(|pass| pass.adapter.lora(index, module).is_some())
    }

    /// The gradient of the layer's input, or none when nothing below `stop` needs one.
    fn layer_backward(
        &self,
        index: usize,
        tape: &LayerTape,
        gradient: &Tensor,
        stop: Option<Module>,
    ) -> Result<Option<Tensor>, TchError> {
        let layer = &self.base.layers[index];
        let (rows, compute) = (tape.queries, self.base.compute());
        if let (
            Some(rest),
            ResidualTape::Fused(first),
            ActivationTape::Fused { derivative },
            ResidualTape::Fused(last),
        ) = (self.after_attention(index, rows), &tape.attention_norm, &tape.activation, &tape.output_norm)
        {
            let (context, residual) = rest.backward((first, derivative, last), gradient)?;
            return self.attend_backward(index, tape, &context, residual, stop.is_some());
        }
        let (output, residual) =
            elementwise::residual_norm_backward(compute, &tape.output_norm, &layer.output_norm, gradient)?;
        let linear = (index, Module::Output);
        let weight = &layer.output.weight;
        let Some(active) = self.linear_backward(linear, rows, tape, &output, (weight, None), stop)? else {
            return Ok(None);
        };
        let (bias, activation) = (&layer.intermediate.bias, self.base.config.activation);
        let inner = elementwise::activation_backward(compute, &tape.activation, bias, active, activation)?;
        let linear = (index, Module::Intermediate);
        let weight = &layer.intermediate.weight;
        let Some(hidden) = self.linear_backward(linear, rows, tape, &inner, (weight, Some(residual)), stop)? else {
            return Ok(None);
        };
        let (output, residual) =
            elementwise::residual_norm_backward(compute, &tape.attention_norm, &layer.attention_norm, &hidden)?;
        let linear = (index, Module::AttentionOutput);
        let weight = &layer.attention_output.weight;
        let Some(context) = self.linear_backward(linear, rows, tape, &output, (weight, None), stop)? else {
            return Ok(None);
        };
        self.attend_backward(index, tape, &context, residual, stop.is_some())
    }

    /// Gradients through a linear layer and its LoRA updates; no input gradient when `stop` names this layer. Another
    /// gradient of the same input is used up where one is given.
    fn linear_backward(
        &self,
        linear: (usize, Module),
        rows: Queries,
        tape: &LayerTape,
        gradient: &Tensor,
        (weight, onto): (&Weight, Option<Tensor>),
        stop: Option<Module>,
    ) -> Result<Option<Tensor>, TchError> {
        let input = match stop {
            Some(stop) if stop == linear.1 => None,
            _ => Some(match onto {
                Some(onto) => weight.backward_onto(gradient, onto)?,
                None => weight.backward(gradient)?,
            }),
        };
        self.adapt_backward(linear, rows, tape, gradient, input.as_ref())?;
        Ok(input)
    }

    /// Adds the LoRA updates of all runs that adapt `linear` to `output`, in place.
    fn adapt(
        &self,
        linear: (usize, Module),
        rows: Queries,
        input: &Tensor,
        output: &Tensor,
        tapes: &mut Vec<(Module, LoraTape)>,
    ) -> Result<(), TchError> {
        let tape = lora::forward(self.base.compute(), linear, self.passes, &self.spans(rows), input, output)?;
        tapes.extend(tape.map(|tape| (linear.1, tape)));
        Ok(())
    }

    fn adapt_backward(
        &self,
        linear: (usize, Module),
        rows: Queries,
        tape: &LayerTape,
        gradient: &Tensor,
        input: Option<&Tensor>,
    ) -> Result<(), TchError> {
        match tape.lora.iter().find(|(adapted, _)| *adapted == linear.1) {
            Some((_, saved)) => {
                let (compute, spans) = (self.base.compute(), self.spans(rows));
                lora::backward(compute, linear, self.passes, &spans, saved, gradient, input)
            }
            None => Ok(()),
        }
    }

    /// Each run's rows in a tensor with a row per token or per sequence.
    fn spans(&self, rows: Queries) -> Vec<Range<usize>> {
        let spans = self.layout.runs.iter();
        match rows {
            Queries::Tokens => spans.map(|span| span.rows.clone()).collect(),
            Queries::Firsts => spans.map(|span| span.sequences.clone()).collect(),
        }
    }

    fn dropouts(&self, site: Site, rows: Queries) -> RowDropouts {
        RowDropouts::new(self.spans(rows).into_iter().zip(self.passes.iter().map(|pass| pass.dropout_at(site))))
    }

    fn heads(&self) -> Heads {
        let config = &self.base.config;
        Heads { count: config.heads, size: config.head_size(), longest: config.longest_sequence() }
    }
}
