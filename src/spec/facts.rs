//! What a sweep file does not say itself and resolving it must know.

use std::error::Error;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DatasetSpec, FamilyNames};

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    pub family: &'static FamilyNames,
    /// Encoder layers.
    pub layers: usize,
    /// A hash of the model's contents (configuration, weights, tokenizer), wherever they lie.
    pub digest: String,
}

/// What is known of a saved adapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterFacts {
    /// Of its configuration; single modules may have another.
    pub rank: usize,
    pub lora_alpha: f64,
    /// Full names, in model order.
    pub target_modules: Vec<String>,
    /// A hash of its contents, wherever they lie.
    pub digest: String,
}

/// What facts are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    Model(&'a str),
    Adapter(&'a str),
    Dataset(&'a DatasetSpec),
}

/// Why there are no facts: what whoever looks for them ran into, as a sentence for the user.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct FactsError(Arc<dyn Error + Send + Sync>);

impl FactsError {
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        FactsError(cause.into().into())
    }
}

/// Knows models and data sets by the names that sweep files give them. Each is asked for once while a file is resolved.
pub trait Facts {
    /// The families of models that are supported.
    fn families(&self) -> Vec<&'static FamilyNames>;

    /// The facts of a model (a folder or a hub name).
    ///
    /// # Errors
    /// There are none.
    fn model(&self, name: &str) -> Result<ModelFacts, FactsError>;

    /// The facts of an adapter (a folder or a hub name) of the model called `model`.
    ///
    /// # Errors
    /// There are none.
    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, FactsError>;

    /// A hash of the contents of every file that the specification reads (the sources of training, evaluation and
    /// test), wherever they lie. The other fields (columns, limit, what is held out) need not be in it: they are part of a
    /// run's identity themselves.
    ///
    /// # Errors
    /// There is none.
    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError>;

    /// The names of the methods of search that a sweep file may ask for.
    fn search_methods(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether the answer costs next to nothing: no download. Of a file that has problems anyway nothing else is asked.
    fn is_at_hand(&self, input: Input<'_>) -> bool {
        let _ = input;
        true
    }
}
