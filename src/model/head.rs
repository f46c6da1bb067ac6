//! The classification heads of all runs: from first-token features to logits and back.

use std::ops::Range;

use tch::{Kind, TchError, Tensor};

use super::adapter::HeadLinear;
use super::backend::Backend;
use super::dropout::RowDropouts;
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
pub struct Heads<'a, B: Backend> {
    pub backend: &'a B,
    pub architecture: Architecture,
    pub pooler: Option<&'a B::Linear>,
    pub passes: &'a [RunPass<'a>],
    pub sequences: Vec<Range<usize>>,
}

impl<B: Backend> Heads<'_, B> {
    /// `features`: `[sequences, hidden]` float32, the first tokens of all runs. Returns logits, `[sequences, classes]`.
    pub fn forward(&self, features: &Tensor) -> Result<(Tensor, HeadTape), TchError> {
        let pooled = match self.pooler {
            Some(pooler) => {
                let product = self.backend.product_with_bias(pooler, features)?;
                Some(product.f_to_kind(Kind::Float)?.f_tanh_()?)
            }
            None => None,
        };
        let x = pooled.as_ref().unwrap_or(features);
        let (mut x, extra_mask) = self.drop(x, Site::Extra)?;
        let mut linears = Vec::new();
        let count = self.architecture.head().len();
        for index in 0..count {
            let drops = drops_before(self.architecture, index);
            let (input, mask) = if drops { self.drop(&x, Site::Head(index))? } else { (x, None) };
            let product = self.backend.head_product(&self.layer(index), &input)?;
            let output = if index + 1 < count { activate(self.architecture, &product)? } else { product };
            x = output.shallow_clone();
            linears.push(LinearTape { mask, input, output });
        }
        Ok((x, HeadTape { pooled, extra_mask, linears }))
    }

    /// Accumulates the heads' gradients; returns the features' gradient when `features` is set.
    pub fn backward(&self, tape: &HeadTape, logits: &Tensor, features: bool) -> Result<Option<Tensor>, TchError> {
        let last = tape.linears.len() - 1;
        let mut gradient = logits.shallow_clone();
        for (index, saved) in tape.linears.iter().enumerate().rev() {
            if index < last {
                gradient = activation_backward(self.architecture, &gradient, &saved.output)?;
            }
            let layer = self.layer(index);
            self.backend.head_accumulate(&layer, &gradient, &saved.input)?;
            if index == 0 && !features {
                return Ok(None);
            }
            gradient = masked(self.backend.head_product_backward(&layer, &gradient)?, &saved.mask)?;
        }
        gradient = masked(gradient, &tape.extra_mask)?;
        if let (Some(pooled), Some(pooler)) = (&tape.pooled, self.pooler) {
            let inner = Tensor::f_tanh_backward(&gradient, pooled)?;
            gradient = self.backend.product_backward(pooler, &inner)?.f_to_kind(Kind::Float)?;
        }
        Ok(Some(gradient))
    }

    /// A linear layer of every head, and the head's rows.
    fn layer(&self, index: usize) -> Vec<(&HeadLinear, Range<usize>)> {
        let runs = self.passes.iter().zip(&self.sequences);
        runs.map(|(pass, sequences)| (&pass.adapter.head[index], sequences.clone())).collect()
    }

    fn drop(&self, x: &Tensor, site: Site) -> Result<(Tensor, Option<Tensor>), TchError> {
        let dropouts = self.passes.iter().map(|pass| pass.dropout_at(site));
        let dropouts = RowDropouts::new(self.sequences.iter().cloned().zip(dropouts));
        let mask = self.backend.row_mask(&dropouts, x)?;
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
fn activate(architecture: Architecture, x: &Tensor) -> Result<Tensor, TchError> {
    match architecture {
        Architecture::DistilBert => x.f_relu(),
        Architecture::Roberta | Architecture::Bert => x.f_tanh(),
    }
}

fn activation_backward(architecture: Architecture, gradient: &Tensor, output: &Tensor) -> Result<Tensor, TchError> {
    match architecture {
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
