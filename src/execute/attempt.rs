//! One pack in a worker's hands: taken apart where it must be, trained otherwise.

use std::collections::BTreeMap;

use crate::event::{Event, Outcome, Sink};
use crate::spec::{PackPlan, RunId};
use crate::store::{
    CurrentPack, CurrentPacks, FaultRecord, MemoryRecord, PackRecorder, ReplanReason, StoreError, SubPack,
};
use crate::train::{Checkpoint, Recorder};

use super::catch::catch;
use super::memory::MemoryUse;
use super::worker::{Claimed, Worker, WorkerError};
use super::{ExecuteError, ModelKey, PackEnd, PackJob, part_of};

/// The places of a pack, or some of them.
type Places = Vec<Vec<RunId>>;

impl Worker<'_> {
    /// Does with a claimed pack what is to be done, and releases it.
    pub(super) fn work_on(&mut self, claimed: Claimed) -> Result<(), WorkerError> {
        let Claimed { pack, packs, claim } = claimed;
        let plan = &pack.plan;
        if self.store.layout().pack(&plan.id).replan().exists() {
            // Taken apart by somebody else before we claimed it.
            return Ok(claim.release()?);
        }
        let inherited = claim.inherited_from().map(|owner| format!("taken over from {owner}, who left without a word"));
        let (mut recorder, notices) = PackRecorder::open(&self.store, plan, claim, &self.options.versions)?;
        for message in inherited.into_iter().chain(notices) {
            self.sink.notice(None, format!("pack {}: {message}", plan.id));
            self.store.append_pack_log(&plan.id, &message)?;
        }
        for (run, outcome) in recorder.withdraw_before_start()? {
            self.sink.emit(&Event::RunFinished { run, outcome });
        }
        let unfinished = self.places(plan, |worker, run| worker.is_unfinished(plan, run))?;
        if unfinished.is_empty() {
            self.store.close_pack(recorder.claim(), &plan.id)?;
            return Ok(recorder.release()?);
        }
        if !self.has_work(&pack)? {
            // Somebody else did meanwhile what was wanted of it.
            return Ok(recorder.release()?);
        }
        let faults: Vec<FaultRecord> = self.store.faults(&plan.id)?;
        if self.is_given_up(&pack, &faults, recorder.sequence()) {
            self.give_up(&mut recorder, unfinished, &faults)?;
            return Ok(recorder.release()?);
        }
        if let Some((reason, parts)) = self.parts_before_start(&pack, &packs, &recorder)? {
            self.take_apart(&mut recorder, reason, parts)?;
            return Ok(recorder.release()?);
        }
        self.train(recorder, unfinished.concat())
    }

    /// Whether a pack's attempts are used up, by faults without a checkpoint between them since its newest one: a later one may
    /// have been lost. A part of a pack that had its attempts gets one: what fails again fails for good. A pack begins anew as
    /// often as it has attempts.
    pub(super) fn is_given_up(&self, pack: &CurrentPack, faults: &[FaultRecord], checkpoint: u64) -> bool {
        let mut by_checkpoint: BTreeMap<u64, usize> = BTreeMap::new();
        let mut losses = 0;
        for fault in faults.iter().filter(|fault| fault.checkpoint >= checkpoint) {
            if fault.began_anew {
                losses += 1;
            } else {
                *by_checkpoint.entry(fault.checkpoint).or_default() += 1;
            }
        }
        let in_vain = by_checkpoint.into_values().max().unwrap_or(0);
        let attempts = match pack.part_because {
            Some(ReplanReason::Faults) => 1,
            _ => self.options.attempts.max(1),
        };
        in_vain >= attempts || losses > attempts
    }

    /// How a pack is taken apart before it starts or goes on, where it must be: nothing is trained that nobody wants now.
    /// Where it goes on from a checkpoint, runs that are done stay in it; the checkpoint knows that they are.
    fn parts_before_start(
        &mut self,
        pack: &CurrentPack,
        packs: &CurrentPacks,
        recorder: &PackRecorder,
    ) -> Result<Option<(ReplanReason, Vec<Places>)>, StoreError> {
        let plan = &pack.plan;
        let begins = recorder.sequence() == 0;
        let wanted = self.places(plan, |worker, run| Ok(worker.is_wanted(run)? && worker.is_unfinished(plan, run)?))?;
        // Not asked for, or no longer in the sweep: it may be wanted again.
        let later = self.places(plan, |worker, run| Ok(!worker.is_wanted(run)? && worker.is_unfinished(plan, run)?))?;
        if !later.is_empty() || (begins && wanted != plan.places) {
            let parts = [wanted, later].into_iter().filter(|part| !part.is_empty()).collect();
            return Ok(Some((ReplanReason::Pruned, parts)));
        }
        if !begins {
            return Ok(None);
        }
        let width = self.width_limit(plan, packs)?;
        if plan.places.len() > width {
            let parts = plan.places.chunks(width).map(<[_]>::to_vec).collect();
            return Ok(Some((ReplanReason::Width, parts)));
        }
        Ok(None)
    }

    /// Places that fit the memory, as far as packs of the same kind have shown.
    fn width_limit(&self, plan: &PackPlan, packs: &CurrentPacks) -> Result<usize, StoreError> {
        let Some(run) = plan.places.iter().flatten().next() else {
            return Ok(usize::MAX);
        };
        let kind = ModelKey::new(&self.store.entry(run)?.spec);
        let mut width = usize::MAX;
        for (too_wide, fits) in &packs.too_wide {
            let Some(run) = too_wide.places.iter().flatten().next() else {
                continue;
            };
            if ModelKey::new(&self.store.entry(run)?.spec) == kind {
                width = width.min((*fits).max(1));
            }
        }
        Ok(width)
    }

    fn is_unfinished(&mut self, pack: &PackPlan, run: &RunId) -> Result<bool, StoreError> {
        Ok(!self.is_done(pack, run)?)
    }

    /// The places of a pack with only the runs that `keep` keeps; places without any are left out.
    fn places(
        &mut self,
        plan: &PackPlan,
        keep: impl Fn(&mut Self, &RunId) -> Result<bool, StoreError>,
    ) -> Result<Places, StoreError> {
        let mut places = Places::new();
        for place in &plan.places {
            let mut runs = Vec::new();
            for run in place {
                if keep(self, run)? {
                    runs.push(run.clone());
                }
            }
            if !runs.is_empty() {
                places.push(runs);
            }
        }
        Ok(places)
    }

    fn train(&mut self, mut recorder: PackRecorder, unfinished: Vec<RunId>) -> Result<(), WorkerError> {
        let job = PackJob {
            pack: recorder.plan().clone(),
            runs: recorder.runs().clone(),
            checkpoint_every: self.options.checkpoint_every,
        };
        let started = self.started_event(&job.pack.id, unfinished);
        self.sink.emit(&started);
        let ended = catch(|| self.executor.execute(&job, &mut recorder, &mut self.sink, self.stop))
            .unwrap_or_else(|panic| Err(ExecuteError::from_panic(self.executor.device(), panic)));
        self.record_memory(&job.pack);
        let concluded = self.conclude(&mut recorder, &job.pack, ended);
        let finished = *concluded.as_ref().unwrap_or(&false);
        self.sink.emit(&Event::PackStopped { pack: job.pack.id.clone(), finished });
        if let Err(inputs @ WorkerError::Inputs { .. }) = concluded {
            recorder.release()?;
            return Err(inputs);
        }
        concluded?;
        match recorder.release() {
            // Told already, by the write that found it out.
            Err(StoreError::ClaimLost { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Records what the pack took of the device's memory. Nothing depends on it, so an error is not one.
    fn record_memory(&self, pack: &PackPlan) {
        if let Some(MemoryUse { estimated, before, peak }) = self.executor.memory() {
            let record = MemoryRecord::new(self.executor.device(), pack.places.len(), estimated, before, peak);
            self.store.record_memory(&pack.id, &record).ok();
        }
    }

    /// Draws the consequences of how an execution ended; true when the pack is done.
    fn conclude(
        &mut self,
        recorder: &mut PackRecorder,
        plan: &PackPlan,
        ended: Result<PackEnd, ExecuteError>,
    ) -> Result<bool, WorkerError> {
        // Runs that had stopped may have been extended elsewhere meanwhile.
        self.store.reload()?;
        let unfinished = self.places(plan, |worker, run| worker.is_unfinished(plan, run))?;
        match ended {
            Ok(PackEnd::Interrupted) => Ok(false),
            Ok(PackEnd::Finished) if unfinished.is_empty() => {
                self.store.close_pack(recorder.claim(), &plan.id)?;
                Ok(true)
            }
            Ok(PackEnd::Finished) => {
                let runs: Vec<String> = unfinished.concat().iter().map(ToString::to_string).collect();
                // The checkpoint takes them for ended: they start anew, and this is a fault before their first checkpoint.
                self.store.clear_pack(recorder.claim(), &plan.id)?;
                self.fault(recorder, &unfinished, &format!("the pack ended without a result of {}", runs.join(", ")))?;
                Ok(false)
            }
            Err(ExecuteError::OutOfMemory { device, message }) if unfinished.len() > 1 => {
                let halves = halve(&unfinished);
                self.sink.notice(
                    None,
                    format!(
                        "pack {}: out of memory on {device} with {} places ({message}); going on with {}",
                        plan.id,
                        unfinished.len(),
                        halves[0].len()
                    ),
                );
                self.take_apart(recorder, ReplanReason::OutOfMemory, halves)?;
                Ok(false)
            }
            Err(ExecuteError::Inputs(cause)) => {
                self.store.append_pack_log(&plan.id, &format!("not trained: {cause}"))?;
                Err(WorkerError::Inputs { pack: plan.id.clone(), cause })
            }
            Err(ExecuteError::Record(error)) => match recorder.claim().verify() {
                Err(lost @ StoreError::ClaimLost { .. }) => {
                    self.sink.notice(None, format!("pack {} is left to its new owner: {lost}", plan.id));
                    Ok(false)
                }
                _ => Err(error.into()),
            },
            Err(error) => {
                self.fault(recorder, &unfinished, &error.to_string())?;
                Ok(false)
            }
        }
    }

    /// Records a fault of the whole pack; its runs are tried again as long as there are attempts left.
    fn fault(&mut self, recorder: &PackRecorder, unfinished: &Places, cause: &str) -> Result<(), WorkerError> {
        recorder.claim().verify()?;
        self.store.record_fault(&recorder.plan().id, unfinished.iter().flatten(), cause)?;
        let summary = cause.lines().next().unwrap_or_default();
        self.sink.notice(None, format!("pack {} had a fault: {summary}", recorder.plan().id));
        Ok(())
    }

    /// A pack without attempts left: taken apart, so that the run at fault fails alone; a run that is alone has failed.
    fn give_up(
        &mut self,
        recorder: &mut PackRecorder,
        unfinished: Places,
        faults: &[FaultRecord],
    ) -> Result<(), WorkerError> {
        if unfinished.iter().flatten().count() > 1 {
            return self.take_apart(recorder, ReplanReason::Faults, halve(&unfinished));
        }
        let last = faults.last().map_or("unknown cause", |fault| fault.cause.as_str());
        let reason = last.lines().next().unwrap_or_default().to_owned();
        for run in unfinished.iter().flatten() {
            let outcome = Outcome::Failed { reason: reason.clone() };
            recorder.ended(run, &outcome)?;
            self.sink.emit(&Event::RunFinished { run: run.clone(), outcome });
        }
        self.store.close_pack(recorder.claim(), &recorder.plan().id)?;
        Ok(())
    }

    /// Every run of the pack stays in one of its parts: those that are done in one of their own, where they are found
    /// when they are to be done again.
    fn take_apart(
        &mut self,
        recorder: &mut PackRecorder,
        reason: ReplanReason,
        parts: Vec<Places>,
    ) -> Result<(), WorkerError> {
        let checkpoint: Option<Checkpoint> = recorder.checkpoint()?;
        let runs = recorder.plan().places.iter().flatten();
        let done: Vec<RunId> =
            runs.filter(|run| !parts.iter().flatten().flatten().any(|kept| kept == *run)).cloned().collect();
        let whole = recorder.plan();
        let part = |places| {
            let plan = part_of(whole, places);
            let checkpoint = checkpoint.as_ref().and_then(|whole| self.executor.restrict(whole, &plan));
            SubPack { plan, checkpoint }
        };
        let mut parts: Vec<SubPack> = parts.into_iter().map(part).collect();
        if !done.is_empty() {
            // One place: how wide a pack may be is read off its parts.
            parts.push(SubPack { plan: part_of(whole, vec![done]), checkpoint: None });
        }
        Ok(self.store.replan(recorder.claim(), recorder.plan(), reason, parts)?)
    }
}

/// Two halves of the places, or of the queue where there is one place.
fn halve(places: &Places) -> Vec<Places> {
    match places.as_slice() {
        [queue] => queue.chunks(queue.len().div_ceil(2)).map(|part| vec![part.to_vec()]).collect(),
        places => places.chunks(places.len().div_ceil(2)).map(<[_]>::to_vec).collect(),
    }
}
