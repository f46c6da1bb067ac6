//! The LoRA updates of one linear layer: `output += scale * B A dropout(input)`, run by run.

use std::ops::Range;

use tch::Tensor;

use super::masks;
use crate::model::adapter::Lora;
use crate::model::backend::AdaptedRows;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;

/// What the backward pass needs: of each run.
#[derive(Debug)]
pub struct LoraTape(Vec<RunTape>);

#[derive(Debug)]
struct RunTape {
    /// `[rows, in]`: the run's input after dropout.
    input: Tensor,
    /// `[rows, in]`
    mask: Option<Tensor>,
    /// `[rows, rank]`: `input @ A.T`
    low: Tensor,
}

/// Adds the updates to `output` (`[rows, out]`, a view is fine) in place.
pub fn forward(adapted: &[AdaptedRows<'_>], input: &Tensor, output: &Tensor) -> Result<LoraTape, ComputeError> {
    // One mask for all runs: on a GPU every operation costs a launch.
    let dropouts = RowDropouts::with_gaps(adapted.iter().map(|run| (run.rows.clone(), run.dropout)));
    let masks = masks::of_rows(&dropouts, input.size2()?.1 as usize, input.device())?;
    let tape = |run: &AdaptedRows<'_>| {
        let mask = masks.as_ref().map(|masks| narrow(masks, &run.rows)).transpose()?;
        forward_run(run.lora, mask, narrow(input, &run.rows)?, narrow(output, &run.rows)?)
    };
    Ok(LoraTape(adapted.iter().map(tape).collect::<Result<_, ComputeError>>()?))
}

fn forward_run(lora: &Lora, mask: Option<Tensor>, rows: Tensor, mut output: Tensor) -> Result<RunTape, ComputeError> {
    let input = match &mask {
        Some(mask) => rows.f_mul(mask)?,
        None => rows,
    };
    let low = input.f_mm(&lora.a.value.f_tr()?)?;
    let scaled = low.f_mul_scalar(lora.scale)?;
    let _ = output.f_addmm_(&scaled, &lora.b.value.f_tr()?)?;
    Ok(RunTape { input, mask, low })
}

/// Accumulates the gradients of A and B, and adds to the gradient of the layer's input where one is given.
pub fn backward(
    adapted: &[AdaptedRows<'_>],
    LoraTape(tapes): &LoraTape,
    gradient: &Tensor,
    input_gradient: Option<&Tensor>,
) -> Result<(), ComputeError> {
    for (run, tape) in adapted.iter().zip(tapes) {
        let input_gradient = input_gradient.map(|input| narrow(input, &run.rows)).transpose()?;
        backward_run(run.lora, tape, &narrow(gradient, &run.rows)?, input_gradient)?;
    }
    Ok(())
}

fn backward_run(
    lora: &Lora,
    RunTape { input, mask, low }: &RunTape,
    gradient: &Tensor,
    input_gradient: Option<Tensor>,
) -> Result<(), ComputeError> {
    let scaled = low.f_mul_scalar(lora.scale)?;
    let _ = lora.b.gradient.shallow_clone().f_addmm_(&gradient.f_tr()?, &scaled)?;
    let low = gradient.f_mm(&lora.b.value)?.f_mul_scalar(lora.scale)?;
    let _ = lora.a.gradient.shallow_clone().f_addmm_(&low.f_tr()?, input)?;
    if let Some(mut rows) = input_gradient {
        let _ = match mask {
            Some(mask) => rows.f_add_(&low.f_mm(&lora.a.value)?.f_mul(mask)?)?,
            None => rows.f_addmm_(&low, &lora.a.value)?,
        };
    }
    Ok(())
}

fn narrow(x: &Tensor, rows: &Range<usize>) -> Result<Tensor, ComputeError> {
    Ok(x.f_narrow(0, rows.start as i64, rows.len() as i64)?)
}
