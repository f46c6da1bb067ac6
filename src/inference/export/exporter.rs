//! What an exporter of runs is.

use std::path::Path;

use crate::inference::{ClassifierSource, InferenceError};

/// Writes a trained classifier as a folder for other tools. The folder appears when it is complete.
pub trait RunExporter: Sync {
    /// The option of `sweep export` that asks for it.
    fn name(&self) -> &'static str;

    /// What is written, for the help of the verb.
    fn about(&self) -> &'static str;

    /// What it is: `a merged model`.
    fn noun(&self) -> &'static str;

    /// Whether the folder holds a whole model.
    fn is_whole(&self) -> bool;

    /// `card`: what stands in its `README.md`; none where nothing is known of the run.
    ///
    /// # Errors
    /// A folder that exists and is not empty, files that cannot be used, or a folder that cannot be written.
    fn export(&self, source: &ClassifierSource, card: Option<&str>, folder: &Path) -> Result<(), InferenceError>;
}
