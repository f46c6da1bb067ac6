//! What a family of encoders says of itself.

use std::fmt;

use super::error::ConfigError;
use super::fields::Fields;
use crate::model::graph::Graph;
use crate::spec::FamilyNames;

/// A `model_type` of `config.json`, with what `transformers` has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelType {
    pub name: &'static str,
    /// The class of its classifier.
    pub classifier: &'static str,
    /// The class of its tokenizer where nothing else names one.
    pub tokenizer: &'static str,
}

/// A family of encoders: models with the same names of weights and the same network.
pub trait Family: Sync {
    fn names(&self) -> &'static FamilyNames;

    fn model_types(&self) -> &'static [ModelType];

    /// The network of a configuration.
    ///
    /// # Errors
    /// A field that is missing, wrong, or not supported.
    fn graph(&self, fields: &mut Fields) -> Result<Graph, ConfigError>;
}

impl fmt::Debug for dyn Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names().title)
    }
}

/// A family has one title.
impl PartialEq for dyn Family {
    fn eq(&self, other: &Self) -> bool {
        self.names().title == other.names().title
    }
}
