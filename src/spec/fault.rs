//! Why a configuration cannot be: what its model, its data set or its adapter do not allow.

use super::facts::FactsError;
use super::problem::Place;
use super::source_seed::{SourceSeedError, VariationSource};
use super::targets::TargetError;

/// Why a draft has no key.
#[derive(Clone, Debug)]
pub(super) enum DraftFault {
    /// Nothing is known of the model.
    Model(FactsError),
    Dataset(DatasetFault),
    Adapter(AdapterFault),
    /// The seed of a source that no run can have.
    SourceSeed(VariationSource, SourceSeedError),
    /// Modules that the model does not have, each with its place in the file.
    Targets(Vec<(Place, TargetError)>),
}

/// Why there is no data set.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum DatasetFault {
    /// Nothing is known of it.
    #[error(transparent)]
    Unknown(#[from] FactsError),
    /// What it says of itself cannot be; the sentence says what to do.
    #[error("{0}")]
    Contradiction(String),
}

/// Why training cannot begin with an adapter.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum AdapterFault {
    /// Nothing is known of it.
    #[error(transparent)]
    Unknown(#[from] FactsError),
    #[error("{name} is {given}, but that of the adapter to begin with is {adapted}; leave it out")]
    Differs { name: &'static str, given: f64, adapted: f64 },
    #[error("target_modules are not those of the adapter to begin with; leave them out")]
    Targets,
}
