//! Fused element-wise passes and attention for float32 on a processor.
//!
//! libtorch makes one pass over memory for each operation; here a bias, a dropout, a residual and a LayerNorm are one
//! pass, dropout masks are made where they are used and made again in the backward pass, and attention works on the
//! sequences where they lie, without padding. What lies behind attention in a layer is done a block of rows at a time.
//! Each file has its plain counterpart in [`super::plain`], which the tests compare it with.

mod activation;
mod after_attention;
mod attention;
mod embeddings;
mod first_tokens;
pub mod isa;
mod linear;
mod lora;
mod math;
mod matrix;
mod memory;
mod norm;
mod panels;
mod pieces;
mod processor;
mod rows;
mod sequence;
mod small_product;
mod transpose;

use memory::Borrows;
use pieces::{ROWS_PER_PIECE, empty};
use rows::{Rows, RowsMut};

pub use isa::{InstructionSetError, check_requested};
pub use processor::{Cpu, available, expected_memory, kernels, multiplies_floats};
