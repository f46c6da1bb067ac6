//! Why a configuration cannot be: what its model, its data set or its adapter do not allow.

use super::problem::Place;
use super::source_seed::Source;

/// Why a draft has no key.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Nothing is known of the model.
    Model(String),
    /// Nothing is known of the data set, or it contradicts itself.
    Dataset(String),
    /// Nothing is known of the adapter to begin with, or it contradicts another parameter.
    Adapter(String),
    /// The seed of a source that no run can have.
    SourceSeed(Source, String),
    /// Modules that the model does not have, each with its place in the file.
    Targets(Vec<(Place, String)>),
}
