//! In what pieces tensors are worked on, and memory for results.

use tch::{Device, Kind, Tensor};

use crate::model::compute_error::ComputeError;

/// Rows handled by one parallel piece.
pub const ROWS_PER_PIECE: usize = 16;

/// Uninitialised memory, for a function that writes all of it.
pub fn empty(shape: &[i64]) -> Result<Tensor, ComputeError> {
    Ok(Tensor::f_empty(shape, (Kind::Float, Device::Cpu))?)
}
