//! Activations of feed-forward blocks, elements as they come.

use tch::Tensor;

use super::launch::{Address, int};
use super::program::{Function, Program};
use crate::model::compute_error::ComputeError;

/// Threads of a block.
const ELEMENTWISE_THREADS: usize = 256;
/// What each of them takes.
const BYTES: usize = 16;

/// The activation of `x + bias`.
pub fn forward(program: &Program, x: &Tensor, bias: &Tensor) -> Result<Tensor, ComputeError> {
    let result = program.values(&x.size())?;
    let groups = Groups::new(program, x, bias)?;
    let to = program.memory().values(&result, &groups.size)?;
    // SAFETY: the parameters of `activate` in their order. Sizes were checked: two matrices of the same size, rows of whole
    // groups, and a vector as wide.
    unsafe {
        program.launch(
            Function::Activate,
            [groups.count.div_ceil(ELEMENTWISE_THREADS), 1, 1],
            ELEMENTWISE_THREADS as u32,
            &[&groups.x, &groups.bias, &to, &(groups.count as u64), &int(groups.size[1])?],
        )?;
    }
    Ok(result)
}

/// Turns the gradient of [`forward`]'s result into that of `x`.
pub fn backward(program: &Program, x: &Tensor, bias: &Tensor, gradient: &Tensor) -> Result<(), ComputeError> {
    let groups = Groups::new(program, x, bias)?;
    let gradient = program.memory().values(gradient, &groups.size)?;
    // SAFETY: the parameters of `activate_backward` in their order; sizes were checked, as in the forward pass.
    unsafe {
        program.launch(
            Function::ActivateBackward,
            [groups.count.div_ceil(ELEMENTWISE_THREADS), 1, 1],
            ELEMENTWISE_THREADS as u32,
            &[&groups.x, &groups.bias, &gradient, &(groups.count as u64), &int(groups.size[1])?],
        )
    }
}

/// A matrix in pieces of 16 bytes, of which each row has whole ones, and what is added to each row.
struct Groups {
    x: Address,
    bias: Address,
    size: [usize; 2],
    count: usize,
}

impl Groups {
    fn new(program: &Program, x: &Tensor, bias: &Tensor) -> Result<Self, ComputeError> {
        let (rows, width) = x.size2()?;
        let size = [rows as usize, width as usize];
        let row = size[1] * x.kind().elt_size_in_bytes();
        if !row.is_multiple_of(BYTES) {
            return Err(ComputeError::Operands(format!("a kernel was given rows of {row} bytes")));
        }
        let memory = program.memory();
        let (x, bias) = (memory.values(x, &size)?, memory.floats(bias, &size[1..])?);
        Ok(Groups { x, bias, size, count: size[0] * (row / BYTES) })
    }
}
