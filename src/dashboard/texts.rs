//! The texts of examples, which are not in a results folder.

use std::collections::HashMap;
use std::sync::Arc;

use crate::spec::RunSpec;

/// Gives the texts of the examples that a run was judged on.
pub trait Texts: Send + Sync {
    /// By the row of the example in its source, as predictions have it. `digest`: of the data that the run was trained on; other data
    /// are not taken for it. `test`: of the test examples in place of the evaluation.
    ///
    /// # Errors
    /// A sentence that says why the texts cannot be had.
    fn texts(&self, spec: &RunSpec, digest: &str, test: bool) -> Result<Arc<HashMap<usize, String>>, NoTexts>;
}

/// Why texts cannot be had, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTexts(pub String);
