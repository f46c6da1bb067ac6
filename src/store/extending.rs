//! A plan that trains stopped runs further because somebody asked for it.

use std::collections::BTreeSet;

use crate::event::Outcome;
use crate::spec::{RunId, Segment};

use super::json::write_json;
use super::open::{Planner, check_planned, claim_plan};
use super::plan::{RunEntry, read_plan};
use super::records::now;
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
        let packs = Self::open(layout.folder())?.packs()?;
        let by_run = packs.by_run();
        let mut segments = Vec::new();
        for entry in record.runs.iter().filter(|entry| !entry.removed && runs.contains(&entry.id)) {
            let planned = by_run.get(&entry.id).map_or(&[][..], Vec::as_slice);
            segments.extend(
                self.further(entry, until)?
                    .filter(|(_, result)| planned.iter().all(|pack| result.is_done_in(pack, entry.spec.epochs))),
            );
        }
        let segments: Vec<Segment> = segments.into_iter().map(|(segment, _)| segment).collect();
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

    /// What is left of a run that stopped, up to an epoch.
    fn further(
        &self,
        entry: &RunEntry,
        until: Option<usize>,
    ) -> Result<Option<(Segment, super::ResultRecord)>, StoreError> {
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
