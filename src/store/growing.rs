//! A plan that grows: the runs of a further generation.

use std::collections::BTreeSet;

use crate::spec::{PlannedRun, RunId};

use super::generations::{DecidingResult, GenerationRecord};
use super::json::write_json;
use super::open::{Planner, check_planned, claim_plan, is_done, runs_of};
use super::plan::{SweepRecord, grown_entries, read_plan};
use super::records::now;
use super::{Store, StoreError};

/// A generation that is to be planned.
#[derive(Clone, Debug)]
pub struct Growth<'a> {
    /// The method that chose it.
    pub search: &'a str,
    /// What came of the newest generation of the plan.
    pub results: Vec<DecidingResult>,
    pub runs: &'a [PlannedRun],
}

impl Store {
    /// Appends a generation to the plan, durably: its runs, and the packs that `planner` puts them into. False where the
    /// plan is another one than the caller saw: somebody else was faster, or the sweep file changed. Nothing is written
    /// then.
    ///
    /// # Errors
    /// The plan is damaged or gone, cannot be written, or has one of the runs; somebody else holds it for more than a
    /// minute; `planner` does not plan every run exactly once.
    pub fn grow(&self, growth: &Growth<'_>, planner: Planner<'_>) -> Result<bool, StoreError> {
        let layout = self.layout();
        let claim = claim_plan(layout, self.claim_options())?;
        let path = layout.sweep_json();
        let Some(mut record) = read_plan(&path)? else {
            return Err(StoreError::NotASweep { path: layout.folder().to_owned() });
        };
        if !is_newest(&record, growth) {
            claim.release()?;
            return Ok(false);
        }
        self.append(&mut record, growth, planner)?;
        claim.verify()?;
        write_json(&path, &record)?;
        claim.release()?;
        Ok(true)
    }

    fn append(&self, record: &mut SweepRecord, growth: &Growth<'_>, planner: Planner<'_>) -> Result<(), StoreError> {
        let layout = self.layout();
        let refuse = |reason| StoreError::Plan { path: layout.sweep_json(), reason };
        if let Some(run) = growth.runs.iter().find(|run| record.runs.iter().any(|old| old.id == run.id && !old.removed))
        {
            return Err(refuse(format!("the search `{}` gave run {} a second time", growth.search, run.id)));
        }
        if record.generations.is_empty() {
            let first = record.runs_by_generation().swap_remove(0);
            record.generations = vec![GenerationRecord::after(&[], growth.search, Vec::new(), first)];
        }
        let entries = grown_entries(record, growth.runs);
        let packed: BTreeSet<&RunId> = runs_of(&record.packs).collect();
        let open = |run: &&PlannedRun| !packed.contains(&run.id) && !is_done(layout, &run.id);
        let unplanned: Vec<PlannedRun> = growth.runs.iter().filter(open).cloned().collect();
        let packs = if unplanned.is_empty() { Vec::new() } else { planner(&unplanned) };
        check_planned(layout, &unplanned, &packs)?;
        let ids = growth.runs.iter().map(|run| run.id.clone()).collect();
        let (search, results) = (growth.search, growth.results.clone());
        record.generations.push(GenerationRecord::after(&record.generations, search, results, ids));
        record.runs = entries;
        record.packs.extend(packs);
        record.changed = now();
        Ok(())
    }
}

/// Whether the results are those of the plan's newest generation.
fn is_newest(record: &SweepRecord, growth: &Growth<'_>) -> bool {
    let newest = record.runs_by_generation().pop().unwrap_or_default();
    newest.iter().eq(growth.results.iter().map(|result| &result.run))
}
