//! Fused element-wise passes and attention for float32 on the CPU.
//!
//! libtorch makes one pass over memory for each operation; here a bias, a dropout, a residual and a LayerNorm are one
//! pass, dropout masks are made where they are used and made again in the backward pass, and attention works on the
//! sequences where they lie, without padding. What lies behind attention in a layer is done a block of rows at a time.
//! Each function has its plain counterpart in `elementwise` and `attention`, which other devices use and the tests compare
//! with.

pub mod activation;
pub mod after_attention;
pub mod attention;
mod gemm;
pub mod lora;
mod math;
mod memory;
pub mod norm;
pub mod pairs;
pub mod panels;
mod rows;
mod strip;
pub mod tile;
mod turn;

pub use memory::Borrows;
pub use rows::{Rows, RowsMut};
use tch::{Device, Kind, TchError, Tensor};

/// Rows handled by one parallel piece.
const ROWS_PER_PIECE: usize = 16;

/// Whether these passes may be used: the processor multiplies and adds in one instruction.
pub fn available(device: Device) -> bool {
    #[cfg(target_arch = "x86_64")]
    let fused = std::is_x86_feature_detected!("fma") && std::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    let fused = cfg!(target_arch = "aarch64");
    device == Device::Cpu && fused
}

/// Uninitialised memory, for a function that writes all of it.
pub fn empty(shape: &[i64]) -> Result<Tensor, TchError> {
    Tensor::f_empty(shape, (Kind::Float, Device::Cpu))
}
