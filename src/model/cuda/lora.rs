//! The LoRA updates of one linear layer, of all runs that adapt it in a few launches.

use std::ops::Range;

use tch::{TchError, Tensor};

use super::super::adapter::Lora;
use super::super::dropout::Dropout;
use super::launch::{Address, Argument, LANES, Rows, STRIP, in_kernels};
use super::program::{Function, Program};

const THREADS: u32 = 8 * LANES;
/// Rows of a block down to the rank.
const DOWN_ROWS: usize = 32;
/// Rows of a part of a gradient.
const PART_ROWS: usize = 128;
/// Ranks of a block.
const RANKS: usize = 16;
/// Runs of one launch.
const RUNS: usize = 32;

/// One micro-batch of a run that adapts the layer.
pub struct Adapted<'a> {
    pub lora: &'a Lora,
    pub rows: Range<usize>,
    pub dropout: Option<Dropout>,
}

/// What the backward pass needs.
#[derive(Debug)]
pub struct Tape {
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

// As in kernels/lora.cuh.
const _: () = assert!(size_of::<Entry>() == 64 && size_of::<Entries>() == 2056);

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

    fn of(adapted: &Adapted<'_>) -> Result<Self, TchError> {
        let lora = adapted.lora;
        let (key, threshold, dropout_scale) = in_kernels(adapted.dropout);
        Ok(Entry {
            a: Address::of_fours(&lora.a.value)?,
            b: Address::of_fours(&lora.b.value)?,
            a_gradient: Address::of_whole(&lora.a.gradient)?,
            b_gradient: Address::of_whole(&lora.b.gradient)?,
            key,
            begin: adapted.rows.start as i32,
            end: adapted.rows.end as i32,
            rank: rank(lora) as i32,
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
}

impl Launches {
    fn of(adapted: &[Adapted<'_>]) -> Result<Self, TchError> {
        let stride = adapted.iter().map(|adapted| rank(adapted.lora)).max().unwrap_or(0).next_multiple_of(4);
        let table = |some: &[Adapted<'_>]| {
            let mut entries = Entries { count: some.len() as i32, stride: stride as i32, entry: [Entry::NONE; RUNS] };
            for (place, adapted) in entries.entry.iter_mut().zip(some) {
                *place = Entry::of(adapted)?;
            }
            Ok((entries, some.iter().map(|adapted| adapted.rows.len()).max().unwrap_or(0)))
        };
        Ok(Launches { tables: adapted.chunks(RUNS).map(table).collect::<Result<_, TchError>>()?, stride })
    }

    /// Rows to ranks: `x` is only read.
    fn down(&self, program: &Program, function: Function, x: &Tensor, low: &Tensor) -> Result<(), TchError> {
        let x = Rows::of(x)?;
        for (entries, rows) in &self.tables {
            let grid = [rows.div_ceil(DOWN_ROWS), entries.count as usize, self.stride.div_ceil(RANKS)];
            let arguments: [&dyn Argument; 5] =
                [&x.address, &x.stride, &(x.columns as i32), &Address::of_whole(low)?, entries];
            // SAFETY: entries name rows of these matrices; A and B are as wide and as long as the layer.
            unsafe { program.launch(function, grid, THREADS, &arguments)? };
        }
        Ok(())
    }

    /// Ranks to rows, added to `x`.
    fn up(&self, program: &Program, function: Function, low: &Tensor, x: &Tensor) -> Result<(), TchError> {
        let x = Rows::of(x)?;
        let (block_rows, block_columns) = program.products.block_of_lora_up();
        for (entries, rows) in &self.tables {
            let grid = [rows.div_ceil(block_rows), entries.count as usize, x.columns.div_ceil(block_columns)];
            let arguments: [&dyn Argument; 5] =
                [&Address::of_whole(low)?, &x.address, &x.stride, &(x.columns as i32), entries];
            // SAFETY: as in `down`.
            unsafe { program.launch(function, grid, THREADS, &arguments)? };
        }
        Ok(())
    }

    /// Adds to the gradients of A or B: first parts of some rows each, then their sums.
    fn weights(&self, program: &Program, of: Factor, low: &Tensor, x: &Tensor) -> Result<(), TchError> {
        let x = Rows::of(x)?;
        let (columns, of_a) = (x.columns as i32, i32::from(of == Factor::A));
        for (entries, rows) in &self.tables {
            let (runs, most) = (entries.count as usize, rows.div_ceil(PART_ROWS));
            let parts = program.floats(&[(runs * most) as i64, self.stride as i64, x.columns as i64])?;
            let parts = Address::of_whole(&parts)?;
            let grid = [x.columns.div_ceil(STRIP), runs * most, self.stride.div_ceil(RANKS)];
            let arguments: [&dyn Argument; 8] =
                [&Address::of_whole(low)?, &x.address, &x.stride, &columns, &of_a, &(most as i32), &parts, entries];
            // SAFETY: as in `down`; a part for every so many rows of a run.
            unsafe { program.launch(Function::LoraParts, grid, THREADS, &arguments)? };
            let grid = [(self.stride * x.columns).div_ceil(THREADS as usize), runs, 1];
            let arguments: [&dyn Argument; 5] = [&parts, &columns, &of_a, &(most as i32), entries];
            // SAFETY: as above; gradients are as large as A and B.
            unsafe { program.launch(Function::LoraWeights, grid, THREADS, &arguments)? };
        }
        Ok(())
    }
}

/// Adds `scale * dropout(input) A.T B.T` to the rows of every run in `output` (`[rows, out]`, a view is fine).
pub fn forward(program: &Program, adapted: &[Adapted<'_>], input: &Tensor, output: &Tensor) -> Result<Tape, TchError> {
    let launches = Launches::of(adapted)?;
    let low = program.floats(&[input.size()[0], launches.stride as i64])?;
    launches.down(program, Function::LoraDownA, input, &low)?;
    launches.up(program, Function::LoraUpB, &low, output)?;
    Ok(Tape { input: input.shallow_clone(), low })
}

/// Accumulates the gradients of A and B from the gradient of the output, and adds to that of the input where one is given.
pub fn backward(
    program: &Program,
    adapted: &[Adapted<'_>],
    tape: &Tape,
    gradient: &Tensor,
    input_gradient: Option<&Tensor>,
) -> Result<(), TchError> {
    let launches = Launches::of(adapted)?;
    launches.weights(program, Factor::B, &tape.low, gradient)?;
    let low = program.floats(&tape.low.size())?;
    launches.down(program, Function::LoraDownB, gradient, &low)?;
    launches.weights(program, Factor::A, &low, &tape.input)?;
    match input_gradient {
        Some(input_gradient) => launches.up(program, Function::LoraUpA, &low, input_gradient),
        None => Ok(()),
    }
}
