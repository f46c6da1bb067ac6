//! Linear layers of the classification heads, of all runs in one launch.

use std::ops::Range;

use tch::Tensor;

use super::constants::Constant;
use super::launch::{Address, Argument, Memory, int};
use super::program::{Function, Program};
use crate::model::adapter::HeadLinear;
use crate::model::backend::HeadRows;
use crate::model::compute_error::ComputeError;

const THREADS: usize = 256;
/// Rows of a block.
const ROWS: usize = 16;
/// Outputs of a block, forward and for weights; inputs of a block, backward.
const FORWARD_OUTPUTS: usize = 32;
const WEIGHT_OUTPUTS: usize = 16;
const INPUTS: usize = 64;
/// Runs of one launch.
const RUNS: usize = 64;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Entry {
    weight: Address,
    bias: Address,
    weight_gradient: Address,
    bias_gradient: Address,
    begin: i32,
    end: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Entries {
    count: i32,
    unused: i32,
    entry: [Entry; RUNS],
}

/// For the kernels.
pub const CONSTANTS: [Constant; 8] = [
    ("HEAD_RUNS", RUNS),
    ("HEAD_ROWS", ROWS),
    ("HEAD_THREADS", THREADS),
    ("FORWARD_OUTPUTS", FORWARD_OUTPUTS),
    ("WEIGHT_OUTPUTS", WEIGHT_OUTPUTS),
    ("INPUT_COLUMNS", INPUTS),
    ("HEAD_BYTES", size_of::<Entry>()),
    ("HEADS_BYTES", size_of::<Entries>()),
];

// SAFETY: `Heads` of kernels/head.cu.
unsafe impl Argument for Entries {}

impl Entry {
    const NONE: Entry = Entry {
        weight: Address::NULL,
        bias: Address::NULL,
        weight_gradient: Address::NULL,
        bias_gradient: Address::NULL,
        begin: 0,
        end: 0,
    };

    /// `linear` has weights of `[outputs, inputs]`.
    fn new(
        memory: Memory,
        linear: &HeadLinear,
        rows: &Range<usize>,
        [outputs, inputs]: [usize; 2],
    ) -> Result<Self, ComputeError> {
        Ok(Entry {
            weight: memory.floats(&linear.weight.value, &[outputs, inputs])?,
            bias: memory.floats(&linear.bias.value, &[outputs])?,
            weight_gradient: memory.floats(&linear.weight.gradient, &[outputs, inputs])?,
            bias_gradient: memory.floats(&linear.bias.gradient, &[outputs])?,
            begin: int(rows.start)?,
            end: int(rows.end)?,
        })
    }
}

/// The same layer of several heads, and each head's rows.
pub struct Layer<'a> {
    program: &'a Program,
    /// The runs of each launch, with the most rows of one of them.
    launches: Vec<(Entries, usize)>,
    inputs: usize,
    outputs: usize,
    /// Rows that there must be at least.
    rows: usize,
}

impl<'a> Layer<'a> {
    pub fn new(program: &'a Program, runs: &HeadRows<'_>) -> Result<Self, ComputeError> {
        let (outputs, inputs) = match runs.first() {
            Some((linear, _)) => linear.weight.value.size2()?,
            None => (0, 0),
        };
        let (outputs, inputs) = (outputs as usize, inputs as usize);
        let table = |some: &[(&HeadLinear, Range<usize>)]| {
            let mut entries = Entries { count: some.len() as i32, unused: 0, entry: [Entry::NONE; RUNS] };
            for (place, (linear, rows)) in entries.entry.iter_mut().zip(some) {
                *place = Entry::new(program.memory(), linear, rows, [outputs, inputs])?;
            }
            Ok((entries, some.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0)))
        };
        let launches = runs.chunks(RUNS).map(table).collect::<Result<_, ComputeError>>()?;
        let rows = runs.iter().map(|(_, rows)| rows.end).max().unwrap_or(0);
        Ok(Layer { program, launches, inputs, outputs, rows })
    }

    /// Rows of float32 numbers, among which every run's are.
    fn rows(&self, tensor: &Tensor, columns: usize) -> Result<Address, ComputeError> {
        let (rows, _) = tensor.size2()?;
        if (rows as usize) < self.rows {
            return Err(ComputeError::Operands(format!("a kernel was given {rows} rows instead of {}", self.rows)));
        }
        self.program.memory().floats(tensor, &[rows as usize, columns])
    }

    /// Both sizes, as the kernels take them.
    fn sizes(&self) -> Result<(i32, i32), ComputeError> {
        Ok((int(self.inputs)?, int(self.outputs)?))
    }

    /// `x` (`[rows, inputs]`) times each run's weights, with its bias: `[rows, outputs]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, ComputeError> {
        let y = self.program.floats(&[x.size()[0], self.outputs as i64])?;
        let (x, to, (inputs, outputs)) = (self.rows(x, self.inputs)?, self.rows(&y, self.outputs)?, self.sizes()?);
        for (entries, rows) in &self.launches {
            let grid = [self.outputs.div_ceil(FORWARD_OUTPUTS), entries.count as usize, rows.div_ceil(ROWS)];
            let arguments: [&dyn Argument; 5] = [&x, &inputs, &outputs, &to, entries];
            // SAFETY: the parameters of `head_forward` in their order. Sizes were checked: weights and biases in `Entry::of`,
            // rows in `rows`.
            unsafe { self.program.launch(Function::HeadForward, grid, THREADS as u32, &arguments)? };
        }
        Ok(y)
    }

    /// The gradient of `x` from that of the result.
    pub fn inputs(&self, y: &Tensor) -> Result<Tensor, ComputeError> {
        let x = self.program.floats(&[y.size()[0], self.inputs as i64])?;
        let (y, to, (inputs, outputs)) = (self.rows(y, self.outputs)?, self.rows(&x, self.inputs)?, self.sizes()?);
        for (entries, rows) in &self.launches {
            let grid = [self.inputs.div_ceil(INPUTS), entries.count as usize, rows.div_ceil(ROWS)];
            let arguments: [&dyn Argument; 5] = [&y, &inputs, &outputs, &to, entries];
            // SAFETY: the parameters of `head_inputs` in their order; sizes were checked, as in `forward`.
            unsafe { self.program.launch(Function::HeadInputs, grid, THREADS as u32, &arguments)? };
        }
        Ok(x)
    }

    /// Adds to the gradients of weights and biases.
    pub fn accumulate(&self, y: &Tensor, x: &Tensor) -> Result<(), ComputeError> {
        let (y, x, (inputs, outputs)) = (self.rows(y, self.outputs)?, self.rows(x, self.inputs)?, self.sizes()?);
        for (entries, _) in &self.launches {
            let arguments: [&dyn Argument; 5] = [&y, &x, &inputs, &outputs, entries];
            let grid = [self.inputs.div_ceil(THREADS), self.outputs.div_ceil(WEIGHT_OUTPUTS), entries.count as usize];
            // SAFETY: the parameters of `head_weights` in their order; sizes were checked, as in `forward`, also those of
            // gradients.
            unsafe { self.program.launch(Function::HeadWeights, grid, THREADS as u32, &arguments)? };
        }
        Ok(())
    }
}
