//! A plan that grows: the runs of a further generation.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::{PlannedRun, RunId, Segment, TriedPoint};

use super::generations::{DecidingResult, GenerationRecord, NewGeneration};
use super::json::write_json;
use super::open::{Planner, check_planned, claim_plan, is_done};
use super::plan::{SweepRecord, grown_entries, read_plan};
use super::records::now;
use super::{Store, StoreError};

/// A generation that is to be planned.
#[derive(Clone, Debug)]
pub struct Growth<'a> {
    /// The method that chose it.
    pub search: &'a str,
    /// See [`GenerationRecord::definition`].
    pub definition: Option<&'a str>,
    /// See [`GenerationRecord::tokens_per_second`].
    pub tokens_per_second: Option<f64>,
    /// What came of the newest generation of the plan.
    pub results: Vec<DecidingResult>,
    /// New ones, and ones of the plan that have paused and go on.
    pub runs: &'a [PlannedRun],
    /// The epochs after which some of them pause; the others are trained to their end.
    pub until: BTreeMap<RunId, usize>,
    /// The points that it tries first.
    pub points: &'a [TriedPoint],
}

impl Store {
    /// Appends a generation to the plan, durably: its runs, and the packs that `planner` puts them into. False where the
    /// plan is another one than the caller saw: somebody else was faster, or the sweep file changed. Nothing is written
    /// then.
    ///
    /// # Errors
    /// The plan is damaged or gone, cannot be written, or trains one of the runs as far already; somebody else holds it for
    /// more than a minute; `planner` does not plan every run exactly once.
    pub fn grow(&self, growth: &Growth<'_>, planner: Planner<'_>) -> Result<bool, StoreError> {
        let layout = self.layout();
        let claim = claim_plan(layout, self.claim_options())?;
        let path = layout.sweep_json();
        let Some(mut record) = read_plan(&path)? else {
            return Err(StoreError::NotASweep { path: layout.folder().to_owned() });
        };
        // The same runs may go on in generation after generation, so their names alone do not tell which one is meant.
        let seen = self.record().generations.len();
        if record.generations.len() != seen || !is_newest(&record, growth) {
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
        if record.generations.is_empty() {
            let first = record.runs_by_generation().swap_remove(0);
            let paused = first_pauses(record, &first);
            record.generations = vec![GenerationRecord::after(
                &[],
                NewGeneration {
                    search: growth.search,
                    definition: growth.definition,
                    tokens_per_second: None,
                    results: Vec::new(),
                    runs: first,
                    until: paused,
                    points: &[],
                },
            )];
        }
        let planned = record.planned_epochs();
        let segments: Vec<Segment> = growth.runs.iter().map(|run| growth.segment(run, &planned)).collect();
        let paused = paused_runs(&record.generations);
        let there: BTreeSet<&RunId> = record.runs.iter().filter(|run| !run.removed).map(|run| &run.id).collect();
        let goes_on = |segment: &Segment| {
            let before = paused.get(&segment.run.id);
            before.is_some_and(|before| segment.until.is_none_or(|until| until > *before))
        };
        if let Some(Segment { run, .. }) =
            segments.iter().find(|segment| there.contains(&segment.run.id) && !goes_on(segment))
        {
            let (search, id) = (growth.search, &run.id);
            return Err(refuse(format!(
                "the search `{search}` gave run {id} a second time, which has not paused, or is to go no further"
            )));
        }
        let entries = grown_entries(record, growth.runs);
        let open = |segment: &&Segment| segment.epochs() > 0 && !is_done(layout, &segment.run.id);
        let unplanned: Vec<Segment> = segments.iter().filter(open).cloned().collect();
        let packs = if unplanned.is_empty() { Vec::new() } else { planner(&unplanned) };
        check_planned(layout, &unplanned, &packs)?;
        let ids = growth.runs.iter().map(|run| run.id.clone()).collect();
        let until = segments.iter().filter_map(|segment| Some((segment.run.id.clone(), segment.until?))).collect();
        let new = NewGeneration {
            search: growth.search,
            definition: growth.definition,
            tokens_per_second: growth.tokens_per_second,
            results: growth.results.clone(),
            runs: ids,
            until,
            points: growth.points,
        };
        record.generations.push(GenerationRecord::after(&record.generations, new));
        record.runs = entries;
        record.packs.extend(packs);
        record.changed = now();
        Ok(())
    }
}

impl Growth<'_> {
    /// What is to be trained of a run beyond what is `planned` of it.
    fn segment(&self, run: &PlannedRun, planned: &BTreeMap<&RunId, usize>) -> Segment {
        let from = planned.get(&run.id).copied().unwrap_or(0);
        Segment::up_to(run.clone(), from, self.until.get(&run.id).copied())
    }
}

/// Runs that pause in the last generation that has them, and after which epoch.
fn paused_runs(generations: &[GenerationRecord]) -> BTreeMap<&RunId, usize> {
    let mut paused = BTreeMap::new();
    for generation in generations {
        for run in &generation.runs {
            paused.remove(run);
            paused.extend(generation.until.get(run).map(|until| (run, *until)));
        }
    }
    paused
}

/// Where the runs of the first generation pause: as they are planned when a second one comes.
fn first_pauses(record: &SweepRecord, first: &[RunId]) -> BTreeMap<RunId, usize> {
    let first: BTreeSet<&RunId> = first.iter().collect();
    let mut pauses = BTreeMap::new();
    for pack in &record.packs {
        let own = pack.until.iter().filter(|(run, _)| first.contains(run) && !pack.extended.contains(*run));
        pauses.extend(own.map(|(run, until)| (run.clone(), *until)));
    }
    pauses
}

/// Whether the results are those of the plan's newest generation.
fn is_newest(record: &SweepRecord, growth: &Growth<'_>) -> bool {
    let newest = record.runs_by_generation().pop().unwrap_or_default();
    newest.iter().eq(growth.results.iter().map(|result| &result.run))
}
