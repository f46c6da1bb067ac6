//! A run of a sweep with its name.

use serde::{Deserialize, Serialize};

use super::identity::{Digests, run_id};
use super::{ResidualDropout, RunId, RunSpec};

/// A run of a sweep: its parameters and how it is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRun {
    pub id: RunId,
    /// What distinguishes this run within its sweep, made of what varies (`epochs=8, seed=2`; `base, seed=2`).
    pub label: String,
    /// The label without the seed: runs that differ only in their seed share it.
    pub configuration: String,
    pub spec: RunSpec,
}

impl PlannedRun {
    /// Whether the run was planned with these contents of model, data set and the adapter it begins with, as
    /// [`super::Facts`] names them, and with this dropout of the model's family.
    pub fn has_contents(
        &self,
        (model, residual_dropout): (&str, ResidualDropout),
        dataset: &str,
        adapter: Option<&str>,
    ) -> bool {
        let digests = Digests { model, residual_dropout, dataset, adapter };
        let rehearsed = Some(self.configuration.as_str());
        [None, rehearsed].into_iter().any(|rehearsal_of| run_id(&self.spec, digests, rehearsal_of) == self.id)
    }
}
