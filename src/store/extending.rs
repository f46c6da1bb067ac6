//! A plan that trains stopped runs further because somebody asked for it.

use std::collections::BTreeSet;

use crate::event::Outcome;
use crate::spec::{PackPlan, RunId, Segment};

use super::json::write_json;
use super::open::{Planner, check_planned, claim_plan};
use super::plan::{RunEntry, SweepRecord, read_plan};
use super::records::{ResultRecord, now};
use super::{Store, StoreError};

impl Store {
    /// Appends packs to the plan that train runs from where they stopped up to an epoch (none: to their end), durably. Gives
    /// those that it is so with: a run that has not stopped, is planned further already, or was trained as far, is left as
    /// it is.
    ///
    /// # Errors
    /// The plan is damaged or gone, or cannot be written; somebody else holds it for more than a minute; `planner` does not
    /// plan every run exactly once.
    pub fn extend(
        &self,
        runs: &BTreeSet<RunId>,
        until: Option<usize>,
        command: &[String],
        planner: Planner<'_>,
    ) -> Result<Vec<RunId>, StoreError> {
        let layout = self.layout();
        let claim = claim_plan(layout, self.claim_options())?;
        let path = layout.sweep_json();
        let Some(mut record) = read_plan(&path)? else {
            return Err(StoreError::NotASweep { path: layout.folder().to_owned() });
        };
        let current = Self::open(layout.folder())?;
        let packs = current.packs()?;
        let by_run = packs.by_run();
        let mut segments = Vec::new();
        for entry in record.runs.iter().filter(|entry| !entry.removed && runs.contains(&entry.id)) {
            let planned = by_run.get(&entry.id).map_or(&[][..], Vec::as_slice);
            let Some((segment, result)) = self.further(entry, until)? else { continue };
            let is_done = |pack: &&PackPlan| current.is_done_in(&result, pack, entry.spec.epochs);
            segments.extend(Some(segment).filter(|_| planned.iter().all(is_done)));
        }
        if !segments.is_empty() {
            let packs = planner(&segments);
            check_planned(layout, &segments, &packs)?;
            record.packs.extend(packs);
            record.changed = now();
            record.command = command.to_vec();
            claim.verify()?;
            write_json(&path, &record)?;
        }
        claim.release()?;
        for Segment { run, from, until, .. } in &segments {
            let until = until.unwrap_or(run.spec.epochs);
            let message =
                format!("extended: it is to go on from epoch {from} to epoch {until}, without early stopping");
            self.append_run_log(&run.id, &message)?;
        }
        Ok(segments.into_iter().map(|segment| segment.run.id).collect())
    }

    /// Whether a run with this result, which has so many `epochs` in all, is not to be trained any further in a pack that has it.
    pub fn is_done_in(&self, result: &ResultRecord, pack: &PackPlan, epochs: usize) -> bool {
        // A run is extended where it is done with all its packs. It stays so where the extension ends before them.
        result.ends_in(pack, epochs)
            || (result.extended_from.is_some() && self.record().is_extended_after(pack, &result.run))
    }

    /// Whether a run with this result goes on in one of its packs.
    ///
    /// # Errors
    /// There is no such run in the plan; the folder cannot be read.
    pub fn is_planned_further(&self, result: &ResultRecord) -> Result<bool, StoreError> {
        let epochs = self.entry(&result.run)?.spec.epochs;
        let packs = self.packs()?;
        let mut own = packs.packs.iter().filter(|pack| pack.plan.runs().any(|run| *run == result.run));
        Ok(own.any(|pack| !self.is_done_in(result, &pack.plan, epochs)))
    }

    /// What is left of a run that stopped, up to an epoch.
    fn further(&self, entry: &RunEntry, until: Option<usize>) -> Result<Option<(Segment, ResultRecord)>, StoreError> {
        let Some(result) = self.result(&entry.id)? else {
            return Ok(None);
        };
        let Outcome::Stopped { epoch, .. } = result.outcome else {
            return Ok(None);
        };
        let resumed = Some(result.stops).filter(|_| result.is_stopped_on_request());
        let segment = Segment { extended: true, resumed, ..Segment::up_to(entry.planned(), epoch, until) };
        Ok((segment.epochs() > 0).then_some((segment, result)))
    }
}

impl SweepRecord {
    /// Whether a run of this pack, or of the one that it is part of, is extended by a pack that was planned later.
    fn is_extended_after(&self, pack: &PackPlan, run: &RunId) -> bool {
        // What a part says of its runs is what the whole said, and no two packs of a run say the same.
        let is_the_same = |planned: &PackPlan| {
            planned.until.get(run) == pack.until.get(run)
                && planned.extended.contains(run) == pack.extended.contains(run)
                && planned.resumed.get(run) == pack.resumed.get(run)
        };
        let mut is_extended = false;
        for planned in self.packs.iter().rev().filter(|planned| planned.runs().any(|other| other == run)) {
            if is_the_same(planned) {
                return is_extended;
            }
            is_extended |= planned.extended.contains(run);
        }
        false
    }
}
