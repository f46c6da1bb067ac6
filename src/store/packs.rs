//! What happened to packs: how they were taken apart, and the faults that ended attempts at them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::replace_file::unique_token;
use crate::spec::{PackPlan, RunId};

use super::StoreError;
use super::durable::create_folder;
use super::json::{FORMAT_VERSION, read_json, write_json};
use super::layout::{Layout, PackFolder};
use super::plan::check_pack;
use super::records::now;

/// Why a pack was taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplanReason {
    /// It did not fit the device's memory. Later packs of the same model, precision and length get no wider than its
    /// parts.
    OutOfMemory,
    /// It is wider than what turned out to fit.
    Width,
    /// It used up its attempts; taken apart, the run at fault fails alone.
    Faults,
    /// Some of its runs are not wanted now; or some are done, and there is no checkpoint to go on from.
    Pruned,
}

/// `replan.json`: into which packs a pack was taken apart. Runs of the pack that are in none of them are done; by now
/// those have a part, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplanRecord {
    pub format_version: u32,
    pub reason: ReplanReason,
    pub parts: Vec<PackPlan>,
    /// RFC 3339, UTC.
    pub when: String,
}

impl ReplanRecord {
    pub(super) fn new(reason: ReplanReason, parts: Vec<PackPlan>) -> Self {
        Self { format_version: FORMAT_VERSION, reason, parts, when: now() }
    }
}

/// A pack as it is to be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentPack {
    pub plan: PackPlan,
    /// Why it came into being, where it is part of another.
    pub part_because: Option<ReplanReason>,
}

/// All packs as they are to be executed, in planned order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrentPacks {
    pub packs: Vec<CurrentPack>,
    /// Packs that did not fit the memory, with the number of places of their widest part.
    pub too_wide: Vec<(PackPlan, usize)>,
    /// Packs whose records cannot be read; their runs wait until somebody mends that.
    pub notices: Vec<String>,
}

impl CurrentPacks {
    /// The packs that hold each run, in planned order: several where it stops before its end.
    pub fn by_run(&self) -> BTreeMap<&RunId, Vec<&PackPlan>> {
        let mut packs: BTreeMap<&RunId, Vec<&PackPlan>> = BTreeMap::new();
        for CurrentPack { plan, .. } in &self.packs {
            for run in plan.runs() {
                packs.entry(run).or_default().push(plan);
            }
        }
        packs
    }
}

/// Follows the planned packs to the parts into which they were taken apart.
pub(super) fn current_packs(layout: &Layout, planned: &[PackPlan]) -> Result<CurrentPacks, StoreError> {
    let mut current = CurrentPacks::default();
    // The next one to look at is last.
    let mut open: Vec<CurrentPack> =
        planned.iter().rev().map(|plan| CurrentPack { plan: plan.clone(), part_because: None }).collect();
    while let Some(pack) = open.pop() {
        let path = layout.pack(&pack.plan.id).replan();
        match read_replan(&path, &pack.plan) {
            Ok(None) => current.packs.push(pack),
            Ok(Some(replan)) => {
                if replan.reason == ReplanReason::OutOfMemory {
                    let width = replan.parts.iter().map(|part| part.places.len()).max().unwrap_or(1);
                    current.too_wide.push((pack.plan, width));
                }
                let part = |plan| CurrentPack { plan, part_because: Some(replan.reason) };
                open.extend(replan.parts.into_iter().rev().map(part));
            }
            Err(error @ (StoreError::Damaged { .. } | StoreError::Version { .. })) => {
                current.notices.push(format!("pack {} is left alone: {error}", pack.plan.id));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(current)
}

/// Reads `replan.json` and checks that it takes apart this pack: parts with fewer runs, none of them another's.
fn read_replan(path: &Path, whole: &PackPlan) -> Result<Option<ReplanRecord>, StoreError> {
    let Some(replan) = read_json::<ReplanRecord>(path)? else {
        return Ok(None);
    };
    let mut left: Vec<&RunId> = whole.runs().collect();
    for part in &replan.parts {
        check_pack(path, part)?;
        for run in part.runs() {
            if part.until.get(run) != whole.until.get(run)
                || part.extended.contains(run) != whole.extended.contains(run)
                || part.resumed.get(run) != whole.resumed.get(run)
            {
                return Err(StoreError::damaged(path, format!("run {run} goes to another epoch than in the whole")));
            }
            let Some(position) = left.iter().position(|candidate| *candidate == run) else {
                return Err(StoreError::damaged(path, format!("run {run} is not the pack's, or in two parts")));
            };
            left.swap_remove(position);
        }
        if part.runs().count() >= whole.runs().count() {
            return Err(StoreError::damaged(path, "a part is no smaller than the whole"));
        }
    }
    Ok(Some(replan))
}

/// One fault that ended an attempt at a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRecord {
    pub format_version: u32,
    /// RFC 3339, UTC.
    pub when: String,
    pub worker: String,
    /// What happened, with a traceback where there is one.
    pub cause: String,
    /// Number of the pack's newest checkpoint then; 0 where there was none.
    pub checkpoint: u64,
    /// The fault is that no checkpoint was left, after others which it stands for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub began_anew: bool,
}

impl FaultRecord {
    pub(super) fn new(worker: &str, cause: &str, checkpoint: u64) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            when: now(),
            worker: worker.to_owned(),
            cause: cause.to_owned(),
            checkpoint,
            began_anew: false,
        }
    }

    /// Writes the fault. Every fault has its own file, so this needs no claim: the one who saw a worker die may do it.
    pub(super) fn write(&self, pack: &PackFolder) -> Result<(), StoreError> {
        create_folder(pack.folder())?;
        create_folder(&pack.faults())?;
        write_json(&pack.faults().join(format!("{}.json", unique_token())), self)
    }
}

/// The faults of a pack, oldest first. One that cannot be read counts as a fault of unknown cause.
pub(super) fn read_faults(pack: &PackFolder) -> Result<Vec<FaultRecord>, StoreError> {
    Ok(read_fault_files(pack)?.into_iter().map(|(_, fault)| fault).collect())
}

/// As [`read_faults`], with the file of each.
pub(super) fn read_fault_files(pack: &PackFolder) -> Result<Vec<(PathBuf, FaultRecord)>, StoreError> {
    let folder = pack.faults();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(&folder, "read", error)),
    };
    let mut faults = Vec::new();
    for path in
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json"))
    {
        match read_json::<FaultRecord>(&path) {
            Ok(fault) => faults.extend(fault.map(|fault| (path, fault))),
            Err(error @ StoreError::Io { .. }) => return Err(error),
            Err(error) => {
                let unreadable = FaultRecord::new("unknown", &error.to_string(), 0);
                faults.push((path, FaultRecord { when: String::new(), ..unreadable }));
            }
        }
    }
    // Times are whole seconds.
    faults.sort_by(|(_, a), (_, b)| (&a.when, a.checkpoint, &a.cause).cmp(&(&b.when, b.checkpoint, &b.cause)));
    Ok(faults)
}
