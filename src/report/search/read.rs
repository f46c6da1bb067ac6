//! From the plan and its runs to the evidence of a search.

use std::collections::{BTreeMap, HashMap};

use crate::event::StopReason;
use crate::metrics::Metric;
use crate::spec::{Point, RunId};
use crate::store::{GenerationRecord, RunState, RunView, SweepRecord};

use super::evidence::{Evidence, Trial, TrialRun};
use crate::report::model::Run;
use crate::report::trained_tokens::trained_tokens;

/// What came of a search. None where the sweep file names all of its runs.
pub(in crate::report) fn read(record: &SweepRecord, runs: &[Run], configurations: &[&str]) -> Option<Evidence> {
    let metric = record.search.as_ref()?.settings.metric;
    let pauses = pauses(&record.generations);
    let runs = runs.iter().map(|run| of_run(run, configurations[run.configuration], metric, &pauses));
    of_runs(record, runs.collect())
}

/// The same without what only the runs' own folders tell: enough to say how far a search has come.
pub fn of_views(record: &SweepRecord, views: &[RunView]) -> Option<Evidence> {
    let metric = record.search.as_ref()?.settings.metric;
    let pauses = pauses(&record.generations);
    let present = views.iter().filter(|view| !view.removed);
    of_runs(record, present.map(|view| of_view(view, metric, &pauses)).collect())
}

fn of_runs(record: &SweepRecord, runs: Vec<TrialRun>) -> Option<Evidence> {
    let search = record.search.as_ref()?;
    let mut by_configuration: HashMap<String, Vec<TrialRun>> = HashMap::new();
    for run in runs {
        by_configuration.entry(run.configuration.clone()).or_default().push(run);
    }
    let mut trials: Vec<Trial> = Vec::new();
    for generation in &record.generations {
        for tried in &generation.points {
            // The plan was checked when it was read; a point of another space has no place in a chart.
            let Some(point) = Point::read(&tried.point, &search.space) else {
                continue;
            };
            let all = by_configuration.get(&tried.configuration).cloned().unwrap_or_default();
            let (runs, fresh) = all.into_iter().partition(|run| search.settings.seeds.contains(&run.seed));
            trials.push(Trial {
                number: trials.len() + 1,
                generation: generation.number,
                configuration: tried.configuration.clone(),
                point,
                runs,
                fresh,
                seeds: search.settings.seeds.len(),
            });
        }
    }
    let (mut settings, space) = (search.settings.clone(), search.space.clone());
    // A rule without a rung before the last epoch stops nothing.
    settings.stop = settings.stop.filter(|_| record.generations.iter().any(|generation| !generation.until.is_empty()));
    Some(Evidence { settings, space, generations: record.generations.len(), trials })
}

/// Where a run pauses, with its value there as far as the plan records it.
struct Pause {
    epoch: usize,
    value: Option<f64>,
}

/// The runs that pause in the last generation that has them.
fn pauses(generations: &[GenerationRecord]) -> BTreeMap<&RunId, Pause> {
    let mut pauses = BTreeMap::new();
    for (position, generation) in generations.iter().enumerate() {
        for run in &generation.runs {
            pauses.remove(run);
            let Some(&epoch) = generation.until.get(run) else {
                continue;
            };
            let results = generations.get(position + 1).map_or(&[][..], |next| next.results.as_slice());
            let result = results.iter().find(|result| result.run == *run && result.paused_at == Some(epoch));
            pauses.insert(run, Pause { epoch, value: result.and_then(|result| result.value) });
        }
    }
    pauses
}

/// One that stopped early by its own rule, before the search let it pause, has ended. One that somebody had trained further counts
/// at its pause, as it does for the search.
fn paused_at(pauses: &BTreeMap<&RunId, Pause>, id: &RunId, state: RunState, epochs: usize) -> Option<usize> {
    let pause = pauses.get(id).filter(|_| matches!(state, RunState::Completed | RunState::Stopped))?;
    Some(pause.epoch).filter(|epoch| epochs >= *epoch)
}

/// One that did not come to where the search lets it pause, or to its end, because somebody stopped it, counts as far as it came.
fn stopped_at(because: Option<StopReason>, epochs: usize) -> Option<usize> {
    because.filter(|because| because.cuts_short()).map(|_| epochs)
}

fn of_run(run: &Run, configuration: &str, metric: Metric, pauses: &BTreeMap<&RunId, Pause>) -> TrialRun {
    let epochs = run.epochs.last().map_or(0, |epoch| epoch.epoch);
    let paused_at = paused_at(pauses, &run.id, run.state, epochs);
    let epoch = match (run.state, paused_at) {
        (_, Some(pause)) => run.epochs.iter().find(|epoch| epoch.epoch == pause),
        (RunState::Completed | RunState::Stopped, None) => run.best_epoch(),
        _ => None,
    };
    TrialRun {
        id: run.id.clone(),
        configuration: configuration.to_owned(),
        seed: run.spec.seed,
        state: run.state,
        ended_by_itself: run.ended_by_itself(),
        value: epoch.map(|epoch| epoch.metric(metric)).filter(|value| value.is_finite()),
        test: run.test.and_then(|test| test.best.metric(metric)).filter(|_| run.ended_by_itself()),
        paused_at: paused_at.or(stopped_at(run.stopped_because, epochs)),
        epochs,
        tokens: trained_tokens(run),
        examples: run.facts.as_ref().map(|facts| facts.eval_examples),
    }
}

fn of_view(view: &RunView, metric: Metric, pauses: &BTreeMap<&RunId, Pause>) -> TrialRun {
    let id = &view.run.id;
    let paused_at = paused_at(pauses, id, view.state, view.epochs);
    let best = || view.best.as_ref().map(|best| best.metric(metric)).filter(|value| value.is_finite());
    TrialRun {
        id: id.clone(),
        configuration: view.run.configuration.clone(),
        seed: view.run.spec.seed,
        state: view.state,
        ended_by_itself: view.ended_by_itself(),
        value: match (view.state, paused_at) {
            (_, Some(_)) => pauses.get(id).and_then(|pause| pause.value),
            (RunState::Completed | RunState::Stopped, None) => best(),
            _ => None,
        },
        test: None,
        paused_at: paused_at.or(stopped_at(view.stopped_because, view.epochs)),
        epochs: view.epochs,
        tokens: None,
        examples: None,
    }
}
