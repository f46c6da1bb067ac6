//! Writing the plan: a new sweep, or one whose file changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::event::{Outcome, StopReason};
use crate::spec::{PackPlan, RunId, SearchRecord, Segment, Sweep, TriedPoint};
use crate::words::counted;

use super::claim::{Attempt, Claim, ClaimOptions};
use super::deciding::Deciding;
use super::durable::{create_folder, read_if_there, remove_leftovers, write_atomically};
use super::error::failed_to;
use super::executor_kind::ExecutorKind;
use super::generations::{GenerationRecord, NewGeneration};
use super::json::{FORMAT_VERSION, read_json, write_json};
use super::layout::Layout;
use super::plan::{RunEntry, SweepRecord, differences, entries, parameters, read_plan};
use super::records::{ResultRecord, RunRecord, now};
use super::{Store, StoreError};

/// How long to wait for somebody else who is writing the plan or the index.
const PATIENCE: Duration = Duration::from_secs(60);
/// Temporary files this old have no writer any more.
pub(super) const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// What makes the plan grow.
#[derive(Clone, Debug, Default)]
pub struct PlannedSearch {
    /// The method.
    pub name: String,
    /// See [`GenerationRecord::definition`].
    pub definition: Option<String>,
    /// None where the sweep file's own runs are all.
    pub record: Option<SearchRecord>,
    /// The points that the first generation tries.
    pub points: Vec<TriedPoint>,
}

impl PlannedSearch {
    /// One that has no points.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// What is to be planned.
#[derive(Clone, Debug)]
pub struct PlanInput<'a> {
    /// With the runs of its first generation.
    pub sweep: &'a Sweep,
    /// What chooses further ones.
    pub search: PlannedSearch,
    /// The sweep file, byte for byte.
    pub yaml: &'a [u8],
    /// Results of a rehearsal are kept apart.
    pub rehearsal: bool,
    /// What is going to make the results.
    pub executor: ExecutorKind,
    /// The command line.
    pub command: &'a [String],
    /// Only these runs are planned into packs now; all where none are named.
    pub selected: Option<&'a BTreeSet<RunId>>,
    /// The epochs after which runs of the first generation pause; the others are trained to their end.
    pub until: BTreeMap<RunId, usize>,
    pub claims: ClaimOptions,
}

/// Plans runs, or the epochs of them that are to be trained, into packs: every one of them exactly once.
pub type Planner<'a> = &'a dyn Fn(&[Segment]) -> Vec<PackPlan>;

/// An opened results folder, and how the plan changed.
#[derive(Debug)]
pub struct Opened {
    pub store: Store,
    /// The folder had no plan before.
    pub created: bool,
    /// Runs that the plan did not have, or had as removed.
    pub added: Vec<RunId>,
    /// Runs that are no longer in the sweep. Their results are kept.
    pub removed: Vec<RunId>,
    /// What people should know, such as a label that now means another run.
    pub notices: Vec<String>,
}

impl Store {
    /// Creates the results folder of a sweep, or opens it and brings its plan up to date: runs are added and removed by
    /// id, nobody's results are touched, packs stay as they were planned, and runs that are neither done nor in a pack
    /// are given to `planner`.
    ///
    /// # Errors
    /// The folder cannot be used or belongs to something else, its plan is damaged, somebody else holds the plan for
    /// more than a minute, or `planner` does not plan every run exactly once.
    pub fn create_or_open(results: &Path, input: &PlanInput<'_>, planner: Planner<'_>) -> Result<Opened, StoreError> {
        let layout = Layout::for_sweep(results, &input.sweep.name, input.rehearsal)?;
        fs::create_dir_all(results).map_err(failed_to("create", results))?;
        for folder in [layout.folder(), &layout.runs(), &layout.packs()] {
            create_folder(folder)?;
        }
        let claim = claim_plan(&layout, &input.claims)?;
        remove_leftovers(layout.folder(), LEFTOVER_AGE)?;
        let before = read_plan(&layout.sweep_json())?;
        if let Some(before) = &before
            && before.rehearsal != input.rehearsal
        {
            return Err(StoreError::Rehearsal { path: layout.folder().to_owned(), found: before.rehearsal });
        }
        check_executor(&layout, before.as_ref(), input)?;
        let changes = Changes::between(before.as_ref(), input, &layout);
        let deciding = Deciding::between(before.as_ref(), input.sweep, &|run| has_result(&layout, run));
        let record = plan(before.as_ref(), input, &changes, &deciding, &layout, planner)?;
        claim.verify()?;
        if read_if_there(&layout.sweep_yaml())?.as_deref() != Some(input.yaml) {
            write_atomically(&layout.sweep_yaml(), input.yaml)?;
        }
        if before.as_ref() != Some(&record) {
            write_json(&layout.sweep_json(), &record)?;
        }
        claim.release()?;
        let store = Self::open_with(layout.folder(), input.claims.clone())?;
        let Changes { added, removed, mut notices, .. } = changes;
        notices.extend(deciding.notices);
        Ok(Opened { store, created: before.is_none(), added, removed, notices })
    }
}

/// What was invented and what was trained are never mixed: neither under one plan, nor where the plan was moved away and the
/// records of runs are still there.
fn check_executor(layout: &Layout, before: Option<&SweepRecord>, input: &PlanInput<'_>) -> Result<(), StoreError> {
    let given = input.executor;
    let refuse = |path: &Path, found| Err(StoreError::Executor { path: path.to_owned(), found, given });
    if let Some(before) = before {
        return if before.executor == given { Ok(()) } else { refuse(layout.folder(), before.executor) };
    }
    for run in &input.sweep.runs {
        let files = layout.run(&run.id);
        // What is damaged is found out, and done again, by whoever needs it.
        let begun = read_json::<RunRecord>(&files.run_json()).ok().flatten().map(|record| record.executor);
        let ended = read_json::<ResultRecord>(&files.result_json()).ok().flatten().map(|record| record.executor);
        if let Some(found) = begun.into_iter().chain(ended).find(|found| *found != given) {
            return refuse(files.folder(), found);
        }
    }
    Ok(())
}

/// Claims the plan, waiting for others who are done in a moment.
pub(super) fn claim_plan(layout: &Layout, options: &ClaimOptions) -> Result<Claim, StoreError> {
    let path = layout.plan_claim();
    let since = Instant::now();
    loop {
        match Claim::take(&path, options)? {
            Attempt::Claimed(claim) => return Ok(claim),
            Attempt::Busy(found) if since.elapsed() >= PATIENCE => {
                return Err(StoreError::InUse { path, holder: found.holder() });
            }
            Attempt::Busy(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// How a sweep differs from the plan before.
struct Changes {
    /// The runs of the new plan: those of the sweep, those of later generations, and after them those that were removed.
    entries: Vec<RunEntry>,
    /// As in the plan.
    generations: Vec<GenerationRecord>,
    added: Vec<RunId>,
    removed: Vec<RunId>,
    notices: Vec<String>,
}

impl Changes {
    fn between(before: Option<&SweepRecord>, input: &PlanInput<'_>, layout: &Layout) -> Self {
        let mut entries = entries(input.sweep);
        let (generations, begins_anew) = Self::generations(before, input, &entries);
        let later = before.filter(|_| generations.len() > 1).map(SweepRecord::later_runs).unwrap_or_default();
        let grown = before.iter().flat_map(|before| &before.runs).filter(|entry| later.contains(&entry.id)).cloned();
        entries.extend(grown);
        let now_there: BTreeSet<RunId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let old: &[RunEntry] = before.map_or(&[], |before| &before.runs);
        let were_there: BTreeSet<&RunId> = old.iter().filter(|entry| !entry.removed).map(|entry| &entry.id).collect();
        let added =
            entries.iter().filter(|entry| !were_there.contains(&entry.id)).map(|entry| entry.id.clone()).collect();
        let removed = were_there.iter().filter(|id| !now_there.contains(**id)).map(|id| (*id).clone()).collect();
        let mut notices = relabelled(old, &entries);
        notices.extend(begins_anew);
        let packed: BTreeSet<&RunId> = before.iter().flat_map(|before| runs_of(&before.packs)).collect();
        // A run that was removed before anything was planned or done for it leaves no trace.
        let gone = old.iter().filter(|entry| !now_there.contains(&entry.id));
        let kept = gone.filter(|entry| packed.contains(&entry.id) || layout.run(&entry.id).folder().exists());
        entries.extend(kept.map(|entry| RunEntry { removed: true, ..entry.clone() }));
        Self { entries, generations, added, removed, notices }
    }

    /// The generations that stay, and what is to be said where some do not: they were chosen by the results of others.
    fn generations(
        before: Option<&SweepRecord>,
        input: &PlanInput<'_>,
        first: &[RunEntry],
    ) -> (Vec<GenerationRecord>, Option<String>) {
        let there = before.map_or(&[][..], |before| before.generations.as_slice());
        let search = &input.search;
        let first = || {
            let new = NewGeneration {
                search: &search.name,
                definition: search.definition.as_deref(),
                tokens_per_second: None,
                results: Vec::new(),
                runs: first.iter().map(|entry| entry.id.clone()).collect(),
                until: input.until.clone(),
                points: &search.points,
            };
            GenerationRecord::after(&[], new)
        };
        // All runs of a plan that does not grow are its one generation.
        let anew = || search.record.iter().map(|_| first()).collect();
        let Some(began) = there.first() else {
            return (anew(), None);
        };
        let is_same = |generation: &GenerationRecord| {
            generation.search == search.name && generation.definition == search.definition
        };
        let now = first();
        let is_first = began.runs == now.runs && began.points == now.points;
        if is_first && there.iter().all(is_same) {
            return (there.to_vec(), None);
        }
        let later = before.map_or(0, |before| before.later_runs().len());
        let notice = format!(
            "the search begins anew, because its first runs, or what it chooses by, changed: {} that it had chosen are no longer \
             in the sweep, unless it chooses them again; results are kept",
            counted(later, "run")
        );
        (anew(), Some(notice).filter(|_| later > 0))
    }
}

/// Labels that meant another run before, and why they do not any more.
fn relabelled(old: &[RunEntry], new: &[RunEntry]) -> Vec<String> {
    let old: BTreeMap<&str, &RunEntry> =
        old.iter().filter(|entry| !entry.removed).map(|entry| (entry.label.as_str(), entry)).collect();
    let mut notices = Vec::new();
    for entry in new {
        let Some(earlier) = old.get(entry.label.as_str()).filter(|earlier| earlier.id != entry.id) else {
            continue;
        };
        let changed: Vec<String> = differences(&parameters(&earlier.spec), &entry.spec).into_keys().collect();
        let cause = match changed.as_slice() {
            [] => "the contents of its data or model changed".to_owned(),
            changed => format!("{} changed", changed.join(", ")),
        };
        notices.push(format!(
            "run `{}` is not the one it was: {cause}. It is run {} now and starts anew; the results of run {} are kept",
            entry.label, entry.id, earlier.id
        ));
    }
    notices
}

fn plan(
    before: Option<&SweepRecord>,
    input: &PlanInput<'_>,
    changes: &Changes,
    deciding: &Deciding,
    layout: &Layout,
    planner: Planner<'_>,
) -> Result<SweepRecord, StoreError> {
    let sweep = input.sweep;
    let mut packs = before.map_or_else(Vec::new, |before| before.packs.clone());
    let planned = before.map(SweepRecord::planned_epochs).unwrap_or_default();
    let unplanned: Vec<Segment> = sweep
        .runs
        .iter()
        .filter(|run| input.selected.is_none_or(|selected| selected.contains(&run.id)))
        .map(|run| {
            let from = planned.get(&run.id).copied().unwrap_or(0);
            Segment::up_to(run.clone(), from, input.until.get(&run.id).copied())
        })
        // One that paused goes on where the sweep file no longer has it pause.
        .filter(|segment| segment.epochs() > 0 && !is_done(layout, &segment.run.id))
        .collect();
    let new_packs = if unplanned.is_empty() { Vec::new() } else { planner(&unplanned) };
    check_planned(layout, &unplanned, &new_packs)?;
    packs.extend(new_packs);
    let mut record = SweepRecord {
        format_version: FORMAT_VERSION,
        name: sweep.name.clone(),
        description: sweep.description.clone(),
        rehearsal: input.rehearsal,
        executor: input.executor,
        created: before.map_or_else(now, |before| before.created.clone()),
        changed: before.map_or_else(now, |before| before.changed.clone()),
        command: before.map_or_else(|| input.command.to_vec(), |before| before.command.clone()),
        baseline: sweep.baseline.clone(),
        runs: changes.entries.clone(),
        search: input.search.record.clone(),
        generations: changes.generations.clone(),
        changes: sweep.changes.clone(),
        scaled: sweep.scaled.clone(),
        packs,
        hypotheses: sweep.hypotheses.clone(),
        observations: sweep.observations.clone(),
        looks: deciding.looks.clone(),
        deciding: deciding.seeds.clone(),
        late: deciding.late.clone(),
        dropped: deciding.dropped.clone(),
        reference: sweep.reference.clone(),
        extends: sweep.extends.clone(),
    };
    if before.is_some_and(|before| *before != record) {
        record.changed = now();
        record.command = input.command.to_vec();
    }
    Ok(record)
}

/// Whether a run has a sound result.
fn has_result(layout: &Layout, run: &RunId) -> bool {
    matches!(read_json::<ResultRecord>(&layout.run(run).result_json()), Ok(Some(_)))
}

/// Whether a run has ended, and is not to be trained whatever its epochs are. One that paused has not.
pub(super) fn is_done(layout: &Layout, run: &RunId) -> bool {
    let result = read_json::<ResultRecord>(&layout.run(run).result_json());
    let paused = |result: &ResultRecord| matches!(result.outcome, Outcome::Stopped { because: StopReason::Pause, .. });
    matches!(result, Ok(Some(result)) if !paused(&result))
}

pub(super) fn runs_of(packs: &[PackPlan]) -> impl Iterator<Item = &RunId> {
    packs.iter().flat_map(PackPlan::runs)
}

pub(super) fn check_planned(layout: &Layout, segments: &[Segment], packs: &[PackPlan]) -> Result<(), StoreError> {
    let error = |reason| StoreError::Plan { path: layout.sweep_json(), reason };
    let mut left: BTreeMap<&RunId, &Segment> = segments.iter().map(|segment| (&segment.run.id, segment)).collect();
    if left.len() != segments.len() {
        return Err(error("two runs of the sweep have the same id".to_owned()));
    }
    if let Some(pack) = packs.iter().find(|pack| pack.places.is_empty() || pack.places.iter().any(Vec::is_empty)) {
        return Err(error(format!("pack {} has a place without runs", pack.id)));
    }
    for pack in packs {
        for run in pack.runs() {
            let Some(segment) = left.remove(run) else {
                return Err(error(format!("run {run} is not to be planned, or is planned twice")));
            };
            if pack.until.get(run) != segment.until.as_ref()
                || pack.extended.contains(run) != segment.extended
                || pack.resumed.get(run) != segment.resumed.as_ref()
            {
                return Err(error(format!("run {run} is planned to another epoch than it is to be trained to")));
            }
        }
    }
    match left.first_key_value() {
        Some((run, _)) => Err(error(format!("run {run} is in no pack"))),
        None => Ok(()),
    }
}
