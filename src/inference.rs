//! Trained classifiers put to use: found by the name that a person gives them, merged, predicted with, exported.
//!
//! ```text
//! a run, `best` of a sweep, an adapter folder, a model folder  -> source (model, adapter, class names)
//! source -> model::MergedClassifier -> predictor: texts -> probabilities
//!                                   -> export: a plain Hugging Face folder
//! file of any size -> chunks -> predictor -> rows, in the file's order
//! ```

mod error;
mod export;
mod find;
mod output;
mod predictor;
mod source;
mod stream;
mod tokenizer_files;

pub use error::InferenceError;
pub use export::{RUN_EXPORTERS, RunExporter};
pub use find::{Lookup, find};
pub use output::{Columns, Format, Writer};
pub use predictor::{Limits, Predictor};
pub use source::{ClassifierSource, KnownData};
pub use stream::{Summary, predict_rows};
