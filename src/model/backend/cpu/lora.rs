//! The LoRA update of one run on the CPU: dropout is applied where values are laid out for a product, and made again in
//! the backward pass.

use std::ops::Range;

use tch::Tensor;

use super::isa::Tiles;
use super::matrix::Matrix;
use super::panels::{Onto, Panels};
use super::{Borrows, RowsMut, empty};
use crate::model::adapter::Lora;
use crate::model::backend::AdaptedRows;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::Dropout;

/// What the backward pass of one linear layer's updates needs.
#[derive(Debug)]
pub struct LoraTape<T> {
    tiles: T,
    /// Of each run.
    runs: Vec<RunTape>,
}

/// Adds the updates of all runs to `output` (`[rows, out]`, a view is fine) in place.
pub fn forward<T: Tiles>(
    tiles: T,
    adapted: &[AdaptedRows<'_>],
    input: &Tensor,
    output: &Tensor,
) -> Result<LoraTape<T>, ComputeError> {
    let tape = |run: &AdaptedRows<'_>| {
        let input = (input, run.rows.start);
        forward_run(tiles, run.lora, run.dropout, input, &mut narrow(output, &run.rows)?)
    };
    Ok(LoraTape { tiles, runs: adapted.iter().map(tape).collect::<Result<_, ComputeError>>()? })
}

/// Accumulates the gradients of A and B, and adds to the gradient of the layer's input where one is given.
pub fn backward<T: Tiles>(
    adapted: &[AdaptedRows<'_>],
    tape: &LoraTape<T>,
    gradient: &Tensor,
    input_gradient: Option<&Tensor>,
) -> Result<(), ComputeError> {
    let LoraTape { tiles, runs } = tape;
    for (run, tape) in adapted.iter().zip(runs) {
        let mut input_gradient = input_gradient.map(|input| narrow(input, &run.rows)).transpose()?;
        backward_run(*tiles, run.lora, tape, &narrow(gradient, &run.rows)?, input_gradient.as_mut())?;
    }
    Ok(())
}

fn narrow(x: &Tensor, rows: &Range<usize>) -> Result<Tensor, ComputeError> {
    Ok(x.f_narrow(0, rows.start as i64, rows.len() as i64)?)
}

/// What the backward pass needs besides the layer's input.
#[derive(Debug)]
pub struct RunTape {
    /// The layer's input, of all runs.
    input: Tensor,
    /// First row of the run.
    first: usize,
    dropout: Option<Dropout>,
    /// `[rows, rank]`: `dropout(input) @ A.T`
    low: Tensor,
}

/// Adds `scale * dropout(input) A.T B.T` to `output`, the run's rows; they begin at `first` in `input`.
fn forward_run<T: Tiles>(
    tiles: T,
    lora: &Lora,
    dropout: Option<Dropout>,
    (input, first): (&Tensor, usize),
    output: &mut Tensor,
) -> Result<RunTape, ComputeError> {
    let sizes = Sizes::new(lora);
    let mut low = empty(&[output.size()[0], sizes.rank as i64])?;
    let borrows = Borrows::new();
    let a = Matrix { values: borrows.values(&lora.a.value)?, row: 1, column: sizes.input };
    let down = Panels::new(tiles, a, sizes.input, sizes.rank);
    let rows = borrows.rows(input)?.matrix(first);
    down.multiply_dropped(rows, dropout, borrows.rows_mut(&mut low)?, Onto::Nothing);
    let borrows = Borrows::new();
    let b = Matrix { values: borrows.values(&lora.b.value)?, row: 1, column: sizes.rank };
    let up = Panels::scaled(tiles, b, sizes.rank, sizes.output, lora.scale as f32);
    up.multiply(borrows.rows(&low)?.matrix(0), borrows.rows_mut(output)?, Onto::Itself);
    Ok(RunTape { input: input.shallow_clone(), first, dropout, low })
}

/// Accumulates the gradients of A and B from the gradient of the run's output rows, and adds to that of its input rows.
fn backward_run<T: Tiles>(
    tiles: T,
    lora: &Lora,
    tape: &RunTape,
    gradient: &Tensor,
    input_gradient: Option<&mut Tensor>,
) -> Result<(), ComputeError> {
    let sizes = Sizes::new(lora);
    let (rows, scale) = (gradient.size()[0] as usize, lora.scale as f32);
    let mut b_gradient = lora.b.gradient.shallow_clone();
    let borrows = Borrows::new();
    let low = Matrix { values: borrows.values(&tape.low)?, row: sizes.rank, column: 1 };
    Panels::scaled(tiles, low, rows, sizes.rank, scale).multiply(
        borrows.rows(gradient)?.transposed(0),
        RowsMut::new(borrows.values_mut(&mut b_gradient)?, sizes.rank, sizes.rank),
        Onto::Itself,
    );

    let mut low = empty(&[rows as i64, sizes.rank as i64])?;
    let borrows = Borrows::new();
    let b = Matrix { values: borrows.values(&lora.b.value)?, row: sizes.rank, column: 1 };
    let up = Panels::scaled(tiles, b, sizes.output, sizes.rank, scale);
    up.multiply(borrows.rows(gradient)?.matrix(0), borrows.rows_mut(&mut low)?, Onto::Nothing);

    let mut a_gradient = lora.a.gradient.shallow_clone();
    let borrows = Borrows::new();
    let input = borrows.rows(&tape.input)?.matrix(tape.first);
    let input = match tape.dropout {
        Some(dropout) => Panels::dropped(tiles, input, (rows, sizes.input), dropout),
        None => Panels::new(tiles, input, rows, sizes.input),
    };
    let a_rows = RowsMut::new(borrows.values_mut(&mut a_gradient)?, sizes.input, sizes.input);
    input.multiply(borrows.rows(&low)?.transposed(0), a_rows, Onto::Itself);

    if let Some(input_gradient) = input_gradient {
        let borrows = Borrows::new();
        let a = Matrix { values: borrows.values(&lora.a.value)?, row: sizes.input, column: 1 };
        let onto = tape.dropout.map_or(Onto::Itself, Onto::Dropped);
        let down = Panels::new(tiles, a, sizes.rank, sizes.input);
        down.multiply(borrows.rows(&low)?.matrix(0), borrows.rows_mut(input_gradient)?, onto);
    }
    Ok(())
}

struct Sizes {
    input: usize,
    output: usize,
    rank: usize,
}

impl Sizes {
    fn new(lora: &Lora) -> Self {
        let (a, b) = (lora.a.value.size(), lora.b.value.size());
        Sizes { input: a[1] as usize, output: b[0] as usize, rank: a[0] as usize }
    }
}
