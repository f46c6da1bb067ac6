//! Why training a pack cannot go on.

use super::RecordError;
use crate::model::{ComputeError, ModelError};
use crate::task::TaskError;

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// An operation that was refused, out of memory included.
    #[error(transparent)]
    Compute(#[from] ComputeError),
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
            TrainError::Compute(error) | TrainError::Model(ModelError::Compute(error)) => error.is_out_of_memory(),
            _ => false,
        }
    }
}

impl From<tch::TchError> for TrainError {
    fn from(error: tch::TchError) -> Self {
        Self::Compute(error.into())
    }
}
