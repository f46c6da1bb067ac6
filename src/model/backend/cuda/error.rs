//! Why there are no kernels, or why one was not launched.

use std::ffi::NulError;

use crate::libtorch::{LibraryError, LibtorchError};

/// Compiling, loading or launching kernels failed.
#[derive(Debug, thiserror::Error)]
pub enum CudaError {
    #[error("kernels for NVIDIA GPUs")]
    NoGpu,
    /// Sizes that the kernels are not made for.
    #[error("no kernels for {inner} wide layers and {head} wide heads")]
    Sizes { inner: i64, head: i64 },
    #[error(transparent)]
    Libtorch(#[from] LibtorchError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The name of an error of the driver, or its number where it has no name.
    #[error("CUDA error: {0}")]
    Driver(String),
    #[error("NVRTC does not start")]
    NoCompiler,
    #[error("NVRTC gives no code")]
    NoCode,
    /// What the compiler has to say of the source.
    #[error("{0}")]
    Source(String),
    #[error(transparent)]
    Text(#[from] NulError),
    /// A kernel that was compiled for other models only.
    #[error("no kernel for this model")]
    NoKernel,
    /// More blocks than a launch can have.
    #[error("{0:?} blocks")]
    Grid([usize; 3]),
}
