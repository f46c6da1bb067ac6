//! Why training a pack cannot go on.

use super::RecordError;
use crate::model::ModelError;
use crate::task::TaskError;

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// libtorch refused an operation, out of memory included.
    #[error(transparent)]
    Torch(#[from] tch::TchError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A parameter of a run that cannot be trained with.
    #[error("{0}")]
    Setting(String),
    /// A checkpoint that does not belong to this pack.
    #[error("the checkpoint does not fit this pack: {0}; delete the pack's folder to start it anew")]
    Checkpoint(String),
}

impl TrainError {
    /// The device's memory was exhausted.
    pub fn is_out_of_memory(&self) -> bool {
        match self {
            TrainError::Torch(error) | TrainError::Model(ModelError::Torch(error)) => {
                let message = error.to_string().to_lowercase();
                message.contains("out of memory") || message.contains("can't allocate memory")
            }
            _ => false,
        }
    }
}
