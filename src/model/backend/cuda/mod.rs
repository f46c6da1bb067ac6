//! Our own kernels for NVIDIA GPUs: what lies between the products, fused, with dropout masks made where they are applied.
//!
//! The sources in `kernels/` are compiled when a model is first loaded, for that model's sizes and that GPU, by the compiler
//! that comes with libtorch (NVRTC), and kept on disk; nothing is needed to build `sweep`. Every launch goes to the stream
//! that libtorch uses, and none waits for the GPU. Where a kernel needs a table with an entry for each run, the table is a
//! part of the launch, so nothing is sent beforehand.

mod activation;
mod attention;
mod code_cache;
mod constants;
mod driver;
mod embeddings;
mod error;
mod gpu;
mod head;
mod launch;
mod linear;
mod lora;
mod masks;
mod norm;
mod optimizer;
mod program;
mod rows;
mod shared_constants;

pub use driver::available;
pub use gpu::{Cuda, MEMORY};
pub use program::fits;
