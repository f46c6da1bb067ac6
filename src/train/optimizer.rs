//! AdamW over a run's flat parameters.

use tch::{Kind, TchError, Tensor};

use crate::model::{Compute, Parameters, cuda_optimizer};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Optimizer state of one run: moments shaped as the flat parameters.
#[derive(Debug)]
pub struct AdamW {
    /// Exponential average of the gradient.
    pub first_moment: Tensor,
    /// Exponential average of the squared gradient.
    pub second_moment: Tensor,
    weight_decay: f64,
}

impl AdamW {
    pub fn new(parameters: &Parameters, weight_decay: f64) -> Result<Self, TchError> {
        Ok(AdamW {
            first_moment: parameters.values.f_zeros_like()?,
            second_moment: parameters.values.f_zeros_like()?,
            weight_decay,
        })
    }

    /// Scales the gradient down to `max_norm`, takes optimizer step number `step` (counted from 1) and clears the gradient.
    /// Returns the gradient's norm before, `[]`.
    pub fn clipped_step(
        &mut self,
        compute: Compute<'_>,
        parameters: &Parameters,
        max_norm: f64,
        learning_rate: f64,
        step: usize,
    ) -> Result<Tensor, TchError> {
        if let Compute::Cuda(program) = compute {
            let (correction_1, correction_2) = corrections(step);
            let update = cuda_optimizer::Update {
                max_norm: max_norm as f32,
                decay: (1.0 - learning_rate * self.weight_decay) as f32,
                step_size: (learning_rate / correction_1) as f32,
                correction: correction_2 as f32,
                decayed: parameters.decayed as i32,
            };
            return cuda_optimizer::step(program, parameters, (&self.first_moment, &self.second_moment), update);
        }
        let norm = clip_gradient(parameters, max_norm)?;
        self.step(parameters, learning_rate, step)?;
        let _ = parameters.gradient.shallow_clone().f_zero_()?;
        Ok(norm)
    }

    /// As `torch.optim.AdamW` does it; the gradient stays.
    fn step(&mut self, parameters: &Parameters, learning_rate: f64, step: usize) -> Result<(), TchError> {
        let gradient = &parameters.gradient;
        let mut decayed = parameters.values.f_narrow(0, 0, parameters.decayed)?;
        let _ = decayed.f_mul_scalar_(1.0 - learning_rate * self.weight_decay)?;
        let _ = self.first_moment.f_lerp_(gradient, 1.0 - BETA_1)?;
        let squared = gradient.f_square()?.f_mul_scalar(1.0 - BETA_2)?;
        let _ = self.second_moment.f_mul_scalar_(BETA_2)?.f_add_(&squared)?;
        let (correction_1, correction_2) = corrections(step);
        let deviation = self.second_moment.f_sqrt()?.f_div_scalar_(correction_2)?.f_add_scalar_(EPSILON)?;
        let mut change = self.first_moment.f_div(&deviation)?;
        let change = change.f_mul_scalar_(-learning_rate / correction_1)?;
        let _ = parameters.values.shallow_clone().f_add_(&change)?;
        Ok(())
    }
}

/// The first moment's correction, and the square root of the second one's.
fn corrections(step: usize) -> (f64, f64) {
    (1.0 - BETA_1.powi(step as i32), (1.0 - BETA_2.powi(step as i32)).sqrt())
}

/// Scales the gradient down to `max_norm`, as `torch.nn.utils.clip_grad_norm_` does; returns the norm before, `[]`.
fn clip_gradient(parameters: &Parameters, max_norm: f64) -> Result<Tensor, TchError> {
    let norm = parameters.gradient.f_norm_scalaropt_dtype(2.0, Kind::Float)?;
    let scale = norm.f_add_scalar(1e-6)?.f_reciprocal()?.f_mul_scalar(max_norm)?.f_clamp_max(1.0)?;
    let _ = parameters.gradient.shallow_clone().f_mul_(&scale)?;
    Ok(norm)
}
