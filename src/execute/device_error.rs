//! A device that cannot be used.

/// A device that cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error(transparent)]
    Libtorch(#[from] crate::libtorch::LibtorchError),
    #[error("device `{0}` is unknown; devices are cpu, cuda:0, cuda:1 ...")]
    Unknown(String),
    #[error("{given} threads: this machine has {processors}; give 1 to {most}, more only wait for one another")]
    Threads { given: usize, processors: String, most: usize },
    #[error("device `{name}` is not there: libtorch sees {visible} CUDA devices (`sweep doctor` says more)")]
    Absent { name: String, visible: usize },
}
