//! The LoRA update of one linear layer for the runs that adapt it: `output += scale * B A dropout(input)`.

use std::ops::Range;

use tch::{TchError, Tensor};

use super::adapter::Lora;
use super::cpu;
use super::cpu::tile::Engine;
use super::cuda;
use super::dropout::RowDropouts;
use super::elementwise::{Compute, foreign_tape};
use super::masks;
use super::pass::{RunPass, Site};
use crate::spec::Module;

/// What the backward pass of one linear layer's updates needs.
pub enum LoraTape {
    /// Of each run that adapts it.
    Runs(Vec<Option<RunTape>>),
    Cuda(cuda::lora::Tape),
}

/// What the backward pass of one run's update needs.
pub enum RunTape {
    Plain {
        /// `[rows, in]`: the run's input after dropout.
        input: Tensor,
        /// `[rows, in]`
        mask: Option<Tensor>,
        /// `[rows, rank]`: `input @ A.T`
        low: Tensor,
    },
    Fused(cpu::lora::PanelTape),
}

/// Adds the updates to `output` (`[rows, out]`, a view is fine) in place; `spans` are the runs' rows. None where no run adapts
/// the layer.
pub fn forward(
    compute: Compute<'_>,
    (layer, linear): (usize, Module),
    passes: &[RunPass<'_>],
    spans: &[Range<usize>],
    input: &Tensor,
    output: &Tensor,
) -> Result<Option<LoraTape>, TchError> {
    if !passes.iter().any(|pass| pass.adapter.lora(layer, linear).is_some()) {
        return Ok(None);
    }
    if let Compute::Cuda(program) = compute {
        let adapted = adapted((layer, linear), passes, spans);
        return Ok(Some(LoraTape::Cuda(cuda::lora::forward(program, &adapted, input, output)?)));
    }
    let dropout =
        |pass: &RunPass<'_>| pass.adapter.lora(layer, linear).and_then(|_| pass.dropout_at(Site::Lora(layer, linear)));
    let engine = Engine::detect().filter(|_| matches!(compute, Compute::Processor));
    let masks = match engine {
        Some(_) => None,
        // One for all runs: on a GPU every operation costs a launch.
        None => masks::of_rows(
            &RowDropouts::new(spans.iter().cloned().zip(passes.iter().map(dropout))),
            input.size2()?.1 as usize,
            input.device(),
        )?,
    };
    let mut tapes = Vec::with_capacity(passes.len());
    for (pass, span) in passes.iter().zip(spans) {
        let Some(lora) = pass.adapter.lora(layer, linear) else {
            tapes.push(None);
            continue;
        };
        let mut output = narrow(output, span)?;
        tapes.push(Some(match engine {
            Some(engine) => {
                let input = (input, span.start);
                RunTape::Fused(cpu::lora::forward(engine, lora, dropout(pass), input, &mut output)?)
            }
            None => {
                let mask = masks.as_ref().map(|masks| narrow(masks, span)).transpose()?;
                plain_forward(lora, mask, narrow(input, span)?, output)?
            }
        }));
    }
    Ok(Some(LoraTape::Runs(tapes)))
}

/// The runs that adapt a linear layer, for our kernels on a GPU.
fn adapted<'a>(
    (layer, linear): (usize, Module),
    passes: &'a [RunPass<'_>],
    spans: &[Range<usize>],
) -> Vec<cuda::lora::Adapted<'a>> {
    let run = |(pass, rows): (&'a RunPass<'_>, &Range<usize>)| {
        let lora = pass.adapter.lora(layer, linear)?;
        let dropout = pass.dropout_at(Site::Lora(layer, linear));
        Some(cuda::lora::Adapted { lora, rows: rows.clone(), dropout })
    };
    passes.iter().zip(spans).filter_map(run).collect()
}

fn plain_forward(lora: &Lora, mask: Option<Tensor>, rows: Tensor, mut output: Tensor) -> Result<RunTape, TchError> {
    let input = match &mask {
        Some(mask) => rows.f_mul(mask)?,
        None => rows,
    };
    let low = input.f_mm(&lora.a.value.f_tr()?)?;
    let scaled = low.f_mul_scalar(lora.scale)?;
    let _ = output.f_addmm_(&scaled, &lora.b.value.f_tr()?)?;
    Ok(RunTape::Plain { input, mask, low })
}

/// Accumulates the gradients of A and B, and adds to the gradient of the layer's input where one is asked for.
pub fn backward(
    compute: Compute<'_>,
    (layer, linear): (usize, Module),
    passes: &[RunPass<'_>],
    spans: &[Range<usize>],
    tape: &LoraTape,
    gradient: &Tensor,
    input_gradient: Option<&Tensor>,
) -> Result<(), TchError> {
    let tapes = match (tape, compute) {
        (LoraTape::Runs(tapes), _) => tapes,
        (LoraTape::Cuda(tape), Compute::Cuda(program)) => {
            let adapted = adapted((layer, linear), passes, spans);
            return cuda::lora::backward(program, &adapted, tape, gradient, input_gradient);
        }
        (LoraTape::Cuda(_), _) => return Err(foreign_tape()),
    };
    for ((pass, span), tape) in passes.iter().zip(spans).zip(tapes) {
        let (Some(lora), Some(tape)) = (pass.adapter.lora(layer, linear), tape) else {
            continue;
        };
        let gradient = narrow(gradient, span)?;
        let mut input_gradient = input_gradient.map(|input| narrow(input, span)).transpose()?;
        match tape {
            RunTape::Fused(tape) => cpu::lora::backward(lora, tape, &gradient, input_gradient.as_mut())?,
            RunTape::Plain { input, mask, low } => {
                plain_backward(lora, (input, mask.as_ref(), low), &gradient, input_gradient)?;
            }
        }
    }
    Ok(())
}

fn plain_backward(
    lora: &Lora,
    (input, mask, low): (&Tensor, Option<&Tensor>, &Tensor),
    gradient: &Tensor,
    input_gradient: Option<Tensor>,
) -> Result<(), TchError> {
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

fn narrow(x: &Tensor, span: &Range<usize>) -> Result<Tensor, TchError> {
    x.f_narrow(0, span.start as i64, span.len() as i64)
}
