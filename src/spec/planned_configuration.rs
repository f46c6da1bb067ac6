//! A configuration of a sweep with the runs that it makes.

use super::draft::Draft;
use super::expand::Origin;
use super::intern::{DraftKey, Seeded};

/// A configuration with its runs.
#[derive(Clone, Debug)]
pub(super) struct PlannedConfiguration {
    pub label: String,
    pub draft: Draft,
    pub key: DraftKey,
    pub runs: Vec<Seeded>,
    pub origin: Origin,
}
