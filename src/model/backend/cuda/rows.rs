//! The shape of kernels that take rows, a warp for each.

use super::constants::Constant;
use super::launch::LANES;

pub const ROWS_PER_BLOCK: usize = 8;
pub const THREADS: u32 = ROWS_PER_BLOCK as u32 * LANES;

/// For the kernels.
pub const CONSTANTS: [Constant; 1] = [("ROWS_PER_BLOCK", ROWS_PER_BLOCK)];
