//! The classification heads of all runs: from first-token features to logits and back.

use std::ops::Range;

use tch::{Kind, Tensor};

use super::adapter::HeadLinear;
use super::backend::Backend;
use super::compute_error::ComputeError;
use super::dropout::RowDropouts;
use super::graph::{HeadActivation, HeadNode};
use super::pass::{RunPass, Site};

/// What the backward pass needs.
pub struct HeadTape {
    /// `[sequences, hidden]`: the pooler's output, where the network has one.
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
    pub head: &'a HeadNode,
    pub pooler: Option<&'a B::Linear>,
    pub passes: &'a [RunPass<'a>],
    pub sequences: Vec<Range<usize>>,
}

impl<B: Backend> Heads<'_, B> {
    /// `features`: `[sequences, hidden]` float32, the first tokens of all runs. Returns logits, `[sequences, classes]`.
    pub fn forward(&self, features: &Tensor) -> Result<(Tensor, HeadTape), ComputeError> {
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
        for (index, linear) in self.head.linears().enumerate() {
            let (input, mask) = if linear.dropout { self.drop(&x, Site::Head(index))? } else { (x, None) };
            let product = self.backend.head_product(&self.layer(index), &input)?;
            let output = activate(self.head.activation(index), product)?;
            x = output.shallow_clone();
            linears.push(LinearTape { mask, input, output });
        }
        Ok((x, HeadTape { pooled, extra_mask, linears }))
    }

    /// Accumulates the heads' gradients; returns the features' gradient when `features` is set.
    pub fn backward(&self, tape: &HeadTape, logits: &Tensor, features: bool) -> Result<Option<Tensor>, ComputeError> {
        let mut gradient = logits.shallow_clone();
        for (index, saved) in tape.linears.iter().enumerate().rev() {
            gradient = activation_backward(self.head.activation(index), gradient, &saved.output)?;
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

    fn drop(&self, x: &Tensor, site: Site) -> Result<(Tensor, Option<Tensor>), ComputeError> {
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

fn activate(activation: Option<HeadActivation>, x: Tensor) -> Result<Tensor, ComputeError> {
    match activation {
        Some(HeadActivation::Relu) => Ok(x.f_relu()?),
        Some(HeadActivation::Tanh) => Ok(x.f_tanh()?),
        None => Ok(x),
    }
}

fn activation_backward(
    activation: Option<HeadActivation>,
    gradient: Tensor,
    output: &Tensor,
) -> Result<Tensor, ComputeError> {
    match activation {
        Some(HeadActivation::Relu) => Ok(output.f_threshold_backward(&gradient, 0.0)?),
        Some(HeadActivation::Tanh) => Ok(Tensor::f_tanh_backward(&gradient, output)?),
        None => Ok(gradient),
    }
}

fn masked(x: Tensor, mask: &Option<Tensor>) -> Result<Tensor, ComputeError> {
    match mask {
        Some(mask) => Ok(x.f_mul(mask)?),
        None => Ok(x),
    }
}
