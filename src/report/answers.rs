//! Which predictions a report needs, and reading them.

use std::collections::BTreeSet;

use crate::spec::HypothesisMetric;
use crate::store::{Predictions, Store};
use crate::task::Measurement;

use super::model::{Answers, Report, Run};
use super::no_figure::NoPredictions;

/// In sweeps with at most this many runs every configuration is compared with the baseline, example by example; in larger
/// ones the best configuration and those of hypotheses.
const EVERY_RUN: usize = 400;

/// Reads the predictions that the report needs into its runs. What cannot be read is told in `damages`.
pub(super) fn read(store: &Store, report: &mut Report) {
    let (wanted, of_last) = (wanted(report), wanted_of_last(report));
    for run in report.runs.iter_mut().filter(|run| run.ended_by_itself() && wanted.contains(&run.configuration)) {
        match of_run(store, run) {
            Ok(answers) => run.answers = Some(answers),
            Err(reason) => report.damages.push(reason.to_string()),
        }
        if of_last.contains(&run.configuration) {
            match of_last_epoch(store, run) {
                Ok(answers) => run.last_answers = answers,
                Err(reason) => report.damages.push(reason.to_string()),
            }
        }
    }
}

/// Reads the predictions of the configurations that a search has confirmed, and no others.
pub(super) fn read_confirmed(store: &Store, report: &mut Report) {
    let wanted = confirmed(report);
    for run in report.runs.iter_mut().filter(|run| run.ended_by_itself() && wanted.contains(&run.configuration)) {
        match of_run(store, run) {
            Ok(answers) => run.answers = Some(answers),
            Err(reason) => report.damages.push(reason.to_string()),
        }
    }
}

fn confirmed(report: &Report) -> BTreeSet<usize> {
    let names: BTreeSet<&str> = report.search.iter().flat_map(|found| found.confirmed()).collect();
    let is_confirmed = |index: &usize| names.contains(report.configurations[*index].name.as_str());
    (0..report.configurations.len()).filter(is_confirmed).collect()
}

/// The predictions of a completed run on the examples that it is judged on.
///
/// # Errors
/// There are none.
pub(super) fn of_run(store: &Store, run: &Run) -> Result<Answers, NoPredictions> {
    let predictions = if run.has_test() { store.test_predictions(&run.id) } else { store.predictions(&run.id) };
    let predictions = predictions?.ok_or_else(|| NoPredictions::Absent { run: run.label.clone() })?;
    answers(predictions).ok_or_else(|| NoPredictions::NoProbabilities { run: run.label.clone() })
}

/// The same of its last epoch; none where that is the best one, and in results of older versions.
fn of_last_epoch(store: &Store, run: &Run) -> Result<Option<Answers>, NoPredictions> {
    let predictions =
        if run.has_test() { store.last_test_predictions(&run.id) } else { store.last_predictions(&run.id) };
    Ok(predictions?.and_then(answers))
}

/// Configurations of which the last epoch's predictions are needed: those of hypotheses about it.
fn wanted_of_last(report: &Report) -> BTreeSet<usize> {
    let is_about = |metric| matches!(metric, HypothesisMetric::Last(_));
    let named: BTreeSet<&String> = report
        .hypotheses
        .iter()
        .filter(|hypothesis| is_about(hypothesis.metric))
        .flat_map(|hypothesis| hypothesis.vary.treatments.iter().chain([&hypothesis.vary.baseline]))
        .collect();
    (0..report.configurations.len()).filter(|&i| named.contains(&report.configurations[i].name)).collect()
}

/// Configurations whose predictions are needed.
fn wanted(report: &Report) -> BTreeSet<usize> {
    if report.runs.len() <= EVERY_RUN {
        return (0..report.configurations.len()).collect();
    }
    let named: BTreeSet<&String> = report
        .hypotheses
        .iter()
        .flat_map(|hypothesis| hypothesis.vary.treatments.iter().chain([&hypothesis.vary.baseline]))
        .collect();
    let of_hypotheses = (0..report.configurations.len()).filter(|&i| named.contains(&report.configurations[i].name));
    let best = report.rankings().into_iter().filter_map(|ranking| ranking.best_first.first().copied());
    of_hypotheses.chain(report.baseline).chain(best).chain(confirmed(report)).collect()
}

fn answers(Predictions { targets, rows }: Predictions) -> Option<Answers> {
    let measured: Vec<Measurement> = rows.iter().map(|row| targets.task().measure(row)).collect::<Option<_>>()?;
    Some(Answers {
        examples: rows.iter().map(|row| row.example).collect(),
        labels: rows.iter().map(|row| row.label).collect(),
        predicted: rows.iter().map(|row| row.predicted).collect(),
        confidences: measured.iter().map(|of| of.confidence).collect(),
        losses: measured.iter().map(|of| of.loss).collect(),
        targets,
    })
}
