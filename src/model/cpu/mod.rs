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
pub mod norm;
pub mod pairs;
pub mod panels;
mod rows;
mod strip;
pub mod tile;
mod turn;

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

/// The values of a contiguous float32 tensor on the CPU.
pub fn values(tensor: &Tensor) -> Result<&[f32], TchError> {
    check(tensor, Kind::Float)?;
    // SAFETY: `check` made sure that `numel` float32 values lie contiguously at `data_ptr` in host memory; the slice
    // borrows the tensor, which keeps the memory alive. Other handles to the same storage are not written to meanwhile:
    // callers pass tensors that they own or that are frozen.
    Ok(unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<f32>(), tensor.numel()) })
}

/// The values of a contiguous float32 tensor on the CPU, for writing.
pub fn values_mut(tensor: &mut Tensor) -> Result<&mut [f32], TchError> {
    check(tensor, Kind::Float)?;
    // SAFETY: as for `values`; callers own the only handle that is used while the slice lives.
    Ok(unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast::<f32>(), tensor.numel()) })
}

/// The values of a contiguous int64 tensor on the CPU.
pub fn integers(tensor: &Tensor) -> Result<&[i64], TchError> {
    check(tensor, Kind::Int64)?;
    // SAFETY: as for `values`.
    Ok(unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<i64>(), tensor.numel()) })
}

fn check(tensor: &Tensor, expected: Kind) -> Result<(), TchError> {
    if tensor.device() == Device::Cpu && tensor.kind() == expected && tensor.is_contiguous() {
        Ok(())
    } else {
        let (device, kind) = (tensor.device(), tensor.kind());
        Err(TchError::Torch(format!("expected contiguous {expected:?} values on the CPU, got {kind:?} on {device:?}")))
    }
}

/// Uninitialised memory, for a function that writes all of it.
pub fn empty(shape: &[i64]) -> Result<Tensor, TchError> {
    Tensor::f_empty(shape, (Kind::Float, Device::Cpu))
}
