//! What computes a model: one trait and its implementations, whose files have the same names.
//!
//! * [`plain`]: libtorch's operations, on any device. The reference that the tests compare the others with.
//! * [`cpu`]: our own passes over float32 on a processor.
//! * [`cuda`]: our own kernels on an NVIDIA GPU.
//!
//! A forward pass leaves a tape for the backward pass. Its type belongs to the backend, so that one backend's tape cannot
//! reach another one's backward pass. Everything outside this folder is generic over the backend or does not see it.

#[macro_use]
mod fused_passes;

mod choice;
mod cpu;
mod cuda;
mod expected_memory;
mod memory_formula;
mod open;
mod operations;
mod plain;

pub use choice::{BackendChoice, BackendRequest};
pub use cpu::{InstructionSetError, check_requested as check_instruction_set};
pub use cpu::{kernels as processor_kernels, multiplies_floats as processor_multiplies_floats};
pub use cuda::available as cuda_kernels;
pub use expected_memory::expected_memory;
pub use memory_formula::MemoryFormula;
pub use open::{WithBackend, open, works_in_own_threads};
pub use operations::{AdaptedRows, Attended, Backend, FrozenOf, HeadRows, LayerOf, ResidualGradients};
pub use plain::masks::of_run as dropout_mask;
