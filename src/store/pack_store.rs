//! What workers change in the results folder of a sweep, apart from the runs' own results.

use std::collections::BTreeSet;

use crate::event::Outcome;
use crate::spec::{PackId, PackPlan, RunId};
use crate::train::Checkpoint;

use super::anew::forget_faults;
use super::checkpoint::newest_sequence;
use super::claim::{Attempt, Claim};
use super::durable::{create_folder, remove_file};
use super::json::write_json;
use super::log::append_log;
use super::packs::{FaultRecord, ReplanReason, ReplanRecord};
use super::plan::RunEntry;
use super::progress::PackProgress;
use super::slots::CheckpointSlots;
use super::{Store, StoreError};

/// A part of a pack that is taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct SubPack {
    pub plan: PackPlan,
    /// What the part goes on from, where the whole had a checkpoint that can be divided.
    pub checkpoint: Option<Checkpoint>,
}

/// What became of runs that were to be tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// They have no outcome any more.
    pub runs: Vec<RunId>,
    /// Somebody works on their packs; they stay as they are.
    pub busy: Vec<RunId>,
}

impl Store {
    /// Claims a pack for the caller.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn claim_pack(&self, pack: &PackId) -> Result<Attempt, StoreError> {
        let files = self.layout().pack(pack);
        create_folder(files.folder())?;
        Claim::take(&files.claim(), self.claim_options())
    }

    /// Whether somebody who lives has a pack.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn pack_is_claimed(&self, pack: &PackId) -> Result<bool, StoreError> {
        let found = super::claim::inspect(&self.layout().pack(pack).claim(), self.claim_options().expiry)?;
        Ok(found.is_some_and(|found| found.live))
    }

    /// Takes a pack apart, durably. The whole is never executed again.
    ///
    /// # Errors
    /// `claim` was lost, or the folder cannot be written; the pack is whole then.
    pub fn replan(
        &self,
        claim: &Claim,
        whole: &PackPlan,
        reason: ReplanReason,
        parts: Vec<SubPack>,
    ) -> Result<(), StoreError> {
        claim.verify()?;
        for part in &parts {
            let files = self.layout().pack(&part.plan.id);
            create_folder(files.folder())?;
            if let Some(checkpoint) = &part.checkpoint {
                CheckpointSlots::load(&files)?.slots.save(checkpoint)?;
            }
        }
        let files = self.layout().pack(&whole.id);
        let plans = parts.into_iter().map(|part| part.plan).collect();
        write_json(&files.replan(), &ReplanRecord::new(reason, plans))?;
        // From here on the parts are what counts.
        CheckpointSlots::remove(&files)?;
        remove_file(&files.progress())
    }

    /// Number of a pack's newest checkpoint, sound or not; 0 where there is none.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn newest_checkpoint(&self, pack: &PackId) -> Result<u64, StoreError> {
        let files = self.layout().pack(pack);
        newest_sequence(&[files.checkpoint(0), files.checkpoint(1)])
    }

    /// Records a fault that ended an attempt at a pack, and tells it in the logs of the pack and of these runs. No claim
    /// is needed: who saw a worker die may call this.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn record_fault<'a>(
        &self,
        pack: &PackId,
        runs: impl IntoIterator<Item = &'a RunId>,
        cause: &str,
    ) -> Result<(), StoreError> {
        let files = self.layout().pack(pack);
        let checkpoint = self.newest_checkpoint(pack)?;
        FaultRecord::new(&self.claim_options().worker, cause, checkpoint).write(&files)?;
        for run in runs {
            self.append_run_log(run, &format!("its pack {pack} had a fault: {cause}"))?;
        }
        self.append_pack_log(pack, &format!("fault: {cause}"))
    }

    /// Tells those who watch how far a pack is.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_progress(&self, pack: &PackId, progress: &PackProgress) -> Result<(), StoreError> {
        write_json(&self.layout().pack(pack).progress(), progress)
    }

    /// Removes what only a pack in work needs: once it is over ([`Store::close_pack`]), or where it is to begin anew.
    ///
    /// # Errors
    /// `claim` was lost, or the folder cannot be written.
    pub fn clear_pack(&self, claim: &Claim, pack: &PackId) -> Result<(), StoreError> {
        claim.verify()?;
        let files = self.layout().pack(pack);
        CheckpointSlots::remove(&files)?;
        remove_file(&files.progress())
    }

    /// Removes what runs that have ended had gone on from: of those that a worker left who was killed just before he did.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn clear_states(&self) -> Result<(), StoreError> {
        let packs = self.record().packs.iter().filter(|pack| !(pack.until.is_empty() && pack.extended.is_empty()));
        let runs: BTreeSet<&RunId> = packs.flat_map(|pack| pack.until.keys().chain(&pack.extended)).collect();
        for run in runs {
            let state = self.layout().run(run).checkpoint();
            if state.exists() && matches!(self.result(run), Ok(Some(result)) if result.has_come_to_its_end()) {
                remove_file(&state)?;
            }
        }
        Ok(())
    }

    /// Appends to a run's log.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn append_run_log(&self, run: &RunId, message: &str) -> Result<(), StoreError> {
        let files = self.layout().run(run);
        create_folder(files.folder())?;
        append_log(&files.log(), message)
    }

    /// Appends to a pack's log.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn append_pack_log(&self, pack: &PackId, message: &str) -> Result<(), StoreError> {
        append_log(&self.layout().pack(pack).log(), message)
    }

    /// Makes failed runs unfinished again, with all their attempts, and completed or stopped ones whose files are damaged
    /// ([`Store::examine`]); `only` limits which. Runs of a pack that somebody works on stay as they are.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn retry_failed(&self, only: Option<&BTreeSet<RunId>>) -> Result<Retried, StoreError> {
        let packs = self.packs()?;
        let by_run = packs.by_run();
        let mut retried = Retried::default();
        for entry in self.record().runs.iter().filter(|entry| !entry.removed) {
            if only.is_some_and(|only| !only.contains(&entry.id)) {
                continue;
            }
            let packs = by_run.get(&entry.id).map_or(&[][..], Vec::as_slice);
            let Some(reason) = self.reason_to_retry(entry, packs)? else {
                continue;
            };
            let Some(claims) = self.claim_all(packs)? else {
                retried.busy.push(entry.id.clone());
                continue;
            };
            self.append_run_log(&entry.id, &format!("to be tried again; {reason}"))?;
            remove_file(&self.layout().run(&entry.id).result_json())?;
            claims.into_iter().try_for_each(Claim::release)?;
            retried.runs.push(entry.id.clone());
        }
        Ok(retried)
    }

    /// Claims packs and lets them begin anew; none where somebody works on one of them.
    fn claim_all(&self, packs: &[&PackPlan]) -> Result<Option<Vec<Claim>>, StoreError> {
        let Some(claims) = self.claim_packs(packs)? else {
            return Ok(None);
        };
        for (claim, pack) in claims.iter().zip(packs) {
            self.clear_pack(claim, &pack.id)?;
            forget_faults(&self.layout().pack(&pack.id))?;
        }
        Ok(Some(claims))
    }

    /// Why a run that has an outcome should be done again; none where it should not, has none, or is on its way to another one
    /// in one of its packs: then its files are newer than the outcome that it had.
    fn reason_to_retry(&self, entry: &RunEntry, packs: &[&PackPlan]) -> Result<Option<String>, StoreError> {
        let run = &entry.id;
        let Ok(Some(result)) = self.result(run) else {
            return Ok(None);
        };
        if packs.iter().any(|pack| !self.is_done_in(&result, pack, entry.spec.epochs)) {
            return Ok(None);
        }
        Ok(match result.outcome {
            Outcome::Failed { reason } => Some(format!("it had failed: {reason}")),
            Outcome::Completed { .. } | Outcome::Stopped { .. } => {
                let faults = self.examine(run)?;
                (!faults.is_empty()).then(|| format!("what it left is damaged: {}", faults.join("; ")))
            }
            Outcome::Diverged { .. } => None,
        })
    }
}
