//! A sweep whose runs are resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    ExtendedFile, Hypothesis, NamedChange, Observation, PlannedRun, ReferenceFigure, RunId, RunSpec, SearchDesign,
};

/// A validated sweep with all its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    pub name: String,
    pub description: String,
    /// The configuration that `base` describes, where the expansion contains it.
    pub baseline: Option<String>,
    pub runs: Vec<PlannedRun>,
    /// What chooses further runs, where the sweep file has a search.
    #[serde(skip)]
    pub search: Option<Arc<SearchDesign>>,
    /// Changes of several parameters that the sweep file gave a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<NamedChange>,
    /// What a rehearsal scaled and how, a sentence each; empty for a sweep itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scaled: Vec<String>,
    /// Of a rehearsal: what its runs are in the sweep itself, which is what conditions on them mean; empty for a sweep itself.
    #[serde(skip)]
    pub originals: BTreeMap<RunId, RunSpec>,
    pub hypotheses: Vec<Hypothesis>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// Numbers of seeds at which verdicts may be given, beside the one at all seeds; ascending, each at least 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<usize>,
    pub reference: Vec<ReferenceFigure>,
    /// The files that the sweep file extends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extends: Vec<ExtendedFile>,
}
