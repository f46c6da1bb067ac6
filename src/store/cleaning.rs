//! What nothing needs any more in a results folder: what killed workers left, and runs that are no longer in the sweep file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::spec::{PackId, PackPlan, RunId};

use super::claim::{Attempt, Claim};
use super::durable::{leftovers, remove_file};
use super::open::{LEFTOVER_AGE, claim_plan};
use super::packs::CurrentPacks;
use super::records::RunRecord;
use super::slots::CheckpointSlots;
use super::view::{RunState, RunView};
use super::{Store, StoreError};

/// Something that nothing needs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clearable {
    /// The checkpoints of a pack whose runs have all ended.
    PackCheckpoints(PackId),
    /// What a run that has come to its end had gone on from.
    EndedState(RunId),
    /// What a stopped run would go on from: without it, it begins anew and comes to the same.
    StoppedState(RunId),
    /// A run that is no longer in the plan, with all that it left.
    RemovedRun(RunId),
    /// A file whose writer died.
    Temporary(PathBuf),
}

/// The same with what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clear {
    pub what: Clearable,
    pub bytes: u64,
}

/// What became of things that were to be cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    pub things: usize,
    pub bytes: u64,
    /// What somebody needs after all; it is kept.
    pub kept: Vec<Clearable>,
}

/// Runs and packs as they stand.
struct Standing {
    packs: CurrentPacks,
    views: Vec<RunView>,
    /// In the plan, and without an outcome.
    open: BTreeSet<RunId>,
}

impl Standing {
    fn read(store: &Store) -> Result<Self, StoreError> {
        let views = store.runs()?;
        let open = views.iter().filter(|view| !view.removed && !view.state.is_final());
        let open = open.map(|view| view.run.id.clone()).collect();
        Ok(Self { packs: store.packs()?, views, open })
    }

    fn packs_of(&self, run: &RunId) -> Vec<PackPlan> {
        self.packs.by_run().get(run).into_iter().flatten().map(|pack| (*pack).clone()).collect()
    }

    fn is_over(&self, pack: &PackPlan) -> bool {
        !pack.runs().any(|run| self.open.contains(run))
    }

    /// The packs of all runs of which nobody waits for one.
    fn over(&self) -> Vec<PackPlan> {
        let mut seen = BTreeSet::new();
        let by_run = self.packs.by_run();
        let all = by_run.values().flatten().filter(|pack| seen.insert(&pack.id));
        all.filter(|pack| self.is_over(pack)).map(|pack| (*pack).clone()).collect()
    }

    fn is_clear_of_open_runs(&self, run: &RunId) -> bool {
        self.packs_of(run).iter().all(|pack| self.is_over(pack))
    }
}

impl Store {
    /// What could be cleared; with `stopped` also what stopped runs would go on from, where nothing is left to do in the sweep.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn clearable(&self, stopped: bool) -> Result<Vec<Clear>, StoreError> {
        let standing = Standing::read(self)?;
        let mut found = Vec::new();
        for pack in standing.over() {
            let files = self.layout().pack(&pack.id);
            if CheckpointSlots::any(&files) && !self.pack_is_claimed(&pack.id)? {
                found.push(Clearable::PackCheckpoints(pack.id));
            }
        }
        for view in standing.views.iter().filter(|view| !view.removed) {
            let run = view.run.id.clone();
            if !self.layout().run(&run).checkpoint().exists() {
                continue;
            }
            match view.state {
                RunState::Completed | RunState::Diverged => found.push(Clearable::EndedState(run)),
                RunState::Stopped if stopped && standing.open.is_empty() => found.push(Clearable::StoppedState(run)),
                _ => {}
            }
        }
        found.extend(self.removed_runs(&standing)?.into_iter().map(Clearable::RemovedRun));
        found.extend(self.temporary_files()?.into_iter().map(Clearable::Temporary));
        Ok(found.into_iter().map(|what| Clear { bytes: self.bytes_of(&what), what }).collect())
    }

    /// Clears these things. Each is looked at once more, with its packs claimed: what somebody needs by now is kept.
    ///
    /// # Errors
    /// The folder cannot be read or written; what was cleared before stays so.
    pub fn clear(&mut self, things: &[Clear]) -> Result<Cleared, StoreError> {
        let plan = claim_plan(self.layout(), self.claim_options())?;
        self.reload()?;
        let mut cleared = Cleared::default();
        for thing in things {
            let bytes = self.bytes_of(&thing.what);
            if self.clear_one(&thing.what)? {
                cleared.things += 1;
                cleared.bytes += bytes;
            } else {
                cleared.kept.push(thing.what.clone());
            }
        }
        plan.release()?;
        // Both tables tell of removed runs as well.
        self.refresh_index()?;
        Ok(cleared)
    }

    /// Whether it was cleared.
    fn clear_one(&self, what: &Clearable) -> Result<bool, StoreError> {
        let run = match what {
            // It is too old to have a writer.
            Clearable::Temporary(path) => return remove_file(path).map(|()| true),
            Clearable::PackCheckpoints(pack) => return self.clear_checkpoints(pack),
            Clearable::EndedState(run) | Clearable::StoppedState(run) | Clearable::RemovedRun(run) => run,
        };
        let standing = Standing::read(self)?;
        let Some(claims) = self.claim_every(&standing.packs_of(run))? else {
            return Ok(false);
        };
        // Before the claims somebody may have worked on them.
        let standing = Standing::read(self)?;
        let state = standing.views.iter().find(|view| &view.run.id == run).map(|view| (view.state, view.removed));
        let files = self.layout().run(run);
        let is_needed = match (what, state) {
            (Clearable::EndedState(_), Some((RunState::Completed | RunState::Diverged, false))) => false,
            (Clearable::StoppedState(_), Some((RunState::Stopped, false))) => !standing.open.is_empty(),
            (Clearable::RemovedRun(_), None | Some((_, true))) => !standing.is_clear_of_open_runs(run),
            _ => true,
        };
        if !is_needed {
            match what {
                Clearable::RemovedRun(_) => {
                    // What is half removed must not look like a run that has ended.
                    remove_file(&files.result_json())?;
                    let folder = files.folder();
                    fs::remove_dir_all(folder).map_err(|error| StoreError::io(folder, "remove", error))?;
                }
                _ => remove_file(&files.checkpoint())?,
            }
        }
        claims.into_iter().try_for_each(Claim::release)?;
        Ok(!is_needed)
    }

    fn clear_checkpoints(&self, pack: &PackId) -> Result<bool, StoreError> {
        let Attempt::Claimed(claim) = self.claim_pack(pack)? else {
            return Ok(false);
        };
        let is_over = Standing::read(self)?.over().iter().any(|over| &over.id == pack);
        if is_over {
            self.close_pack(&claim, pack)?;
        }
        claim.release()?;
        Ok(is_over)
    }

    /// None where somebody works on one of them.
    fn claim_every(&self, packs: &[PackPlan]) -> Result<Option<Vec<Claim>>, StoreError> {
        let mut claims = Vec::with_capacity(packs.len());
        for pack in packs {
            match self.claim_pack(&pack.id)? {
                Attempt::Claimed(claim) => claims.push(claim),
                Attempt::Busy(_) => {
                    claims.into_iter().try_for_each(Claim::release)?;
                    return Ok(None);
                }
            }
        }
        Ok(Some(claims))
    }

    /// Runs that left something and are no longer in the sweep file, or in no plan at all (it was moved away and made anew).
    fn removed_runs(&self, standing: &Standing) -> Result<Vec<RunId>, StoreError> {
        let known: BTreeSet<&RunId> = standing.views.iter().map(|view| &view.run.id).collect();
        let removed: BTreeSet<&RunId> =
            standing.views.iter().filter(|view| view.removed).map(|view| &view.run.id).collect();
        let mut found = Vec::new();
        for name in self.folders_of_runs()? {
            let run = RunId(name);
            let is_gone = if known.contains(&run) { removed.contains(&run) } else { self.is_of_a_run(&run) };
            if !is_gone || !standing.is_clear_of_open_runs(&run) {
                continue;
            }
            let mut claimed = false;
            for pack in standing.packs_of(&run) {
                claimed |= self.pack_is_claimed(&pack.id)?;
            }
            if !claimed {
                found.push(run);
            }
        }
        Ok(found)
    }

    /// Whether a folder is that of a run and nothing that somebody put there.
    fn is_of_a_run(&self, run: &RunId) -> bool {
        RunRecord::read(self.layout().run(run).folder()).ok().flatten().is_some_and(|record| &record.run.id == run)
    }

    fn temporary_files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut folders = vec![self.layout().folder().to_owned()];
        for above in [self.layout().runs(), self.layout().packs()] {
            let below: Vec<PathBuf> = subfolders(&above);
            folders.extend(below.iter().flat_map(|folder| subfolders(folder)));
            folders.extend(below);
        }
        let mut found = Vec::new();
        for folder in folders {
            found.extend(leftovers(&folder, LEFTOVER_AGE)?);
        }
        Ok(found)
    }

    fn bytes_of(&self, what: &Clearable) -> u64 {
        match what {
            Clearable::PackCheckpoints(pack) => {
                let files = self.layout().pack(pack);
                [files.checkpoint(0), files.checkpoint(1)].iter().map(|path| bytes_below(path)).sum()
            }
            Clearable::EndedState(run) | Clearable::StoppedState(run) => {
                bytes_below(&self.layout().run(run).checkpoint())
            }
            Clearable::RemovedRun(run) => bytes_below(self.layout().run(run).folder()),
            Clearable::Temporary(path) => bytes_below(path),
        }
    }
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

/// Of a file, or of all files in a folder; links count as nothing.
fn bytes_below(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !metadata.is_dir() {
        return if metadata.is_file() { metadata.len() } else { 0 };
    }
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| bytes_below(&entry.path())).sum()
}
