//! Runs that stop on request while nobody trains them.

use crate::event::{Outcome, StopReason};
use crate::spec::{PackPlan, RunId};

use super::super::claim::{Attempt, Claim};
use super::super::durable::create_folder;
use super::super::epochs::read_epochs;
use super::super::json::write_json;
use super::super::records::{ResultRecord, now};
use super::super::{Store, StoreError};

impl Store {
    /// Has a run stop that nobody trains: it has not begun, or stands where it had stopped before. None where somebody works on
    /// a pack that has it, or one that has it is to go on from a checkpoint, which only a worker can read.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn stop_idle_run(&self, run: &RunId) -> Result<Option<Outcome>, StoreError> {
        let packs = self.packs()?;
        let by_run = packs.by_run();
        let Some(claims) = self.claim_packs(by_run.get(run).map_or(&[], Vec::as_slice))? else {
            return Ok(None);
        };
        let has_begun = self.layout().run(run).run_json().exists();
        let mut in_checkpoint = false;
        for pack in by_run.get(run).into_iter().flatten() {
            in_checkpoint |= has_begun && self.newest_checkpoint(&pack.id)? > 0;
        }
        let outcome = if in_checkpoint { None } else { Some(self.withdraw(run)?) };
        claims.into_iter().try_for_each(Claim::release)?;
        Ok(outcome)
    }

    /// Claims packs for a moment; none where somebody works on one of them.
    pub(in super::super) fn claim_packs(&self, packs: &[&PackPlan]) -> Result<Option<Vec<Claim>>, StoreError> {
        let mut claims = Vec::with_capacity(packs.len());
        for pack in packs {
            let files = self.layout().pack(&pack.id);
            create_folder(files.folder())?;
            match Claim::take(&files.claim(), &self.claim_options().for_a_moment())? {
                Attempt::Claimed(claim) => claims.push(claim),
                Attempt::Busy(_) => {
                    claims.into_iter().try_for_each(Claim::release)?;
                    return Ok(None);
                }
            }
        }
        Ok(Some(claims))
    }

    /// Writes that a run stops where it stands, for who has claimed its packs. What it left where it had stopped before stays.
    pub(in super::super) fn withdraw(&self, run: &RunId) -> Result<Outcome, StoreError> {
        let entry = self.entry(run)?.clone();
        let files = self.layout().run(run);
        create_folder(files.folder())?;
        let before = self.result(run).ok().flatten().filter(|result| result.stopped_after().is_some());
        let epoch = before.as_ref().and_then(ResultRecord::stopped_after).unwrap_or(0);
        let outcome = Outcome::Stopped { epoch, because: StopReason::Request };
        let stops = self.next_stop(run);
        let record = match before {
            // Stopped on request already, and not asked to go on since.
            Some(before) if before.is_stopped_on_request() && self.resumed(run) < before.stops => {
                return Ok(before.outcome);
            }
            Some(before) => ResultRecord { outcome: outcome.clone(), stops, finished: now(), ..before },
            None => {
                let epochs = read_epochs(&files.metrics_csv()).unwrap_or_default();
                let new = ResultRecord::new(self.record().executor, &entry.planned(), &outcome, &epochs, None, now());
                ResultRecord { stops, ..new }
            }
        };
        write_json(&files.result_json(), &record)?;
        Ok(outcome)
    }

    /// The number of a request to stop a run: higher than that of every earlier one.
    pub(in super::super) fn next_stop(&self, run: &RunId) -> usize {
        let recorded = self.result(run).ok().flatten().map_or(0, |result| result.stops);
        1 + recorded.max(self.resumed(run))
    }

    /// How often the run had been stopped when it was planned to go on last.
    fn resumed(&self, run: &RunId) -> usize {
        self.record().packs.iter().filter_map(|pack| pack.resumed.get(run)).max().copied().unwrap_or(0)
    }
}
