//! A data set before it is checked with a model.

use std::sync::Arc;

use crate::cli::input_error::InputError;
use crate::cli::known::Sizes;
use crate::data::{Dataset, Examples};
use crate::task;

/// A data set as it was read; or only its sizes, where it was not; or why it cannot be read, which all say that read it.
pub(super) type Data = Result<Read, Arc<InputError>>;

#[derive(Clone, Debug)]
pub(super) enum Read {
    Whole(Box<Dataset>),
    Sizes(Sizes),
}

impl Read {
    pub fn sizes(&self) -> Sizes {
        match self {
            Read::Whole(dataset) => Sizes {
                classes: task::DEFAULT.outputs(&dataset.class_names),
                train: dataset.train.len(),
                evaluation: Some(dataset.evaluation.len()),
                tokens_per_text: None,
                test: dataset.test.as_ref().map(Examples::len),
            },
            Read::Sizes(sizes) => *sizes,
        }
    }
}
