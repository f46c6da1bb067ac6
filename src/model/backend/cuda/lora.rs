//! The LoRA updates of one linear layer, of all runs that adapt it in a few launches.

use tch::Tensor;

use super::constants::Constant;
use super::launch::{Address, Argument, LANES, Memory, Rows, STRIP, in_kernels, int};
use super::program::{Function, Program};
use crate::model::adapter::Lora;
use crate::model::backend::AdaptedRows;
use crate::model::compute_error::ComputeError;

const WARPS: usize = 8;
const THREADS: u32 = WARPS as u32 * LANES;
/// Rows of a block down to the rank.
const DOWN_ROWS: usize = 32;
/// Rows of a part of a gradient.
const PART_ROWS: usize = 128;
/// Ranks of a block.
const RANKS: usize = 16;
/// Runs of one launch.
const RUNS: usize = 32;

/// What the backward pass needs.
#[derive(Debug)]
pub struct LoraTape {
    /// The layer's input, of all runs.
    input: Tensor,
    /// `[rows, stride]`: `dropout(input) @ A.T`
    low: Tensor,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Entry {
    a: Address,
    b: Address,
    a_gradient: Address,
    b_gradient: Address,
    key: u64,
    begin: i32,
    end: i32,
    rank: i32,
    threshold: u32,
    dropout_scale: f32,
    scale: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Entries {
    count: i32,
    stride: i32,
    entry: [Entry; RUNS],
}

/// For the kernels.
pub const CONSTANTS: [Constant; 7] = [
    ("WARPS", WARPS),
    ("DOWN_ROWS", DOWN_ROWS),
    ("PART_ROWS", PART_ROWS),
    ("RANKS", RANKS),
    ("ADAPTED_RUNS", RUNS),
    ("ADAPTED_BYTES", size_of::<Entry>()),
    ("ADAPTED_RUNS_BYTES", size_of::<Entries>()),
];

// SAFETY: `AdaptedRuns` of kernels/lora.cuh.
unsafe impl Argument for Entries {}

impl Entry {
    const NONE: Entry = Entry {
        a: Address::NULL,
        b: Address::NULL,
        a_gradient: Address::NULL,
        b_gradient: Address::NULL,
        key: 0,
        begin: 0,
        end: 0,
        rank: 0,
        threshold: 0,
        dropout_scale: 1.0,
        scale: 1.0,
    };

    /// A is `[rank, inputs]`, B `[outputs, rank]`.
    fn new(memory: Memory, adapted: &AdaptedRows<'_>, inputs: usize, outputs: usize) -> Result<Self, ComputeError> {
        let (lora, rank) = (adapted.lora, rank(adapted.lora));
        let (key, threshold, dropout_scale) = in_kernels(adapted.dropout);
        Ok(Entry {
            a: memory.fours(&lora.a.value, &[rank, inputs])?,
            b: memory.fours(&lora.b.value, &[outputs, rank])?,
            a_gradient: memory.floats(&lora.a.gradient, &[rank, inputs])?,
            b_gradient: memory.floats(&lora.b.gradient, &[outputs, rank])?,
            key,
            begin: int(adapted.rows.start)?,
            end: int(adapted.rows.end)?,
            rank: int(rank)?,
            threshold,
            dropout_scale,
            scale: lora.scale as f32,
        })
    }
}

fn rank(lora: &Lora) -> usize {
    lora.a.value.size()[0] as usize
}

/// One of the two matrices of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Factor {
    A,
    B,
}

/// The tables of one layer's launches, each with the most rows of a run in it.
struct Launches {
    tables: Vec<(Entries, usize)>,
    /// Columns of rows that were taken down: the largest rank, in whole fours.
    stride: usize,
    /// Columns of the layer's input and output.
    inputs: usize,
    outputs: usize,
    /// Rows of input, output and `low`; every run's are among them.
    rows: usize,
}

impl Launches {
    /// For an input and an output, or their gradients, of `rows` rows.
    fn new(memory: Memory, adapted: &[AdaptedRows<'_>], rows: usize) -> Result<Self, ComputeError> {
        let stride = adapted.iter().map(|adapted| rank(adapted.lora)).max().unwrap_or(0).next_multiple_of(4);
        let (inputs, outputs) = match adapted.first() {
            Some(AdaptedRows { lora, .. }) => (lora.a.value.size2()?.1 as usize, lora.b.value.size2()?.0 as usize),
            None => (0, 0),
        };
        if let Some(beyond) = adapted.iter().find(|adapted| adapted.rows.end > rows) {
            return Err(ComputeError::Operands(format!("a kernel was given rows {:?} of {rows}", beyond.rows)));
        }
        let table = |some: &[AdaptedRows<'_>]| {
            let mut entries = Entries { count: some.len() as i32, stride: int(stride)?, entry: [Entry::NONE; RUNS] };
            for (place, adapted) in entries.entry.iter_mut().zip(some) {
                *place = Entry::new(memory, adapted, inputs, outputs)?;
            }
            Ok((entries, some.iter().map(|adapted| adapted.rows.len()).max().unwrap_or(0)))
        };
        let tables = adapted.chunks(RUNS).map(table).collect::<Result<_, ComputeError>>()?;
        Ok(Launches { tables, stride, inputs, outputs, rows })
    }

    fn low(&self, program: &Program, low: &Tensor) -> Result<Address, ComputeError> {
        program.memory().fours(low, &[self.rows, self.stride])
    }

    /// The layer's input for A, its output for B; or their gradients.
    fn wide(&self, program: &Program, of: Factor, x: &Tensor) -> Result<Rows, ComputeError> {
        let columns = if of == Factor::A { self.inputs } else { self.outputs };
        program.memory().rows(x, self.rows, columns)
    }

    /// Rows to ranks: `x` is only read.
    fn down(&self, program: &Program, of: Factor, x: &Tensor, low: &Tensor) -> Result<(), ComputeError> {
        let function = if of == Factor::A { Function::LoraDownA } else { Function::LoraDownB };
        let (x, low) = (self.wide(program, of, x)?, self.low(program, low)?);
        let columns = int(x.columns)?;
        for (entries, rows) in &self.tables {
            let grid = [rows.div_ceil(DOWN_ROWS), entries.count as usize, self.stride.div_ceil(RANKS)];
            let arguments: [&dyn Argument; 5] = [&x.address, &x.stride, &columns, &low, entries];
            // SAFETY: the parameters of `lora_down_a` and `lora_down_b` in their order. Sizes were checked: the runs' rows in
            // `of`, A and B in `Entry::of`, matrices in `wide` and `low`.
            unsafe { program.launch(function, grid, THREADS, &arguments)? };
        }
        Ok(())
    }

    /// Ranks to rows, added to `x`.
    fn up(&self, program: &Program, of: Factor, low: &Tensor, x: &Tensor) -> Result<(), ComputeError> {
        let function = if of == Factor::A { Function::LoraUpA } else { Function::LoraUpB };
        let (x, low) = (self.wide(program, of, x)?, self.low(program, low)?);
        let columns = int(x.columns)?;
        let (block_rows, block_columns) = program.products.block_of_lora_up();
        for (entries, rows) in &self.tables {
            let grid = [rows.div_ceil(block_rows), entries.count as usize, x.columns.div_ceil(block_columns)];
            let arguments: [&dyn Argument; 5] = [&low, &x.address, &x.stride, &columns, entries];
            // SAFETY: the parameters of `lora_up_a` and `lora_up_b` in their order; sizes were checked, as in `down`.
            unsafe { program.launch(function, grid, THREADS, &arguments)? };
        }
        Ok(())
    }

    /// Adds to the gradients of A or B: first parts of some rows each, then their sums.
    fn weights(&self, program: &Program, of: Factor, low: &Tensor, x: &Tensor) -> Result<(), ComputeError> {
        let (x, low) = (self.wide(program, of, x)?, self.low(program, low)?);
        let (columns, of_a) = (int(x.columns)?, i32::from(of == Factor::A));
        for (entries, rows) in &self.tables {
            let (runs, most) = (entries.count as usize, rows.div_ceil(PART_ROWS));
            let size = [runs * most, self.stride, x.columns];
            let parts = program.floats(&size.map(|length| length as i64))?;
            let (parts, most) = (program.memory().fours(&parts, &size)?, int(most)?);
            let grid = [x.columns.div_ceil(STRIP), size[0], self.stride.div_ceil(RANKS)];
            let arguments: [&dyn Argument; 8] = [&low, &x.address, &x.stride, &columns, &of_a, &most, &parts, entries];
            // SAFETY: the parameters of `lora_parts` in their order; sizes were checked, as in `down`, and there is a part for
            // every so many rows of a run.
            unsafe { program.launch(Function::LoraParts, grid, THREADS, &arguments)? };
            let grid = [(self.stride * x.columns).div_ceil(THREADS as usize), runs, 1];
            let arguments: [&dyn Argument; 5] = [&parts, &columns, &of_a, &most, entries];
            // SAFETY: the parameters of `lora_weights` in their order; as above, and gradients are as large as A and B.
            unsafe { program.launch(Function::LoraWeights, grid, THREADS, &arguments)? };
        }
        Ok(())
    }
}

/// Adds `scale * dropout(input) A.T B.T` to the rows of every run in `output` (`[rows, out]`, a view is fine).
pub fn forward(
    program: &Program,
    adapted: &[AdaptedRows<'_>],
    input: &Tensor,
    output: &Tensor,
) -> Result<LoraTape, ComputeError> {
    let rows = input.size2()?.0;
    let launches = Launches::new(program.memory(), adapted, rows as usize)?;
    let low = program.floats(&[rows, launches.stride as i64])?;
    launches.down(program, Factor::A, input, &low)?;
    launches.up(program, Factor::B, &low, output)?;
    Ok(LoraTape { input: input.shallow_clone(), low })
}

/// Accumulates the gradients of A and B from the gradient of the output, and adds to that of the input where one is given.
pub fn backward(
    program: &Program,
    adapted: &[AdaptedRows<'_>],
    tape: &LoraTape,
    gradient: &Tensor,
    input_gradient: Option<&Tensor>,
) -> Result<(), ComputeError> {
    let launches = Launches::new(program.memory(), adapted, tape.low.size2()?.0 as usize)?;
    launches.weights(program, Factor::B, &tape.low, gradient)?;
    let low = program.floats(&tape.low.size())?;
    launches.down(program, Factor::B, gradient, &low)?;
    launches.weights(program, Factor::A, &low, &tape.input)?;
    match input_gradient {
        Some(input_gradient) => launches.up(program, Factor::A, &low, input_gradient),
        None => Ok(()),
    }
}
