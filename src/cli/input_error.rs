//! Why runs cannot be trained with what they read.

use crate::data::DataError;
use crate::hub::HubError;
use crate::model::ModelError;

/// What is wrong with a data set, a model or a tokenizer, or with both of them together.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("dataset {path} was not read")]
    NotRead { path: String },
    #[error("max_length is {given}; model {model} takes at most {longest} tokens")]
    TooLong { given: usize, model: String, longest: usize },
}
