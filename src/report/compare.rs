//! The paired comparison of two runs or configurations, as text for a terminal.

use std::path::{Path, PathBuf};

use crate::metrics::{ALPHA, LEVEL, McNemar, Metric, Scale, Table};
use crate::spec::HypothesisMetric;
use crate::store::{Store, sweep_folders};
use crate::words::{counted, spelled};

use super::error::Candidates;
use super::judged::judged_title;
use super::model::{Report, Run};
use super::no_figure::NoFigure;
use super::pairing::{self, Pairs};
use super::{ReportError, answers, collect, differences, metric, verdicts};

/// One side of a comparison: a run, or all runs of a configuration.
struct Side {
    name: String,
    /// The sweep's folder.
    folder: PathBuf,
    runs: Vec<Run>,
}

impl Side {
    /// Predictions that cannot be read stay missing; where they are needed the comparison says so.
    fn read_answers(&mut self) -> Result<(), ReportError> {
        let store = Store::open(&self.folder)?;
        for run in self.runs.iter_mut().filter(|run| run.ended_by_itself()) {
            run.answers = answers::of_run(&store, run).ok();
        }
        Ok(())
    }
}

/// Compares A with B (A minus B) at the best epoch, paired by seed and evaluation example.
///
/// A side is a run's folder, a run's id (or the beginning of one that no other run shares), a run's label or a
/// configuration's name, looked up in all sweeps of `results`; `SWEEP/NAME` looks in one sweep only. Two single runs are
/// compared whatever their seeds.
///
/// # Errors
/// [`ReportError::Unknown`] for a name that nothing or several things have, [`ReportError::Incomparable`] where the two
/// have no common examples or no completed runs.
pub fn compare(results: &Path, a: &str, b: &str) -> Result<String, ReportError> {
    let reports = read_all(results)?;
    let (mut left, mut right) = (find(&reports, results, a)?, find(&reports, results, b)?);
    for side in [&mut left, &mut right] {
        side.read_answers()?;
    }
    let pairs = pair(&left, &right);
    let incomparable =
        |reason: String| ReportError::Incomparable { a: left.name.clone(), b: right.name.clone(), reason };
    if left.folder == right.folder && (left.name == right.name || pairs.runs.iter().any(|(a, b)| a.id == b.id)) {
        return Err(incomparable("both are about the same run; name two that differ".to_string()));
    }
    if pairs.runs.is_empty() {
        return Err(incomparable("there is no completed pair of runs with the same seed".to_string()));
    }
    let mut text = format!("A  {}\nB  {}\n", left.name, right.name);
    let examples = pairs.runs[0].0.answers.as_ref().map_or(0, |answers| answers.examples.len());
    let tested = pairs.runs[0].0.has_test();
    let examples = counted(examples, if tested { "test example" } else { "evaluation example" });
    text.push_str(&format!("{} on {examples}, at the best epoch\n\n", pairs_words(&pairs)));
    text.push_str(&format!(
        "{:<16} {:>9} {:>9}  {:<14} {:<18} {}\n",
        "", "A", "B", "A \u{2212} B", "95 % interval", "p"
    ));
    for name in metrics() {
        text.push_str(&line(&pairs, name).map_err(|reason| incomparable(reason.to_string()))?);
    }
    text.push_str(&conclusion(&left, &right, &pairs));
    Ok(text)
}

fn read_all(results: &Path) -> Result<Vec<Report>, ReportError> {
    let folders: Vec<PathBuf> = if results.is_dir() { sweep_folders(results)? } else { Vec::new() };
    if folders.is_empty() {
        return Err(ReportError::NoResults { path: results.to_owned() });
    }
    folders.iter().map(|folder| collect::read(&Store::open(folder)?)).collect()
}

fn find(reports: &[Report], results: &Path, name: &str) -> Result<Side, ReportError> {
    let (scope, wanted) = match name.split_once('/') {
        Some((sweep, rest)) if reports.iter().any(|report| folder_name(report) == sweep) => {
            (Some(sweep.to_string()), rest)
        }
        _ => (None, name),
    };
    let by_path = Path::new(name).canonicalize().ok();
    let mut found: Vec<Side> = Vec::new();
    for report in reports.iter().filter(|report| scope.as_ref().is_none_or(|scope| folder_name(report) == *scope)) {
        found.extend(in_report(report, wanted, by_path.as_deref()));
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let hint = format!("give a run's folder, id or label, or a configuration's name, of {}", results.display());
            Err(ReportError::Unknown { name: name.to_string(), hint })
        }
        _ => {
            let names = found.into_iter().map(|side| side.name).collect();
            Err(ReportError::Ambiguous { name: name.to_string(), found: Candidates(names) })
        }
    }
}

fn folder_name(report: &Report) -> String {
    report.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn in_report(report: &Report, wanted: &str, path: Option<&Path>) -> Vec<Side> {
    let sweep = folder_name(report);
    let configuration = report.configurations.iter().find(|configuration| configuration.name == wanted);
    if let Some(configuration) = configuration {
        let runs = report.runs_of(configuration).cloned().collect();
        return vec![Side { name: format!("{sweep}/{wanted}"), folder: report.folder.clone(), runs }];
    }
    let runs_folder = report.folder.join("runs");
    let is_meant = |run: &&Run| {
        let folder = path.is_some_and(|path| runs_folder.join(&run.id.0).canonicalize().is_ok_and(|own| own == path));
        folder || run.label == wanted || (wanted.len() >= 4 && run.id.0.starts_with(wanted))
    };
    let side = |run: &Run| Side {
        name: format!("{sweep}/{} ({})", run.label, run.id),
        folder: report.folder.clone(),
        runs: vec![run.clone()],
    };
    report.runs.iter().filter(is_meant).map(side).collect()
}

/// Two single runs are a pair; configurations are paired by seed.
fn pair<'a>(left: &'a Side, right: &'a Side) -> Pairs<'a> {
    if let ([a], [b]) = (left.runs.as_slice(), right.runs.as_slice()) {
        let runs = if a.ended_by_itself() && b.ended_by_itself() { vec![(a, b)] } else { Vec::new() };
        return Pairs { runs, unpaired: 0 };
    }
    pairing::by_seed(left.runs.iter(), right.runs.iter())
}

fn pairs_words(pairs: &Pairs<'_>) -> String {
    let count = match pairs.runs.len() {
        1 => "One pair of runs".to_string(),
        pairs => format!("{} of runs", counted(pairs, "pair")),
    };
    match pairs.unpaired {
        0 => count,
        unpaired => format!("{count} ({} without a partner left out)", counted(unpaired, "run")),
    }
}

/// In the order of tables; confidence, which is neither good nor bad, comes last.
fn metrics() -> Vec<Metric> {
    let mut metrics = Metric::shown_in(Table::Comparison);
    metrics.sort_by_key(|metric| metric.is_share() && !metric.counts_examples());
    metrics
}

fn line(pairs: &Pairs<'_>, name: Metric) -> Result<String, NoFigure> {
    let effect = pairing::effect(pairs, HypothesisMetric::Best(name))?;
    let scale = HypothesisMetric::Best(name).scale();
    let side = |left: bool| {
        let values = pairs.runs.iter().filter_map(|(a, b)| (if left { a } else { b }).judged(name));
        values.sum::<f64>() / pairs.runs.len() as f64
    };
    let interval =
        effect.interval(LEVEL).map_or("–".to_string(), |interval| verdicts::interval_words(scale, interval));
    Ok(format!(
        "{:<16} {:>9} {:>9}  {:<14} {:<18} {}\n",
        judged_title(name, pairs.runs.iter().all(|(a, b)| a.has_test() && b.has_test())),
        metric::write(name, side(true)),
        metric::write(name, side(false)),
        verdicts::difference(scale, effect.estimate),
        interval,
        verdicts::p_words(effect.p_value(0.0))
    ))
}

fn conclusion(left: &Side, right: &Side, pairs: &Pairs<'_>) -> String {
    let mut text = String::new();
    if let [(a, b)] = pairs.runs.as_slice()
        && let (Some(x), Some(y)) = (&a.answers, &b.answers)
        && let Some(table) = McNemar::of(&x.correct(), &y.correct())
    {
        text.push_str(&format!(
            "\nOnly A is right on {}, only B on {} (exact McNemar, p {}).\n",
            counted(table.only_treatment as usize, "example"),
            table.only_baseline,
            verdicts::p_words(Some(table.p_value()))
        ));
    }
    let Ok(effect) = pairing::effect(pairs, HypothesisMetric::Best(Metric::ACCURACY)) else {
        return text;
    };
    let Some(interval) = effect.interval(LEVEL) else {
        return text;
    };
    text.push_str(&match effect.p_value(0.0) {
        Some(p) if p <= ALPHA => {
            let better = if effect.estimate > 0.0 { &left.name } else { &right.name };
            let by = effect.estimate.abs() * 100.0;
            let (low, high) = (interval.low.abs().min(interval.high.abs()), interval.low.abs().max(interval.high.abs()));
            let range = format!("{:.1} to {:.1} points with 95 % confidence", low * 100.0, high * 100.0);
            let range = if interval.contains(0.0) { String::new() } else { format!(" ({range})") };
            format!("\nThe difference in accuracy is significant at the 5 % level: {better} is better by {by:.1} points{range}.\n")
        }
        _ => {
            let bounds = verdicts::interval_words(Scale::Share, interval);
            format!("\nNo difference in accuracy is shown: anything in {bounds} points fits these results.\n")
        }
    });
    let accuracy = HypothesisMetric::Best(Metric::ACCURACY);
    if let Some(improvement) = differences::improvement(pairs, accuracy).filter(|found| found.interval.is_some()) {
        let words = differences::improvement_words(Some(improvement));
        text.push_str(&format!(
            "A run of A is more accurate than a run of B in {words} (95 % interval) of the cases.\n"
        ));
    }
    text.push_str(&format!(
        "These p-values are not corrected: of {} metrics and of all pairs that could be compared, some differ by chance. \
         Claims\nthat a sweep file states beforehand are corrected (`hypotheses`).\n",
        spelled(metrics().len())
    ));
    if pairs.runs.len() == 1 {
        text.push_str("One pair of runs: the difference may be the seed's, whatever the examples say.\n");
    }
    text
}
