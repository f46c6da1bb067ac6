//! Linear layers of the classification heads, of all runs in one launch.

use std::ops::Range;

use tch::{TchError, Tensor};

use super::super::adapter::HeadLinear;
use super::launch::{Address, Argument};
use super::program::{Function, Program};

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

// As in kernels/head.cu.
const _: () = assert!(size_of::<Entry>() == 40 && size_of::<Entries>() == 2568);

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

    fn of(linear: &HeadLinear, rows: &Range<usize>) -> Result<Self, TchError> {
        Ok(Entry {
            weight: Address::of_whole(&linear.weight.value)?,
            bias: Address::of_whole(&linear.bias.value)?,
            weight_gradient: Address::of_whole(&linear.weight.gradient)?,
            bias_gradient: Address::of_whole(&linear.bias.gradient)?,
            begin: rows.start as i32,
            end: rows.end as i32,
        })
    }
}

/// The same layer of several heads, and each head's rows.
pub struct Layer<'a> {
    program: &'a Program,
    /// The runs of each launch, with the most rows of one of them.
    launches: Vec<(Entries, usize)>,
    inputs: i64,
    outputs: i64,
}

impl<'a> Layer<'a> {
    pub fn new(program: &'a Program, runs: &[(&HeadLinear, Range<usize>)]) -> Result<Self, TchError> {
        let (outputs, inputs) = match runs.first() {
            Some((linear, _)) => linear.weight.value.size2()?,
            None => (0, 0),
        };
        let table = |some: &[(&HeadLinear, Range<usize>)]| {
            let mut entries = Entries { count: some.len() as i32, unused: 0, entry: [Entry::NONE; RUNS] };
            for (place, (linear, rows)) in entries.entry.iter_mut().zip(some) {
                *place = Entry::of(linear, rows)?;
            }
            Ok((entries, some.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0)))
        };
        let launches = runs.chunks(RUNS).map(table).collect::<Result<_, TchError>>()?;
        Ok(Layer { program, launches, inputs, outputs })
    }

    /// `x` (`[rows, inputs]`) times each run's weights, with its bias: `[rows, outputs]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, TchError> {
        let y = self.program.floats(&[x.size()[0], self.outputs])?;
        let (x, to) = (Address::of_whole(x)?, Address::of_whole(&y)?);
        for (entries, rows) in &self.launches {
            let grid = [(self.outputs as usize).div_ceil(FORWARD_OUTPUTS), entries.count as usize, rows.div_ceil(ROWS)];
            let arguments: [&dyn Argument; 5] = [&x, &(self.inputs as i32), &(self.outputs as i32), &to, entries];
            // SAFETY: rows, weights and biases have these sizes.
            unsafe { self.program.launch(Function::HeadForward, grid, THREADS as u32, &arguments)? };
        }
        Ok(y)
    }

    /// The gradient of `x` from that of the result.
    pub fn inputs(&self, y: &Tensor) -> Result<Tensor, TchError> {
        let x = self.program.floats(&[y.size()[0], self.inputs])?;
        let (y, to) = (Address::of_whole(y)?, Address::of_whole(&x)?);
        for (entries, rows) in &self.launches {
            let grid = [(self.inputs as usize).div_ceil(INPUTS), entries.count as usize, rows.div_ceil(ROWS)];
            let arguments: [&dyn Argument; 5] = [&y, &(self.inputs as i32), &(self.outputs as i32), &to, entries];
            // SAFETY: as in `forward`.
            unsafe { self.program.launch(Function::HeadInputs, grid, THREADS as u32, &arguments)? };
        }
        Ok(x)
    }

    /// Adds to the gradients of weights and biases.
    pub fn accumulate(&self, y: &Tensor, x: &Tensor) -> Result<(), TchError> {
        let (y, x) = (Address::of_whole(y)?, Address::of_whole(x)?);
        for (entries, _) in &self.launches {
            let blocks = [(self.inputs as usize).div_ceil(THREADS), (self.outputs as usize).div_ceil(WEIGHT_OUTPUTS)];
            let arguments: [&dyn Argument; 5] = [&y, &x, &(self.inputs as i32), &(self.outputs as i32), entries];
            let grid = [blocks[0], blocks[1], entries.count as usize];
            // SAFETY: as in `forward`; gradients are as large as what they are gradients of.
            unsafe { self.program.launch(Function::HeadWeights, grid, THREADS as u32, &arguments)? };
        }
        Ok(())
    }
}
