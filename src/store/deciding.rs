//! Which seeds decide: those that were planned before results could be seen.
//!
//! Whoever adds seeds until a difference is clear finds one where there is none. So the plan keeps the seeds of a
//! configuration, and the looks of the sweep, as they were when results could first be seen: when runs with two seeds had
//! ended. (One seed tells nothing of the noise, and settles nothing: trying a sweep with one seed and then planning more is
//! allowed. Whoever knew the noise from elsewhere and chose between 2, 3, 5 and 10 seeds by the first difference would be wrong
//! in 6.2 instead of 5 %.) It also keeps which hypotheses came or went after that:
//! who states what was seen, or drops what failed, is right too often.

use std::collections::{BTreeMap, HashMap};

use crate::spec::{Evaluation, Hypothesis, PlannedRun, RunId, RunSpec, Sweep};
use crate::words::counted;

use super::Store;
use super::plan::{RunEntry, SweepRecord};

/// With so many ended seeds of a configuration, results can be seen.
const SEEN: usize = 2;

/// What decides in a new plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deciding {
    /// See [`SweepRecord::deciding`].
    pub seeds: BTreeMap<String, Vec<u64>>,
    /// See [`SweepRecord::looks`].
    pub looks: Vec<usize>,
    /// See [`SweepRecord::late`].
    pub late: Vec<String>,
    /// See [`SweepRecord::dropped`].
    pub dropped: Vec<String>,
    /// What people should know, a sentence each.
    pub notices: Vec<String>,
}

impl Deciding {
    /// `ended` tells whether a run has a result.
    pub(super) fn between(before: Option<&SweepRecord>, sweep: &Sweep, ended: &dyn Fn(&RunId) -> bool) -> Self {
        let Some(before) = before else {
            return Self { looks: sweep.looks.clone(), ..Self::default() };
        };
        let earlier = Earlier::new(before);
        let configurations = by_configuration(&sweep.runs);
        let mut deciding = Self::default();
        for (&name, runs) in &configurations {
            if let Some(kept) = earlier.seeds(runs, ended) {
                deciding.seeds.insert(name.to_owned(), kept);
            }
        }
        deciding.notices.extend(deciding.notice_of_seeds());
        let of_configuration =
            |runs: &Vec<&PlannedRun>| runs.iter().filter(|run| ended(&run.id)).take(SEEN).count() == SEEN;
        let seen = || !deciding.seeds.is_empty() || configurations.values().any(of_configuration);
        let stated = Stated::between(before, sweep);
        let is_changed = before.looks != sweep.looks || stated != Stated::default();
        if !is_changed || !seen() {
            deciding.looks.clone_from(&sweep.looks);
            return deciding;
        }
        deciding.looks.clone_from(&before.looks);
        if before.looks != sweep.looks {
            deciding.notices.push(notice_of_looks(&before.looks, &sweep.looks));
        }
        (deciding.late, deciding.dropped) = (stated.late, stated.dropped);
        deciding
    }

    fn notice_of_seeds(&self) -> Option<String> {
        let (name, seeds) = self.seeds.first_key_value()?;
        let others = match self.seeds.len() {
            1 => String::new(),
            all => format!(" and {}", counted(all - 1, "other configuration")),
        };
        let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
        Some(format!(
            "the seeds of `{name}`{others} changed after results were there: verdicts rest on those planned before (seed {}). \
             To let more seeds decide, declare `looks` before the first run, or plan a sweep of another name with seeds that \
             were not used yet",
            seeds.join(", ")
        ))
    }
}

impl Store {
    /// What would decide if this sweep were planned now.
    pub fn deciding(&self, sweep: &Sweep) -> Deciding {
        let ended = |run: &RunId| self.result(run).is_ok_and(|result| result.is_some());
        Deciding::between(Some(self.record()), sweep, &ended)
    }
}

fn notice_of_looks(before: &[usize], now: &[usize]) -> String {
    let shown = |looks: &[usize]| match looks {
        [] => "none".to_owned(),
        looks => format!("{looks:?}"),
    };
    format!(
        "`looks` changed after results were there ({} before, {} now): those from before go on to hold. Looks count if they \
         were declared before the first results; a sweep of another name with seeds that were not used yet can have others",
        shown(before),
        shown(now)
    )
}

/// Hypotheses that came, changed or went, with those of earlier changes.
#[derive(Debug, Default, PartialEq)]
struct Stated {
    late: Vec<String>,
    dropped: Vec<String>,
}

impl Stated {
    fn between(before: &SweepRecord, sweep: &Sweep) -> Self {
        let is_there = |id: &String| sweep.hypotheses.iter().any(|now| now.id == *id);
        let same = |now: &Hypothesis| {
            let restored = before.dropped.contains(&now.id);
            restored
                || before.hypotheses.iter().any(|old| Hypothesis { claim: now.claim.clone(), ..old.clone() } == *now)
        };
        let is_late = |now: &&Hypothesis| before.late.contains(&now.id) || !same(now);
        let gone = before.hypotheses.iter().map(|old| &old.id).chain(&before.dropped);
        let mut dropped: Vec<String> = gone.filter(|id| !is_there(id)).cloned().collect();
        dropped.sort();
        dropped.dedup();
        Self { late: sweep.hypotheses.iter().filter(is_late).map(|now| now.id.clone()).collect(), dropped }
    }
}

fn by_configuration(runs: &[PlannedRun]) -> BTreeMap<&str, Vec<&PlannedRun>> {
    let mut configurations: BTreeMap<&str, Vec<&PlannedRun>> = BTreeMap::new();
    for run in runs {
        configurations.entry(&run.configuration).or_default().push(run);
    }
    configurations
}

/// A run's parameters without its seeds.
fn without_seeds(spec: &RunSpec) -> RunSpec {
    let mut spec = RunSpec { seed: 0, init_seed: None, order_seed: None, dropout_seed: None, ..spec.clone() };
    if let Evaluation::HeldOut { seed, .. } = &mut spec.dataset.evaluation {
        *seed = 0;
    }
    spec
}

/// The plan before, by configuration.
struct Earlier<'a> {
    entries: BTreeMap<&'a str, Vec<&'a RunEntry>>,
    /// The configuration that a run was of: it may have another name now.
    of_run: HashMap<&'a RunId, &'a str>,
    deciding: &'a BTreeMap<String, Vec<u64>>,
}

impl<'a> Earlier<'a> {
    fn new(before: &'a SweepRecord) -> Self {
        // What a search chose later is in no sweep file, so it has not been taken out of one either.
        let later = before.later_runs();
        let planned = || before.runs.iter().filter(|entry| !later.contains(&entry.id));
        let mut entries: BTreeMap<&str, Vec<&RunEntry>> = BTreeMap::new();
        for entry in planned() {
            entries.entry(&entry.configuration).or_default().push(entry);
        }
        let of_run = planned().map(|entry| (&entry.id, entry.configuration.as_str())).collect();
        Self { entries, of_run, deciding: &before.deciding }
    }

    /// The seeds that go on to decide, where those planned now are others. None where the plan may change: nothing could be
    /// seen, or parameters or the contents of model or data are others now.
    fn seeds(&self, now: &[&PlannedRun], ended: &dyn Fn(&RunId) -> bool) -> Option<Vec<u64>> {
        let first = now.first()?;
        let known = now.iter().find_map(|run| self.of_run.get(&run.id).copied());
        let parameters = without_seeds(&first.spec);
        let mut entries = self.entries.get(known.unwrap_or(&first.configuration))?.clone();
        entries.retain(|entry| without_seeds(&entry.spec) == parameters);
        let mut there: Vec<&RunEntry> = entries.iter().copied().filter(|entry| !entry.removed).collect();
        if there.is_empty() {
            there = entries.iter().copied().filter(|entry| ended(&entry.id)).collect();
        }
        let planned = match self.deciding.get(&there.first()?.configuration) {
            Some(seeds) => seeds.clone(),
            None => there.iter().map(|entry| entry.spec.seed).collect(),
        };
        let seeds: Vec<u64> = now.iter().map(|run| run.spec.seed).collect();
        if planned == seeds || is_replaced(&there, now) {
            return None;
        }
        // What was taken out of the sweep file may have been seen, too, unless another run stands for it.
        let stands = |entry: &RunEntry| !there.iter().any(|other| other.spec.seed == entry.spec.seed);
        let withdrawn = entries.iter().copied().filter(|entry| entry.removed && stands(entry));
        let decided = there.iter().copied().chain(withdrawn).filter(|entry| planned.contains(&entry.spec.seed));
        (decided.filter(|entry| ended(&entry.id)).take(SEEN).count() == SEEN).then_some(planned)
    }
}

/// Whether a seed stands for another run than before: model or data have other contents.
fn is_replaced(before: &[&RunEntry], now: &[&PlannedRun]) -> bool {
    before.iter().any(|entry| now.iter().any(|run| run.spec.seed == entry.spec.seed && run.id != entry.id))
}
