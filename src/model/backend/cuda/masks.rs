//! Dropout masks of rows, for what libtorch computes.

use tch::Tensor;

use super::launch::{Runs, int};
use super::program::{Function, Program};
use super::rows::{ROWS_PER_BLOCK, THREADS};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::RowDropouts;

/// What rows of float32 numbers are multiplied by: `[rows, width]`.
pub fn of_rows(program: &Program, dropouts: &RowDropouts, width: usize) -> Result<Tensor, ComputeError> {
    let rows = dropouts.runs.last().map_or(0, |(span, _)| span.end);
    let mask = program.floats(&[rows as i64, width as i64])?;
    let to = program.memory().floats(&mask, &[rows, width])?;
    for (rows, runs) in Runs::of_rows(dropouts, rows)? {
        // SAFETY: the parameters of `mask_rows` in their order; the mask has the runs' rows, of that width.
        unsafe {
            program.launch(
                Function::MaskRows,
                [rows.len().div_ceil(ROWS_PER_BLOCK), 1, 1],
                THREADS,
                &[&to, &int(width)?, &int(rows.end)?, &runs, &int(rows.start)?],
            )?;
        }
    }
    Ok(mask)
}
