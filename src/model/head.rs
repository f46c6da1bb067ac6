//! The classification heads of all runs: from first-token features to logits and back.

use std::ops::Range;

use tch::{Kind, TchError, Tensor};

use super::adapter::HeadLinear;
use super::base::Base;
use super::cuda;
use super::dropout::RowDropouts;
use super::elementwise::{self, Compute};
use super::pass::{RunPass, Site};
use crate::spec::Architecture;

/// What the backward pass needs.
pub struct HeadTape {
    /// `[sequences, hidden]`: the pooler's output, where the architecture has one.
    pooled: Option<Tensor>,
    extra_mask: Option<Tensor>,
    /// One per linear layer of the head.
    linears: Vec<LinearTape>,
}

struct LinearTape {
    mask: Option<Tensor>,
    /// After dropout.
    input: Tensor,
    /// After the activation; the logits for the last.
    output: Tensor,
}

/// The heads of a batch: a pass for each run, and each run's sequences.
pub struct Heads<'a> {
    pub base: &'a Base,
    pub passes: &'a [RunPass<'a>],
    pub sequences: Vec<Range<usize>>,
}

impl Heads<'_> {
    /// `features`: `[sequences, hidden]` float32, the first tokens of all runs. Returns logits, `[sequences, classes]`.
    pub fn forward(&self, features: &Tensor) -> Result<(Tensor, HeadTape), TchError> {
        let pooled = match &self.base.pooler {
            Some(pooler) => {
                let product = pooler.weight.product_with_bias(features, &pooler.bias)?;
                Some(product.f_to_kind(Kind::Float)?.f_tanh_()?)
            }
            None => None,
        };
        let x = pooled.as_ref().unwrap_or(features);
        let (mut x, extra_mask) = self.drop(x, Site::Extra)?;
        let mut linears = Vec::new();
        let count = self.base.config.architecture.head().len();
        for index in 0..count {
            let drops = drops_before(self.base.config.architecture, index);
            let (input, mask) = if drops { self.drop(&x, Site::Head(index))? } else { (x, None) };
            let product = self.product(index, &input)?;
            let output = if index + 1 < count { activate(self.base, &product)? } else { product };
            x = output.shallow_clone();
            linears.push(LinearTape { mask, input, output });
        }
        Ok((x, HeadTape { pooled, extra_mask, linears }))
    }

    /// Accumulates the heads' gradients; returns the features' gradient when `features` asks for it.
    pub fn backward(&self, tape: &HeadTape, logits: &Tensor, features: bool) -> Result<Option<Tensor>, TchError> {
        let last = tape.linears.len() - 1;
        let mut gradient = logits.shallow_clone();
        for (index, saved) in tape.linears.iter().enumerate().rev() {
            if index < last {
                gradient = activation_backward(self.base, &gradient, &saved.output)?;
            }
            self.accumulate(index, &gradient, &saved.input)?;
            if index == 0 && !features {
                return Ok(None);
            }
            gradient = masked(self.product_backward(index, &gradient)?, &saved.mask)?;
        }
        gradient = masked(gradient, &tape.extra_mask)?;
        if let (Some(pooled), Some(pooler)) = (&tape.pooled, &self.base.pooler) {
            let inner = Tensor::f_tanh_backward(&gradient, pooled)?;
            gradient = pooler.weight.backward(&inner)?.f_to_kind(Kind::Float)?;
        }
        Ok(Some(gradient))
    }

    /// A linear layer of every head, and the head's rows.
    fn layer(&self, index: usize) -> Vec<(&HeadLinear, Range<usize>)> {
        let runs = self.passes.iter().zip(&self.sequences);
        runs.map(|(pass, sequences)| (&pass.adapter.head[index], sequences.clone())).collect()
    }

    /// Rows of all runs times the weights of each, with its bias.
    fn product(&self, index: usize, x: &Tensor) -> Result<Tensor, TchError> {
        let layer = self.layer(index);
        if let Compute::Cuda(program) = self.base.compute() {
            return cuda::head::Layer::new(program, &layer)?.forward(x);
        }
        let run = |(linear, rows): &(&HeadLinear, Range<usize>)| {
            linear.bias.value.f_addmm(&narrow(x, rows)?, &linear.weight.value.f_tr()?)
        };
        Tensor::f_cat(&layer.iter().map(run).collect::<Result<Vec<_>, _>>()?, 0)
    }

    fn product_backward(&self, index: usize, gradient: &Tensor) -> Result<Tensor, TchError> {
        let layer = self.layer(index);
        if let Compute::Cuda(program) = self.base.compute() {
            return cuda::head::Layer::new(program, &layer)?.inputs(gradient);
        }
        let run = |(linear, rows): &(&HeadLinear, Range<usize>)| narrow(gradient, rows)?.f_mm(&linear.weight.value);
        Tensor::f_cat(&layer.iter().map(run).collect::<Result<Vec<_>, _>>()?, 0)
    }

    /// Adds to the gradients of a linear layer of every head.
    fn accumulate(&self, index: usize, gradient: &Tensor, input: &Tensor) -> Result<(), TchError> {
        let layer = self.layer(index);
        if let Compute::Cuda(program) = self.base.compute() {
            return cuda::head::Layer::new(program, &layer)?.accumulate(gradient, input);
        }
        for (linear, rows) in layer {
            let (gradient, input) = (narrow(gradient, &rows)?, narrow(input, &rows)?);
            let _ = linear.weight.gradient.shallow_clone().f_addmm_(&gradient.f_tr()?, &input)?;
            let sums = gradient.f_sum_dim_intlist([0i64].as_slice(), false, Kind::Float)?;
            let _ = linear.bias.gradient.shallow_clone().f_add_(&sums)?;
        }
        Ok(())
    }

    fn drop(&self, x: &Tensor, site: Site) -> Result<(Tensor, Option<Tensor>), TchError> {
        let dropouts = self.passes.iter().map(|pass| pass.dropout_at(site));
        let dropouts = RowDropouts::new(self.sequences.iter().cloned().zip(dropouts));
        let mask = elementwise::row_mask(self.base.compute(), &dropouts, x)?;
        let dropped = match &mask {
            Some(mask) => x.f_mul(mask)?,
            None => x.shallow_clone(),
        };
        Ok((dropped, mask))
    }
}

/// DistilBERT has no dropout before its first head layer; the others drop before each.
fn drops_before(architecture: Architecture, index: usize) -> bool {
    architecture != Architecture::DistilBert || index > 0
}

/// Between the head's linear layers: ReLU for DistilBERT, tanh for RoBERTa.
fn activate(base: &Base, x: &Tensor) -> Result<Tensor, TchError> {
    match base.config.architecture {
        Architecture::DistilBert => x.f_relu(),
        Architecture::Roberta | Architecture::Bert => x.f_tanh(),
    }
}

fn activation_backward(base: &Base, gradient: &Tensor, output: &Tensor) -> Result<Tensor, TchError> {
    match base.config.architecture {
        Architecture::DistilBert => output.f_threshold_backward(gradient, 0.0),
        Architecture::Roberta | Architecture::Bert => Tensor::f_tanh_backward(gradient, output),
    }
}

fn masked(x: Tensor, mask: &Option<Tensor>) -> Result<Tensor, TchError> {
    match mask {
        Some(mask) => x.f_mul(mask),
        None => Ok(x),
    }
}

fn narrow(x: &Tensor, rows: &Range<usize>) -> Result<Tensor, TchError> {
    x.f_narrow(0, rows.start as i64, rows.len() as i64)
}
