//! `sweep.json`: what is to be done, written before anything runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::spec::{
    ExtendedFile, Hypothesis, NamedChange, Observation, PackPlan, PlannedRun, ReferenceFigure, RunId, RunSpec,
    SearchRecord, Sweep,
};
use crate::words::counted;

use super::StoreError;
use super::executor_kind::ExecutorKind;
use super::generations::{GenerationRecord, check_generations};
use super::json::read_json;
use super::layout::is_plain_name;

/// The plan of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepRecord {
    pub format_version: u32,
    pub name: String,
    pub description: String,
    /// The design tried on a small model: figures say nothing about the real one.
    pub rehearsal: bool,
    /// What makes the results.
    #[serde(default, skip_serializing_if = "ExecutorKind::is_torch")]
    pub executor: ExecutorKind,
    /// When the sweep was first planned (RFC 3339, UTC).
    pub created: String,
    /// When the plan changed last (RFC 3339, UTC).
    pub changed: String,
    /// The command line that changed the plan last.
    pub command: Vec<String>,
    pub baseline: Option<String>,
    /// In the order of the sweep file, then those of later generations; removed runs after them.
    pub runs: Vec<RunEntry>,
    /// What chooses runs by results; none where the sweep file names all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchRecord>,
    /// Of a plan that grew all its generations; empty where all runs are the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generations: Vec<GenerationRecord>,
    /// Changes of several parameters that the sweep file gave a name; empty in plans of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<NamedChange>,
    /// What a rehearsal scaled and how, a sentence each; empty in plans of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scaled: Vec<String>,
    /// In the order in which they are taken. A pack stays as it was planned; see `packs/<id>/replan.json`.
    pub packs: Vec<PackPlan>,
    pub hypotheses: Vec<Hypothesis>,
    /// None in plans of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// Numbers of seeds at which verdicts may be given, beside the one at all seeds, as they were declared before results
    /// could be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<usize>,
    /// By configuration the seeds that decide, in their order, where they are not those planned now: the sweep file changed
    /// after results could be seen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deciding: BTreeMap<String, Vec<u64>>,
    /// Ids of hypotheses that were stated, or changed in more than their sentence, after results could be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<String>,
    /// Ids of hypotheses that were taken out after results could be seen. They count in the correction for the number of
    /// hypotheses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    pub reference: Vec<ReferenceFigure>,
    /// The files that the sweep file extends, as they were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extends: Vec<ExtendedFile>,
}

impl SweepRecord {
    /// The runs of each generation, the first one first. Runs that are no longer in the sweep are of none.
    pub fn runs_by_generation(&self) -> Vec<Vec<RunId>> {
        if self.generations.is_empty() {
            return vec![self.runs.iter().filter(|run| !run.removed).map(|run| run.id.clone()).collect()];
        }
        self.generations.iter().map(|generation| generation.runs.clone()).collect()
    }

    /// The runs that the search added after the first generation.
    pub(super) fn later_runs(&self) -> BTreeSet<&RunId> {
        let mut generations = self.generations.iter();
        let first: BTreeSet<&RunId> = generations.next().iter().flat_map(|first| &first.runs).collect();
        generations.flat_map(|generation| &generation.runs).filter(|run| !first.contains(run)).collect()
    }

    /// The epoch up to which every run is planned, of those that are in a pack.
    pub(super) fn planned_epochs(&self) -> BTreeMap<&RunId, usize> {
        let epochs: BTreeMap<&RunId, usize> = self.runs.iter().map(|run| (&run.id, run.spec.epochs)).collect();
        let mut planned = BTreeMap::new();
        for pack in &self.packs {
            for run in pack.runs() {
                let last = pack.last_epoch(run, epochs.get(run).copied().unwrap_or(usize::MAX));
                let known = planned.entry(run).or_insert(last);
                *known = last.max(*known);
            }
        }
        planned
    }
}

/// A run in the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    pub id: RunId,
    pub label: String,
    pub configuration: String,
    /// No longer in the sweep file; its results are kept.
    pub removed: bool,
    /// Parameters that differ from the baseline configuration's, with their values here; the seed is not counted. None
    /// where the sweep has no baseline.
    pub changes: Option<BTreeMap<String, Value>>,
    pub spec: RunSpec,
}

impl RunEntry {
    /// `base`: the parameters of the baseline configuration.
    fn new(run: &PlannedRun, base: Option<&[(String, Value)]>) -> Self {
        Self {
            id: run.id.clone(),
            label: run.label.clone(),
            configuration: run.configuration.clone(),
            removed: false,
            changes: base.map(|base| differences(base, &run.spec)),
            spec: run.spec.clone(),
        }
    }

    pub fn planned(&self) -> PlannedRun {
        PlannedRun {
            id: self.id.clone(),
            label: self.label.clone(),
            configuration: self.configuration.clone(),
            spec: self.spec.clone(),
        }
    }
}

/// The runs of a sweep as they stand in the plan.
pub(super) fn entries(sweep: &Sweep) -> Vec<RunEntry> {
    let baseline = sweep.baseline.as_ref();
    let base = sweep.runs.iter().find(|run| Some(&run.configuration) == baseline).map(|run| parameters(&run.spec));
    sweep.runs.iter().map(|run| RunEntry::new(run, base.as_deref())).collect()
}

/// The runs of a plan with those of a further generation, which may have been there as removed.
pub(super) fn grown_entries(record: &SweepRecord, runs: &[PlannedRun]) -> Vec<RunEntry> {
    let is_base = |entry: &&RunEntry| !entry.removed && Some(&entry.configuration) == record.baseline.as_ref();
    let base = record.runs.iter().find(is_base).map(|entry| parameters(&entry.spec));
    let added: BTreeSet<&RunId> = runs.iter().map(|run| &run.id).collect();
    let (removed, there): (Vec<&RunEntry>, Vec<&RunEntry>) = record.runs.iter().partition(|entry| entry.removed);
    let goes_on: BTreeSet<&RunId> = there.iter().map(|entry| &entry.id).collect();
    let new = runs.iter().filter(|run| !goes_on.contains(&run.id)).map(|run| RunEntry::new(run, base.as_deref()));
    let gone = removed.into_iter().filter(|entry| !added.contains(&entry.id)).cloned();
    there.into_iter().cloned().chain(new).chain(gone).collect()
}

/// A run's parameters by name, in the order of [`RunSpec`]; parts of the data set as `dataset.path` and so on.
pub fn parameters(spec: &RunSpec) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    // A resolved run has no maps with keys other than strings and no floats that JSON lacks but NaN, which becomes null.
    let Ok(Value::Object(fields)) = serde_json::to_value(spec) else {
        return flat;
    };
    for (name, value) in fields {
        match value {
            Value::Object(parts) => {
                flat.extend(parts.into_iter().map(|(part, value)| (format!("{name}.{part}"), value)))
            }
            value => flat.push((name, value)),
        }
    }
    flat
}

/// The parameters of `spec` that differ from `base`, the seed apart.
pub(super) fn differences(base: &[(String, Value)], spec: &RunSpec) -> BTreeMap<String, Value> {
    let base: BTreeMap<&String, &Value> = base.iter().map(|(name, value)| (name, value)).collect();
    let differs = |(name, value): &(String, Value)| name != "seed" && base.get(name) != Some(&value);
    let own = parameters(spec);
    let absent = |name: &str| !own.iter().any(|(other, _)| other == name);
    let lacking: Vec<(String, Value)> =
        base.keys().filter(|name| absent(name)).map(|name| ((*name).clone(), Value::Null)).collect();
    own.into_iter().filter(differs).chain(lacking).collect()
}

/// Reads and checks `sweep.json`.
pub(super) fn read_plan(path: &Path) -> Result<Option<SweepRecord>, StoreError> {
    let read = read_json::<SweepRecord>(path).and_then(|record| match record {
        Some(record) => check_plan(path, &record).map(|()| Some(record)),
        None => Ok(None),
    });
    read.map_err(|error| match error {
        StoreError::Damaged { path, reason } => {
            let way_out = "move it away and run the sweep again: it is made anew, and results are kept";
            StoreError::Damaged { path, reason: format!("{reason}; {way_out}") }
        }
        other => other,
    })
}

fn check_plan(path: &Path, record: &SweepRecord) -> Result<(), StoreError> {
    let mut known = BTreeMap::new();
    for run in &record.runs {
        if !is_plain_name(&run.id.0) {
            return Err(StoreError::damaged(path, format!("`{}` cannot be the id of a run", run.id)));
        }
        if known.insert(&run.id, run.spec.epochs).is_some() {
            return Err(StoreError::damaged(path, format!("run {} stands there twice", run.id)));
        }
    }
    check_packs(path, &record.packs, &known)?;
    let in_sweep = record.runs.iter().filter(|run| !run.removed).map(|run| &run.id);
    check_generations(path, &record.generations, in_sweep)
}

/// A run is in one pack, or in several of which each takes it further than those before; `known`: the epochs of the runs.
fn check_packs(path: &Path, packs: &[PackPlan], known: &BTreeMap<&RunId, usize>) -> Result<(), StoreError> {
    let mut reached = BTreeMap::new();
    for pack in packs {
        check_pack(path, pack)?;
        let mut here = BTreeSet::new();
        for run in pack.runs() {
            let Some(&epochs) = known.get(run) else {
                return Err(StoreError::damaged(path, format!("pack {} holds the unknown run {run}", pack.id)));
            };
            let last = pack.last_epoch(run, epochs);
            // Who extends a run that its early stopping ended may ask for an epoch that it was planned to before.
            let is_further = |before: &usize| last > *before || pack.extended.contains(run);
            if !here.insert(run) || !reached.get(run).is_none_or(is_further) {
                let again = format!("run {run} is planned into two packs that train the same of it");
                return Err(StoreError::damaged(path, again));
            }
            if let Some(until) = pack.until.get(run).filter(|until| !(1..epochs).contains(*until)) {
                let reason = format!("run {run} of {} cannot pause after epoch {until}", counted(epochs, "epoch"));
                return Err(StoreError::damaged(path, reason));
            }
            reached.insert(run, last);
        }
    }
    Ok(())
}

/// Checks a pack that was read back.
pub(super) fn check_pack(path: &Path, pack: &PackPlan) -> Result<(), StoreError> {
    if !is_plain_name(&pack.id.0) {
        return Err(StoreError::damaged(path, format!("`{}` cannot be the id of a pack", pack.id)));
    }
    if pack.places.is_empty() || pack.places.iter().any(Vec::is_empty) {
        return Err(StoreError::damaged(path, format!("pack {} has a place without runs", pack.id)));
    }
    if let Some(run) = pack.runs().find(|run| !is_plain_name(&run.0)) {
        return Err(StoreError::damaged(path, format!("`{run}` cannot be the id of a run")));
    }
    let runs: BTreeSet<&RunId> = pack.runs().collect();
    if let Some(run) =
        pack.until.keys().chain(&pack.extended).chain(pack.resumed.keys()).find(|run| !runs.contains(run))
    {
        return Err(StoreError::damaged(path, format!("pack {} says how far run {run} goes, and has it not", pack.id)));
    }
    Ok(())
}
