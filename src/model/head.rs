//! The classification head of one run: from first-token features to logits and back.

use tch::{Kind, TchError, Tensor};

use super::adapter::HeadLinear;
use super::base::Base;
use super::elementwise;
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

/// `features`: `[sequences, hidden]`, the run's first tokens. Returns logits, `[sequences, classes]`.
pub fn forward(base: &Base, pass: &RunPass<'_>, features: &Tensor) -> Result<(Tensor, HeadTape), TchError> {
    let pooled = match &base.pooler {
        Some(pooler) => Some(pooler.weight.product_with_bias(features, &pooler.bias)?.f_to_kind(Kind::Float)?.f_tanh_()?),
        None => None,
    };
    let x = pooled.as_ref().unwrap_or(features);
    let (mut x, extra_mask) = drop(base, x, pass, Site::Extra)?;
    let mut linears = Vec::new();
    let last = pass.adapter.head.len() - 1;
    for (index, linear) in pass.adapter.head.iter().enumerate() {
        let (input, mask) =
            if drops_before(base.config.architecture, index) { drop(base, &x, pass, Site::Head(index))? } else { (x, None) };
        let product = linear.bias.value.f_addmm(&input, &linear.weight.value.f_tr()?)?;
        let output = if index < last { activate(base, &product)? } else { product };
        x = output.shallow_clone();
        linears.push(LinearTape { mask, input, output });
    }
    Ok((x, HeadTape { pooled, extra_mask, linears }))
}

/// Accumulates the head's gradients; returns the features' gradient when `features` asks for it.
pub fn backward(
    base: &Base,
    pass: &RunPass<'_>,
    tape: &HeadTape,
    logits: &Tensor,
    features: bool,
) -> Result<Option<Tensor>, TchError> {
    let last = tape.linears.len() - 1;
    let mut gradient = logits.shallow_clone();
    for (index, (linear, saved)) in pass.adapter.head.iter().zip(&tape.linears).enumerate().rev() {
        if index < last {
            gradient = activation_backward(base, &gradient, &saved.output)?;
        }
        accumulate(linear, &gradient, &saved.input)?;
        if index == 0 && !features {
            return Ok(None);
        }
        gradient = masked(gradient.f_mm(&linear.weight.value)?, &saved.mask)?;
    }
    gradient = masked(gradient, &tape.extra_mask)?;
    if let (Some(pooled), Some(pooler)) = (&tape.pooled, &base.pooler) {
        gradient = pooler.weight.backward(&Tensor::f_tanh_backward(&gradient, pooled)?)?.f_to_kind(Kind::Float)?;
    }
    Ok(Some(gradient))
}

fn accumulate(linear: &HeadLinear, gradient: &Tensor, input: &Tensor) -> Result<(), TchError> {
    let _ = linear.weight.gradient.shallow_clone().f_addmm_(&gradient.f_tr()?, input)?;
    let sums = gradient.f_sum_dim_intlist([0i64].as_slice(), false, Kind::Float)?;
    let _ = linear.bias.gradient.shallow_clone().f_add_(&sums)?;
    Ok(())
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

fn drop(base: &Base, x: &Tensor, pass: &RunPass<'_>, site: Site) -> Result<(Tensor, Option<Tensor>), TchError> {
    let mask = elementwise::run_mask(base.compute(), pass.dropout_at(site), x)?;
    let dropped = match &mask {
        Some(mask) => x.f_mul(mask)?,
        None => x.shallow_clone(),
    };
    Ok((dropped, mask))
}

fn masked(x: Tensor, mask: &Option<Tensor>) -> Result<Tensor, TchError> {
    match mask {
        Some(mask) => x.f_mul(mask),
        None => Ok(x),
    }
}
