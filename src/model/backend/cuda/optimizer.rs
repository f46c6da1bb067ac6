//! Clipping and AdamW over a run's flat parameters, in two launches.

use tch::Tensor;

use super::constants::Constant;
use super::launch::{Argument, int};
use super::program::{Function, Program};
use crate::model::compute_error::ComputeError;
use crate::model::optimizer::{BETA_1, BETA_2, EPSILON, Moments, OptimizerStep};
use crate::model::parameters::Parameters;

const PARTS: usize = 256;
const THREADS: usize = 256;

/// The numbers of one optimizer step.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Update {
    max_norm: f32,
    /// What parameters that decay are multiplied by.
    decay: f32,
    /// Learning rate over the first moment's correction.
    step_size: f32,
    /// Square root of the second moment's correction.
    correction: f32,
    /// Parameters at the front that decay.
    decayed: i32,
}

/// For the kernels.
pub const CONSTANTS: [Constant; 3] =
    [("PARTS", PARTS), ("PART_THREADS", THREADS), ("UPDATE_BYTES", size_of::<Update>())];

/// What one step adds to each moment's average, and what it keeps of it, for the kernels.
pub const NUMBERS: [(&str, f64); 4] =
    [("FIRST_SHARE", 1.0 - BETA_1), ("BETA_2", BETA_2), ("SECOND_SHARE", 1.0 - BETA_2), ("EPSILON", EPSILON)];

// SAFETY: `Update` of kernels/optimizer.cu.
unsafe impl Argument for Update {}

/// Clips the gradient, takes a step of AdamW with betas 0.9 and 0.999 and epsilon 1e-8, and clears the gradient. Returns the
/// gradient's norm before clipping, `[]`.
pub fn clipped_step(
    program: &Program,
    parameters: &Parameters,
    moments: &mut Moments,
    step: &OptimizerStep,
) -> Result<Tensor, ComputeError> {
    let (correction_1, correction_2) = step.corrections();
    let update = Update {
        max_norm: step.max_norm as f32,
        decay: step.decay() as f32,
        step_size: (step.learning_rate / correction_1) as f32,
        correction: correction_2 as f32,
        decayed: parameters.decayed as i32,
    };
    let (memory, count) = (program.memory(), parameters.values.numel());
    let (parts, norm) = (program.floats(&[PARTS as i64])?, program.floats(&[])?);
    let vector = |tensor: &Tensor| memory.floats(tensor, &[count]);
    let (values, gradient) = (vector(&parameters.values)?, vector(&parameters.gradient)?);
    let (first_moment, second_moment) = (vector(&moments.first)?, vector(&moments.second)?);
    let (length, parts, to) = (int(count)?, memory.floats(&parts, &[PARTS])?, memory.floats(&norm, &[])?);
    // SAFETY: the parameters of `squares` in their order. Sizes were checked: a vector of this length, and room for the sum of
    // each block.
    unsafe { program.launch(Function::Squares, [PARTS, 1, 1], THREADS as u32, &[&gradient, &length, &parts])? };
    let grid = [count.div_ceil(THREADS), 1, 1];
    let arguments: [&dyn Argument; 8] =
        [&values, &gradient, &first_moment, &second_moment, &length, &parts, &to, &update];
    // SAFETY: the parameters of `adamw` in their order. Sizes were checked: four vectors of this length.
    unsafe { program.launch(Function::AdamW, grid, THREADS as u32, &arguments)? };
    Ok(norm)
}
