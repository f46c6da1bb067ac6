//! From a sweep's folder to the report's model.

use std::collections::BTreeMap;

use crate::event::best_epoch;
use crate::spec::{HypothesisMetric, Metric, PackId, RunId};
use crate::store::{ExecutorKind, RunView, Store};
use crate::words::counted;

use super::ReportError;
use super::model::{Configuration, Report, Run};
use super::search::{self, Found, Trial};
use super::{aggregate, answers, best, observations, pairing, statistics, verdicts};

/// Reads a sweep and weighs its evidence. Records that cannot be read are left out and told in `damages`.
///
/// # Errors
/// The folder itself or the plan in it cannot be read.
pub(super) fn collect(store: &Store) -> Result<Report, ReportError> {
    let mut report = read(store)?;
    answers::read(store, &mut report);
    compare(&mut report);
    report.observed = observations::judge(&report, &store.record().observations);
    Ok(report)
}

/// What a search has found, without all else that a report has. None where the sweep file names all runs.
///
/// # Errors
/// As [`collect`].
pub(super) fn search(store: &Store) -> Result<Option<Found>, ReportError> {
    let mut report = read(store)?;
    answers::read_confirmed(store, &mut report);
    tell_apart(&mut report);
    Ok(report.search)
}

/// What the predictions say of the configurations that a search has confirmed.
fn tell_apart(report: &mut Report) {
    if let Some(mut found) = report.search.take() {
        search::tell_apart(report, &found.evidence, &mut found.outcome);
        report.search = Some(found);
    }
}

/// Reads a sweep without its predictions.
///
/// # Errors
/// As [`collect`].
pub(super) fn read(store: &Store) -> Result<Report, ReportError> {
    let record = store.record();
    let views: Vec<RunView> = store.runs()?.into_iter().filter(|view| !view.removed).collect();
    let mut names: Vec<String> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut damages = Vec::new();
    let mut runs = Vec::with_capacity(views.len());
    let mut memory = PackMemory { store, known: BTreeMap::new() };
    for view in views {
        let configuration = *places.entry(view.run.configuration.clone()).or_insert_with(|| {
            names.push(view.run.configuration.clone());
            names.len() - 1
        });
        let taken = memory.per_run(view.pack.as_ref(), &mut damages);
        runs.push(Run { memory: taken, ..read_run(store, view, configuration, &mut damages) });
    }
    let baseline = record.baseline.as_ref().and_then(|name| places.get(name).copied());
    let device_seconds = device_seconds(store, &runs)?;
    let labels: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = search::read(record, &runs, &labels).map(Found::of);
    Ok(Report {
        name: record.name.clone(),
        description: record.description.clone(),
        folder: store.layout().folder().to_owned(),
        rehearsal: record.rehearsal,
        invented: record.executor == ExecutorKind::Mock,
        baseline,
        configurations: configurations(&runs, names, found.as_ref()),
        runs,
        changes: record.changes.clone(),
        scaled: record.scaled.clone(),
        reference: record.reference.clone(),
        hypotheses: record.hypotheses.clone(),
        looks: record.looks.clone(),
        deciding: record.deciding.clone(),
        late: record.late.clone(),
        dropped: record.dropped.clone(),
        judged: Vec::new(),
        search: found,
        observed: Vec::new(),
        device_seconds: Some(device_seconds),
        damages,
        command: record.command.clone(),
        created: record.created.clone(),
        changed: record.changed.clone(),
    })
}

/// What needs the predictions: differences from the baseline, and the hypotheses.
fn compare(report: &mut Report) {
    if let Some(baseline) = report.baseline {
        let data = |index: usize| report.runs_of(&report.configurations[index]).next().map(|run| &run.spec.dataset);
        let effect = |index: usize| {
            data(index).zip(data(baseline)).filter(|(own, base)| best::are_judged_alike(own, base))?;
            let own = report.figured(&report.configurations[index]);
            let pairs = pairing::by_seed(own, report.figured(&report.configurations[baseline]));
            pairing::effect(&pairs, HypothesisMetric::Best(Metric::ACCURACY)).ok()
        };
        let effects: Vec<_> = (0..report.configurations.len())
            .map(|index| if index == baseline { None } else { effect(index) })
            .collect();
        for (configuration, effect) in report.configurations.iter_mut().zip(effects) {
            configuration.versus_baseline = effect;
        }
    }
    tell_apart(report);
    report.judged = verdicts::judge(report);
}

/// The same report with a single run.
///
/// # Errors
/// [`ReportError::Unknown`] where the sweep has no such run.
pub(super) fn only(report: &Report, run: &RunId) -> Result<Report, ReportError> {
    let Some(found) = report.runs.iter().find(|candidate| candidate.id == *run) else {
        let hint = format!("{} has {}", report.folder.display(), counted(report.runs.len(), "other run"));
        return Err(ReportError::Unknown { name: run.to_string(), hint });
    };
    let baseline = report.is_baseline(found.configuration).then_some(0);
    let runs = vec![Run { configuration: 0, ..found.clone() }];
    Ok(Report {
        name: format!("{}: {}", report.name, found.label),
        baseline,
        configurations: configurations(&runs, vec![found.label.clone()], None),
        runs,
        device_seconds: None,
        hypotheses: Vec::new(),
        judged: Vec::new(),
        search: None,
        observed: Vec::new(),
        ..report.clone()
    })
}

/// How long devices were busy: the runs of a pack train at the same time, those that wait for the same place in it one after
/// the other, so a pack takes as long as its longest place.
fn device_seconds(store: &Store, runs: &[Run]) -> Result<f64, ReportError> {
    let seconds = |run: &Run| run.epochs.iter().map(|epoch| epoch.seconds).sum::<f64>();
    let of_run: BTreeMap<&RunId, f64> = runs.iter().map(|run| (&run.id, seconds(run))).collect();
    let of_place = |place: &Vec<RunId>| place.iter().filter_map(|run| of_run.get(run)).sum::<f64>();
    let packs = store.packs()?.packs;
    Ok(packs.iter().map(|pack| pack.plan.places.iter().map(of_place).fold(0.0, f64::max)).sum())
}

/// What packs took of memory, each read once.
struct PackMemory<'a> {
    store: &'a Store,
    known: BTreeMap<PackId, Option<u64>>,
}

impl PackMemory<'_> {
    /// Bytes per run.
    fn per_run(&mut self, pack: Option<&PackId>, damages: &mut Vec<String>) -> Option<u64> {
        let pack = pack?;
        if let Some(known) = self.known.get(pack) {
            return *known;
        }
        let record = self.store.memory(pack).unwrap_or_else(|error| {
            damages.push(error.to_string());
            None
        });
        let taken = record.map(|record| record.per_run());
        self.known.insert(pack.clone(), taken);
        taken
    }
}

fn read_run(store: &Store, view: RunView, configuration: usize, damages: &mut Vec<String>) -> Run {
    let id = view.run.id;
    damages.extend(view.damage.map(|damage| format!("{}: {damage}", view.run.label)));
    let started = view.state != crate::store::RunState::Pending;
    let mut readable = |error: crate::store::StoreError| damages.push(error.to_string());
    let epochs = if started { store.epochs(&id).map_err(&mut readable).unwrap_or_default() } else { Vec::new() };
    let record = if started { store.run_record(&id).map_err(&mut readable).ok().flatten() } else { None };
    let best = match &view.best {
        Some(best) => epochs.iter().position(|epoch| epoch.epoch == best.epoch),
        None => best_epoch(&epochs, view.run.spec.metric_for_best)
            .and_then(|best| epochs.iter().position(|epoch| epoch.epoch == best.epoch)),
    };
    // A damaged result is told by the view.
    let result = store.result(&id).ok().flatten().filter(|_| view.state.is_final());
    let extended_from = result.as_ref().and_then(|result| result.extended_from);
    let finished = result.map(|result| result.finished);
    let (facts, versions, begun) = match record {
        Some(record) => (Some(record.facts), Some(record.versions), Some(record.started)),
        None => (None, None, None),
    };
    Run {
        id,
        label: view.run.label,
        configuration,
        changes: view.changes,
        spec: view.run.spec,
        state: view.state,
        stopped_because: view.stopped_because,
        extended_from,
        reason: view.reason,
        device: view.device,
        started: begun,
        finished,
        epochs,
        best,
        facts,
        memory: None,
        versions,
        test: view.test,
        answers: None,
        last_answers: None,
    }
}

fn configurations(runs: &[Run], names: Vec<String>, found: Option<&Found>) -> Vec<Configuration> {
    let trials = found.iter().flat_map(|found| &found.evidence.trials);
    let trials: BTreeMap<&str, &Trial> = trials.map(|trial| (trial.configuration.as_str(), trial)).collect();
    let mut members = vec![Vec::new(); names.len()];
    for (index, run) in runs.iter().enumerate() {
        members[run.configuration].push(index);
    }
    let configuration = |(name, members): (String, Vec<usize>)| {
        let trial = trials.get(name.as_str());
        let confirmed = trial.is_some_and(|trial| trial.fresh_summary().is_some());
        let chosen = trial.map(|trial| if confirmed { &trial.fresh } else { &trial.runs });
        let is_figured = |index: &usize| chosen.is_none_or(|chosen| chosen.iter().any(|run| run.id == runs[*index].id));
        let figured: Vec<usize> = members.iter().copied().filter(is_figured).collect();
        let of_figures = || figured.iter().map(|&index| &runs[index]);
        Configuration {
            name,
            curve: aggregate::curve(members.iter().map(|&index| &runs[index])),
            best: aggregate::best(of_figures()),
            accuracy_interval: statistics::accuracy_interval(of_figures()),
            versus_baseline: None,
            runs: members,
            confirmed,
            figured,
        }
    };
    names.into_iter().zip(members).map(configuration).collect()
}
