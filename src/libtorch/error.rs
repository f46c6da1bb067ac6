//! Why libtorch cannot be used.

use std::path::PathBuf;

use super::library::LibraryError;

/// The version that the C functions were compiled for, without its last number.
pub const VERSION: &str = env!("SWEEP_TORCH_VERSION");

/// libtorch is not there, or not the one that fits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibtorchError {
    #[error("libtorch cannot be used: {0}; this program needs torch {VERSION}: pip install 'torch=={VERSION}.*'")]
    Library(#[from] LibraryError),
    #[error("the libtorch in {folder} is version {found}; this program needs torch {VERSION}: pip install 'torch=={VERSION}.*'", folder = folder.display())]
    Version { folder: PathBuf, found: String },
    #[error("libtorch cannot use GPUs: {0}")]
    Cuda(LibraryError),
}
