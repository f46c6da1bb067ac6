//! Which runs go on after a rung.
//!
//! Decisions are taken between generations, when all runs of a generation have reached their rungs; so they depend on results
//! and never on who was faster.

use crate::search::generation::Generation;
use crate::search::search::SearchError;
use crate::spec::{PlannedRun, SearchSettings, StopRule};

use super::budget::Budget;
use super::history::{History, Trial};

/// The epoch at which a new run pauses; none where it is trained to its end.
pub fn first_rung(settings: &SearchSettings, epochs: usize) -> Option<usize> {
    settings.stop.as_ref()?.rungs(epochs).first().copied()
}

/// Adds the trials that pause and go on, the best first, as long as the budget lasts.
pub fn add_promoted(
    settings: &SearchSettings,
    history: &History<'_>,
    budget: &mut Budget<'_>,
    generation: &mut Generation,
) -> Result<(), SearchError> {
    let Some(rule) = &settings.stop else {
        return Ok(());
    };
    let trials = history.trials();
    let mut promoted: Vec<&Trial> = trials.iter().filter(|trial| goes_on(rule, trial, trials)).collect();
    promoted.sort_by(|a, b| score(b).total_cmp(&score(a)));
    for trial in promoted {
        let segment =
            |run| (run, trial.paused_at.unwrap_or_default(), next_pause(rule, trial).unwrap_or(epochs(trial)));
        let runs = going_on(history, trial, generation);
        if budget.takes(&mut runs.iter().map(segment))? {
            add(rule, trial, runs, generation);
        }
    }
    Ok(())
}

/// Where nothing has been trained to its end and nothing else is left to do, the best of those that got furthest.
pub fn add_last(settings: &SearchSettings, history: &History<'_>, generation: &mut Generation) {
    let Some(rule) = &settings.stop else {
        return;
    };
    let trials = history.trials();
    if trials.iter().any(Trial::has_ended) {
        return;
    }
    let paused = trials.iter().filter(|trial| trial.score.is_some() && trial.stopped_at.is_none());
    let key = |trial: &&Trial| (trial.paused_at, score(trial));
    let best = paused.max_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    if let Some(best) = best {
        let runs = going_on(history, best, generation);
        add(rule, best, runs, generation);
    }
}

/// The runs of a trial that go on with it: those that pause, once each. (In plans of older versions trials may share runs; and one
/// that the sweep file names as well is trained to its end in any case.)
fn going_on(history: &History<'_>, trial: &Trial, generation: &Generation) -> Vec<PlannedRun> {
    let is_there = |run: &PlannedRun| generation.runs.iter().any(|other| other.id == run.id);
    trial.runs.iter().filter(|run| history.pauses(&run.id) && !is_there(run)).cloned().collect()
}

fn add(rule: &StopRule, trial: &Trial, runs: Vec<PlannedRun>, generation: &mut Generation) {
    for run in runs {
        if let Some(epoch) = next_pause(rule, trial) {
            generation.until.insert(run.id.clone(), epoch);
        }
        generation.runs.push(run);
    }
}

fn score(trial: &Trial) -> f64 {
    trial.score.unwrap_or(f64::NEG_INFINITY)
}

fn epochs(trial: &Trial) -> usize {
    trial.runs.first().map_or(0, |run| run.spec.epochs)
}

/// The rung after the one at which a trial pauses; none: the end.
fn next_pause(rule: &StopRule, trial: &Trial) -> Option<usize> {
    let now = trial.paused_at.unwrap_or_default();
    rule.rungs(epochs(trial)).into_iter().find(|rung| *rung > now)
}

fn goes_on(rule: &StopRule, trial: &Trial, trials: &[Trial]) -> bool {
    let (Some(rung), Some(own), None) = (trial.paused_at, trial.score, trial.stopped_at) else {
        return false;
    };
    let reached: Vec<(f64, bool)> = trials
        .iter()
        .filter_map(|other| {
            let score = other.at_rungs.get(&rung)?.unwrap_or(f64::NEG_INFINITY);
            Some((score, std::ptr::eq(other, trial)))
        })
        .collect();
    match *rule {
        StopRule::Asha { reduction_factor, .. } => {
            let better = reached.iter().filter(|(score, _)| *score > own).count();
            // Of equals the earlier ones come first.
            let before = reached.iter().take_while(|(_, is_it)| !is_it).filter(|(score, _)| *score == own).count();
            better + before < reached.len() / reduction_factor
        }
        StopRule::Median { startup, .. } => {
            let mut others: Vec<f64> = reached.iter().filter(|(_, is_it)| !is_it).map(|(score, _)| *score).collect();
            others.sort_by(f64::total_cmp);
            others.len() < startup || own >= median(&others)
        }
    }
}

/// Of sorted values.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NEG_INFINITY,
        length if length % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}
