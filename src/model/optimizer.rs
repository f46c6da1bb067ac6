//! The state of AdamW over a run's flat parameters, and the numbers of its steps.

use tch::Tensor;

use super::compute_error::ComputeError;
use super::parameters::Parameters;

/// Decay of the average of the gradient.
pub const BETA_1: f64 = 0.9;
/// Decay of the average of the squared gradient.
pub const BETA_2: f64 = 0.999;
/// Added to the root of the second moment.
pub const EPSILON: f64 = 1e-8;

/// Moments of AdamW, shaped as the flat parameters.
#[derive(Debug)]
pub struct Moments {
    /// Exponential average of the gradient.
    pub first: Tensor,
    /// Exponential average of the squared gradient.
    pub second: Tensor,
}

impl Moments {
    /// Of parameters that no step has changed.
    pub fn new(parameters: &Parameters) -> Result<Self, ComputeError> {
        Ok(Moments { first: parameters.values.f_zeros_like()?, second: parameters.values.f_zeros_like()? })
    }
}

/// One step of AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019) after clipping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerStep {
    /// Counted from 1.
    pub number: usize,
    pub learning_rate: f64,
    pub weight_decay: f64,
    /// The gradient is scaled down to this norm.
    pub max_norm: f64,
}

impl OptimizerStep {
    /// What parameters that decay are multiplied by.
    pub fn decay(&self) -> f64 {
        1.0 - self.learning_rate * self.weight_decay
    }

    /// The first moment's correction, and the square root of the second one's.
    pub fn corrections(&self) -> (f64, f64) {
        let number = self.number as i32;
        (1.0 - BETA_1.powi(number), (1.0 - BETA_2.powi(number)).sqrt())
    }
}
