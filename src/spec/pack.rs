//! The planned pack: which runs are trained together.

use serde::{Deserialize, Serialize};

use super::RunId;

/// The stable name of a pack: a hash over the ids of its runs and their places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackId(pub String);

impl std::fmt::Display for PackId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs that share every forward and backward pass. All of them have the same model, precision and `max_length`.
///
/// A pack is what a worker claims, checkpoints and resumes. It is planned from the sweep file and the kind of device,
/// never from the clock, so the same bytes result whoever executes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackPlan {
    pub id: PackId,
    /// Places of the pack. Each place trains its runs one after the other; the places advance together, one
    /// micro-batch of each per step.
    pub places: Vec<Vec<RunId>>,
}
