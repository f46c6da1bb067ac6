//! The LoRA update of one linear layer for the runs that adapt it: `output += scale * B A dropout(input)`.

use std::ops::Range;

use tch::{TchError, Tensor};

use super::pass::{RunPass, Site};
use crate::spec::Module;

/// What the backward pass of one run's update needs.
pub struct LoraTape {
    /// `[rows, in]`: the run's input after dropout.
    input: Tensor,
    /// `[rows, in]`
    mask: Option<Tensor>,
    /// `[rows, rank]`: `input @ A.T`
    low: Tensor,
}

/// Adds the updates to `output` (`[rows, out]`, a view is fine) in place; `spans` are the runs' rows.
pub fn forward(
    (layer, linear): (usize, Module),
    passes: &[RunPass<'_>],
    spans: &[Range<usize>],
    input: &Tensor,
    output: &Tensor,
) -> Result<Vec<Option<LoraTape>>, TchError> {
    let mut tapes = Vec::with_capacity(passes.len());
    for (pass, span) in passes.iter().zip(spans) {
        let Some(lora) = pass.adapter.lora(layer, linear) else {
            tapes.push(None);
            continue;
        };
        let rows = narrow(input, span)?;
        let mask = match pass.dropout_at(Site::Lora(layer, linear)) {
            Some(dropout) => Some(dropout.mask(span.len(), rows.size()[1] as usize, rows.device())?),
            None => None,
        };
        let input = match &mask {
            Some(mask) => rows.f_mul(mask)?,
            None => rows,
        };
        let low = input.f_mm(&lora.a.value.f_tr()?)?;
        let scaled = low.f_mul_scalar(lora.scale)?;
        let _ = narrow(output, span)?.f_addmm_(&scaled, &lora.b.value.f_tr()?)?;
        tapes.push(Some(LoraTape { input, mask, low }));
    }
    Ok(tapes)
}

/// Accumulates the gradients of A and B, and adds to the gradient of the layer's input where one is asked for.
pub fn backward(
    (layer, linear): (usize, Module),
    passes: &[RunPass<'_>],
    spans: &[Range<usize>],
    tapes: &[Option<LoraTape>],
    gradient: &Tensor,
    input_gradient: Option<&Tensor>,
) -> Result<(), TchError> {
    for ((pass, span), tape) in passes.iter().zip(spans).zip(tapes) {
        let (Some(lora), Some(tape)) = (pass.adapter.lora(layer, linear), tape) else {
            continue;
        };
        let gradient = narrow(gradient, span)?;
        let scaled = tape.low.f_mul_scalar(lora.scale)?;
        let _ = lora.b.gradient.shallow_clone().f_addmm_(&gradient.f_tr()?, &scaled)?;
        let low = gradient.f_mm(&lora.b.value)?.f_mul_scalar(lora.scale)?;
        let _ = lora.a.gradient.shallow_clone().f_addmm_(&low.f_tr()?, &tape.input)?;
        if let Some(input) = input_gradient {
            let mut rows = narrow(input, span)?;
            let _ = match &tape.mask {
                Some(mask) => rows.f_add_(&low.f_mm(&lora.a.value)?.f_mul(mask)?)?,
                None => rows.f_addmm_(&low, &lora.a.value)?,
            };
        }
    }
    Ok(())
}

fn narrow(x: &Tensor, span: &Range<usize>) -> Result<Tensor, TchError> {
    x.f_narrow(0, span.start as i64, span.len() as i64)
}
