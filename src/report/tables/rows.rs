//! The rows that all tables share: one per configuration.

use std::collections::BTreeMap;

use crate::metrics::{Interval, Summary};
use crate::report::model::{Configuration, Report};
use crate::spec::Metric;
use crate::words::counted;

/// A configuration's line in a table.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) index: usize,
    pub(crate) configuration: &'a Configuration,
    pub(crate) baseline: bool,
    /// Its data set's place among those of the sweep.
    pub(crate) data_set: usize,
    /// Runs that came to their end: those that its figures are of.
    pub(crate) ended: usize,
    /// Those of them that their own `early_stopping` ended.
    pub(crate) early: usize,
    pub(crate) planned: usize,
    /// The other runs by state: `1 diverged, 2 waiting`.
    pub(crate) unfinished: String,
    /// Mean epoch (counted from 1) at which those that came to their end were best.
    pub(crate) best_epoch: Option<f64>,
    pub(crate) trainable_parameters: Option<usize>,
    pub(crate) total_parameters: Option<usize>,
    /// Mean seconds per run.
    pub(crate) seconds: Option<f64>,
}

impl Row<'_> {
    pub(crate) fn spread(&self, name: Metric) -> Option<Summary> {
        self.configuration.best.get(&name).copied()
    }

    /// What stands behind its name.
    pub(crate) fn mark(&self) -> &'static str {
        match (self.baseline, self.configuration.confirmed) {
            (true, _) => " (baseline)",
            (false, true) => " (confirmed)",
            (false, false) => "",
        }
    }

    /// How many runs its figures are of: `3`, `3 (1 ended early)`, `2 of 3 (1 failed)`.
    pub(crate) fn runs(&self) -> String {
        let early = (self.early > 0).then(|| format!("{} ended early", self.early));
        let notes: Vec<String> =
            early.into_iter().chain(Some(self.unfinished.clone()).filter(|text| !text.is_empty())).collect();
        let of = if self.ended < self.planned { format!(" of {}", self.planned) } else { String::new() };
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        format!("{}{of}{notes}", self.ended)
    }

    pub(crate) fn interval(&self) -> Option<Interval> {
        self.configuration.accuracy_interval
    }
}

/// One row per configuration, in plan order.
pub(crate) fn rows(report: &Report) -> Vec<Row<'_>> {
    let data_sets = report.data_sets_of_configurations();
    let of = |(index, (configuration, data_set))| row(report, index, configuration, data_set);
    report.configurations.iter().zip(data_sets).enumerate().map(of).collect()
}

/// More configurations than this are too many for a table that people read.
const MOST_ROWS: usize = 60;
/// Of those so many are shown.
const BEST_ROWS: usize = 30;

/// The rows of a table for people: all of them, or, of very many, the best by their metric and the baseline, with a sentence
/// that says so.
pub(crate) fn shown<'r, 'a>(report: &Report, rows: &'r [Row<'a>]) -> (Vec<&'r Row<'a>>, Option<String>) {
    if rows.len() <= MOST_ROWS {
        return (rows.iter().collect(), None);
    }
    let ranking = report.ranking();
    let mut best: Vec<usize> =
        ranking.into_iter().filter(|&index| !report.is_baseline(index)).take(BEST_ROWS).collect();
    best.sort_by_key(|&index| rows[index].data_set);
    let shown = report.baseline.into_iter().chain(best.iter().copied()).filter_map(|index| rows.get(index)).collect();
    let (best, all) = (best.len(), counted(rows.len(), "configuration"));
    let which = if report.has_several_data_sets() { "The best of each data set," } else { "The best" };
    (shown, Some(format!("{which} {best} of {all}; all of them are in summary.csv.")))
}

fn row<'a>(report: &'a Report, index: usize, configuration: &'a Configuration, data_set: usize) -> Row<'a> {
    let runs: Vec<_> = report.figured(configuration).collect();
    let ended: Vec<_> = runs.iter().filter(|run| run.ended_by_itself()).collect();
    let mut unfinished: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs.iter().filter(|run| !run.ended_by_itself()) {
        *unfinished.entry(run.state.name()).or_default() += 1;
    }
    let facts = runs.iter().find_map(|run| run.facts.as_ref());
    let best_epochs = ended.iter().filter_map(|run| Some(run.best_epoch()?.epoch as f64));
    let seconds = ended.iter().map(|run| run.epochs.iter().map(|epoch| epoch.seconds).sum::<f64>());
    Row {
        index,
        configuration,
        baseline: report.is_baseline(index),
        data_set,
        ended: ended.len(),
        early: ended.iter().filter(|run| run.ended_early()).count(),
        planned: runs.len(),
        unfinished: unfinished.iter().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", "),
        best_epoch: mean(best_epochs),
        trainable_parameters: facts.map(|facts| facts.trainable_parameters),
        total_parameters: facts.map(|facts| facts.total_parameters),
        seconds: mean(seconds),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// What the figures of a search's samples are; none where none of them is confirmed.
pub(crate) fn note_of_seeds(report: &Report) -> Option<&'static str> {
    report.configurations.iter().any(|configuration| configuration.confirmed).then_some(
        "Figures of confirmed samples are those of their fresh seeds, which chose nothing; figures of the others are those of the \
         seeds by which the search chose, and the best of them are too good.",
    )
}

/// Whether a row has the best mean of a metric among those of its data set; where some are confirmed, among those. Where there are
/// several data sets, a row that is alone on its own is not the best of anything.
pub(crate) fn is_best(row: &Row<'_>, rows: &[Row<'_>], name: Metric) -> bool {
    let some = rows.iter().any(|row| row.configuration.confirmed);
    let is_compared = |other: &&Row<'_>| other.data_set == row.data_set && (!some || other.configuration.confirmed);
    let mean = |row: &Row<'_>| row.spread(name).map(|spread| spread.mean).filter(|mean| mean.is_finite());
    let means: Vec<f64> = rows.iter().filter(is_compared).filter_map(mean).collect();
    let is_alone = means.len() == 1 && rows.iter().any(|other| other.data_set != row.data_set);
    let best = means.into_iter().reduce(if name.lower_is_better() { f64::min } else { f64::max });
    is_compared(&row) && !is_alone && best.is_some() && best == mean(row)
}

/// What is printed in bold, for a caption.
pub(crate) fn in_bold(report: &Report) -> &'static str {
    if report.has_several_data_sets() { "best on each data set in bold" } else { "best in bold" }
}

/// `92.1 ± 0.4` in percent, or `0.231 ± 0.004`; without ± where there is one seed.
pub(crate) fn mean_and_deviation(name: Metric, spread: Summary, plus_minus: &str) -> String {
    let (factor, decimals) = if !name.is_share() { (1.0, 3) } else { (100.0, 1) };
    let mean = format!("{:.decimals$}", spread.mean * factor);
    match spread.sd {
        Some(deviation) => format!("{mean}{plus_minus}{:.decimals$}", deviation * factor),
        None => mean,
    }
}
