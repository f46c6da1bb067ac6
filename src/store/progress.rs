//! `progress.json` of a pack: how far its runs are, for people who watch. Nothing is resumed from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::spec::RunId;

use super::json::FORMAT_VERSION;

/// How far a pack is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackProgress {
    pub format_version: u32,
    /// The runs that have a place now.
    pub runs: BTreeMap<RunId, RunProgress>,
}

impl Default for PackProgress {
    fn default() -> Self {
        Self { format_version: FORMAT_VERSION, runs: BTreeMap::new() }
    }
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunProgress {
    /// Counted from 1.
    pub epoch: usize,
    pub epochs: usize,
    /// Optimizer steps done.
    pub step: usize,
    pub steps: usize,
    /// Mean over the epoch so far; none where that is no number.
    pub train_loss: Option<f64>,
    pub examples_per_second: Option<f64>,
    /// To its end, or to where it pauses, at the pace since the worker took the pack; none before there is one.
    pub seconds_left: Option<f64>,
}
