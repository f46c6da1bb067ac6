//! Which predictions a report needs, and reading them.

use std::collections::BTreeSet;

use crate::metrics;
use crate::store::{Predictions, Store};

use super::model::{Answers, Report};

/// In sweeps with at most this many runs every configuration is compared with the baseline, example by example; in larger
/// ones the best configuration and those of hypotheses.
const EVERY_RUN: usize = 400;

/// Reads the predictions that the report needs into its runs. What cannot be read is told in `damages`.
pub(super) fn read(store: &Store, report: &mut Report) {
    let wanted = wanted(report);
    for index in 0..report.runs.len() {
        let run = &report.runs[index];
        if !run.completed() || !wanted.contains(&run.configuration) {
            continue;
        }
        let label = run.label.clone();
        match store.predictions(&run.id) {
            Ok(Some(predictions)) => match answers(predictions) {
                Some(answers) => report.runs[index].answers = Some(answers),
                None => report.damages.push(format!("{label}: its predictions have labels without a probability")),
            },
            Ok(None) => report.damages.push(format!("{label}: it has no predictions")),
            Err(error) => report.damages.push(error.to_string()),
        }
    }
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
    of_hypotheses.chain(report.baseline).chain(report.ranking().first().copied()).collect()
}

fn answers(predictions: Predictions) -> Option<Answers> {
    let rows = predictions.rows;
    Some(Answers {
        class_names: predictions.class_names,
        examples: rows.iter().map(|row| row.example).collect(),
        labels: rows.iter().map(|row| row.label).collect(),
        predicted: rows.iter().map(|row| row.predicted).collect(),
        confidences: rows.iter().map(|row| metrics::confidence(&row.probabilities)).collect::<Option<_>>()?,
        losses: rows.iter().map(|row| metrics::log_loss(&row.probabilities, row.label)).collect::<Option<_>>()?,
    })
}
