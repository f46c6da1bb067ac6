//! The planned pack: which runs are trained together, and how far.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{PlannedRun, RunId};

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
    /// The runs that pause here before their last epoch, with the epoch (counted from 1) that they pause after. All others
    /// are trained to their end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub until: BTreeMap<RunId, usize>,
    /// Runs that had stopped and go on because somebody asked for it: their early stopping is off here.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub extended: BTreeSet<RunId>,
    /// Of runs that had stopped because somebody asked for it: how often that had happened when they were planned to go on
    /// here. A later request to stop holds here as well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resumed: BTreeMap<RunId, usize>,
}

impl PackPlan {
    /// A pack whose runs are trained to their end.
    pub fn whole(id: PackId, places: Vec<Vec<RunId>>) -> Self {
        Self { id, places, until: BTreeMap::new(), extended: BTreeSet::new(), resumed: BTreeMap::new() }
    }

    /// The runs of all places.
    pub fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.places.iter().flatten()
    }

    /// The epoch up to which a run that has so many `epochs` is trained here.
    pub fn last_epoch(&self, run: &RunId, epochs: usize) -> usize {
        self.until.get(run).map_or(epochs, |until| epochs.min(*until))
    }
}

/// What a pack trains of a run: all of it, or the epochs from one pause to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub run: PlannedRun,
    /// Epochs that were trained before.
    pub from: usize,
    /// The epoch that it pauses after; none: it is trained to its end.
    pub until: Option<usize>,
    /// See [`PackPlan::extended`].
    pub extended: bool,
    /// See [`PackPlan::resumed`].
    pub resumed: Option<usize>,
}

impl Segment {
    /// A run from its first epoch to its last one.
    pub fn whole(run: PlannedRun) -> Self {
        Self { run, from: 0, until: None, extended: false, resumed: None }
    }

    /// A run up to an epoch: to its end where that is none of those before its last one.
    pub fn up_to(run: PlannedRun, from: usize, epoch: Option<usize>) -> Self {
        let until = epoch.filter(|epoch| *epoch < run.spec.epochs);
        Self { run, from, until, extended: false, resumed: None }
    }

    /// Epochs that are trained.
    pub fn epochs(&self) -> usize {
        self.until.unwrap_or(self.run.spec.epochs).saturating_sub(self.from)
    }
}
