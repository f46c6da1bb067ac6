//! Clipping and AdamW over a run's flat parameters.

use tch::{Kind, Tensor};

use crate::model::compute_error::ComputeError;
use crate::model::optimizer::{BETA_1, BETA_2, EPSILON, Moments, OptimizerStep};
use crate::model::parameters::Parameters;

/// Clips the gradient, takes a step as `torch.optim.AdamW` does it, and clears the gradient. Returns the gradient's norm
/// before clipping, `[]`.
pub fn clipped_step(
    parameters: &Parameters,
    moments: &mut Moments,
    step: &OptimizerStep,
) -> Result<Tensor, ComputeError> {
    let norm = clip_gradient(parameters, step.max_norm)?;
    update(parameters, moments, step)?;
    let _ = parameters.gradient.shallow_clone().f_zero_()?;
    Ok(norm)
}

fn update(parameters: &Parameters, moments: &mut Moments, step: &OptimizerStep) -> Result<(), ComputeError> {
    let gradient = &parameters.gradient;
    let mut decayed = parameters.values.f_narrow(0, 0, parameters.decayed)?;
    let _ = decayed.f_mul_scalar_(step.decay())?;
    let _ = moments.first.f_lerp_(gradient, 1.0 - BETA_1)?;
    let squared = gradient.f_square()?.f_mul_scalar(1.0 - BETA_2)?;
    let _ = moments.second.f_mul_scalar_(BETA_2)?.f_add_(&squared)?;
    let (correction_1, correction_2) = step.corrections();
    let deviation = moments.second.f_sqrt()?.f_div_scalar_(correction_2)?.f_add_scalar_(EPSILON)?;
    let mut change = moments.first.f_div(&deviation)?;
    let change = change.f_mul_scalar_(-step.learning_rate / correction_1)?;
    let _ = parameters.values.shallow_clone().f_add_(&change)?;
    Ok(())
}

/// Scales the gradient down to `max_norm`, as `torch.nn.utils.clip_grad_norm_` does; returns the norm before, `[]`.
fn clip_gradient(parameters: &Parameters, max_norm: f64) -> Result<Tensor, ComputeError> {
    let norm = parameters.gradient.f_norm_scalaropt_dtype(2.0, Kind::Float)?;
    let scale = norm.f_add_scalar(1e-6)?.f_reciprocal()?.f_mul_scalar(max_norm)?.f_clamp_max(1.0)?;
    let _ = parameters.gradient.shallow_clone().f_mul_(&scale)?;
    Ok(norm)
}
