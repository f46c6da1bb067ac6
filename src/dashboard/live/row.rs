//! What of a run changes while it is trained, as a row of numbers.

use crate::event::EpochRecord;
use crate::metrics::{Metric, Table};
use crate::store::RunView;

use super::cell::Cell;
use super::texts::Interned;

/// The columns before the metrics. `device`, `worker`, `reason` and `damage` are numbers of texts.
const FIXED: [&str; 16] = [
    "state",
    "epochs",
    "best_epoch",
    "step",
    "steps",
    "device",
    "worker",
    "loss",
    "speed",
    "left",
    "seconds",
    "memory",
    "parameters",
    "stopped_after",
    "reason",
    "damage",
];

/// Figures of an epoch that are no metrics, beside all metrics.
const FIGURES: [&str; 5] = ["train_eval_loss", "learning_rate", "seconds", "examples_per_second", "tokens_per_second"];

/// Curves that a page can show, in the order in which changes have their values: all metrics, then [`FIGURES`].
pub fn curves() -> Vec<&'static str> {
    Metric::all().map(Metric::name).chain(FIGURES).collect()
}

/// The value of an epoch by the name of a curve.
pub fn curve_value(record: &EpochRecord, name: &str) -> Cell {
    match name {
        "train_eval_loss" => record.train_eval_loss.into(),
        "learning_rate" => Cell::of(record.learning_rate),
        "seconds" => Cell::of(record.seconds),
        "examples_per_second" => Cell::of(record.examples_per_second),
        "tokens_per_second" => Cell::of(record.tokens_per_second),
        name => Metric::named(name).and_then(|metric| record.metrics.get(metric)).into(),
    }
}

/// The columns of rows: fixed ones, `metric:NAME` at the best epoch, `test:NAME` of runs with a test.
pub fn columns(ranking: Metric, tested: bool) -> Vec<String> {
    let fixed = FIXED.iter().map(|name| (*name).to_owned());
    let metrics = metrics(ranking).into_iter().map(|metric| format!("metric:{}", metric.name()));
    let tests = tests(ranking).into_iter().filter(|_| tested).map(|metric| format!("test:{}", metric.name()));
    fixed.chain(metrics).chain(tests).collect()
}

/// The metrics of the table of runs, and the one that ranks them.
pub fn metrics(ranking: Metric) -> Vec<Metric> {
    let mut metrics = Metric::shown_in(Table::Runs);
    if !metrics.contains(&ranking) {
        metrics.insert(0, ranking);
    }
    metrics
}

fn tests(ranking: Metric) -> Vec<Metric> {
    let mut tests = vec![Metric::ACCURACY, Metric::EVAL_LOSS];
    if !ranking.is_of_training() && !tests.contains(&ranking) {
        tests.push(ranking);
    }
    tests
}

/// A run as a row of [`columns`].
pub fn row(view: &RunView, memory: Option<u64>, ranking: Metric, tested: bool, texts: &mut Interned) -> Vec<Cell> {
    let progress = view.progress.as_ref();
    let best = view.best.as_ref();
    let mut row = vec![
        Cell::count(view.state as usize),
        Cell::count(view.epochs),
        best.map(|best| best.epoch).into(),
        progress.map(|at| at.step).into(),
        progress.map(|at| at.steps).into(),
        texts.cell(view.device.as_deref()),
        texts.cell(view.worker.as_deref()),
        progress.and_then(|at| at.train_loss).into(),
        progress.and_then(|at| at.examples_per_second).into(),
        progress.and_then(|at| at.seconds_left).into(),
        Cell::of(view.seconds),
        memory.map(|bytes| bytes as f64).into(),
        view.trainable_parameters.into(),
        view.stopped_after.into(),
        texts.cell(view.reason.as_deref()),
        texts.cell(view.damage.as_deref()),
    ];
    row.extend(metrics(ranking).into_iter().map(|metric| Cell::from(best.and_then(|best| best.metrics.get(metric)))));
    if tested {
        let of_test = |metric| view.test.as_ref().and_then(|test| test.best.metric(metric));
        row.extend(tests(ranking).into_iter().map(|metric| Cell::from(of_test(metric))));
    }
    row
}

#[cfg(test)]
mod tests_of_rows {
    use super::*;

    #[test]
    fn every_curve_has_a_name_of_its_own() {
        let mut names = curves();
        assert_eq!(names.len(), Metric::all().len() + FIGURES.len());
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Metric::all().len() + FIGURES.len());
    }
}
