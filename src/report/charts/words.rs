//! The sentences above and about charts.

use std::collections::BTreeSet;

use crate::report::metric;
use crate::report::model::{Report, Run};
use crate::report::names;
use crate::report::ranking::Ranking;
use crate::spec::Metric;
pub(crate) use crate::words::counted;

/// What was trained on what: `MiniLM on newswire.csv · 160 evaluation examples`, and a warning on rehearsals.
pub(crate) fn subject(report: &Report) -> String {
    let mut parts = Vec::new();
    if report.invented {
        parts.push("INVENTED by a mock executor".to_string());
    }
    if report.rehearsal {
        parts.push("REHEARSAL on the embedded model".to_string());
    }
    let model = names::one_or_count(report.runs.iter().map(|run| run.spec.model.as_str()), "model");
    let data = names::one_or_count(report.runs.iter().map(|run| run.spec.dataset.path.as_str()), "data set");
    if let (Some(model), Some(data)) = (model, data) {
        parts.push(format!("{model} on {data}"));
    }
    parts.extend(report.examples_in_words());
    parts.join(" · ")
}

/// `subject`, and of how many seeds the curves of these configurations are means.
pub(crate) fn subject_and_seeds(report: &Report, curves: impl Iterator<Item = usize>) -> String {
    let has_epochs = |run: &&Run| run.sound() && !run.epochs.is_empty();
    let seeds = |index: usize| report.runs_of(&report.configurations[index]).filter(has_epochs).count();
    let seeds: BTreeSet<usize> = curves.map(seeds).collect();
    let mut text = subject(report);
    if let (Some(&least), Some(&most)) = (seeds.first(), seeds.last())
        && most > 1
    {
        let range = if least == most { most.to_string() } else { format!("{least} to {most}") };
        text.push_str(&format!(" · mean of {range} seeds, band from lowest to highest"));
    }
    text
}

/// `paper 92.8 %`.
pub(crate) fn reference(report: &Report, name: Metric) -> Option<(f64, String)> {
    let figure = report.reference_for(name)?;
    Some((figure.value, format!("{} {}", figure.source, metric::write(name, figure.value))))
}

/// Data sets of which a description gives figures, at most.
const MOST_DATA_SETS: usize = 4;

/// What the final means say, best first, for a chart's description; of each data set by itself.
pub(crate) fn standing(report: &Report, name: Metric, most: usize) -> String {
    let rankings = report.rankings();
    if rankings.is_empty() {
        return "No run is completed yet.".to_string();
    }
    let most = most.div_ceil(rankings.len().min(MOST_DATA_SETS));
    let mut sentences: Vec<String> =
        rankings.iter().take(MOST_DATA_SETS).filter_map(|ranking| best_of(report, ranking, name, most)).collect();
    if sentences.is_empty() {
        return "No run is completed yet.".to_string();
    }
    let rest = rankings.len().saturating_sub(MOST_DATA_SETS);
    if rest > 0 {
        sentences.push(format!("{} in summary.csv.", counted(rest, "more data set")));
    }
    sentences.join(" ")
}

/// The best of a data set; none where it has no such figure.
fn best_of(report: &Report, ranking: &Ranking, name: Metric, most: usize) -> Option<String> {
    let figures: Vec<String> = ranking
        .best_first
        .iter()
        .take(most)
        .filter_map(|&i| {
            let configuration = &report.configurations[i];
            let spread = configuration.best.get(&name)?;
            Some(format!("{} {}", configuration.name, metric::write(name, spread.mean)))
        })
        .collect();
    if figures.is_empty() {
        return None;
    }
    let rest = ranking.best_first.len().saturating_sub(most);
    let more =
        if rest > 0 { format!("; {} more in summary.csv", counted(rest, "configuration")) } else { String::new() };
    let on = ranking.on.as_ref().map_or(String::new(), |data_set| format!(" on {data_set}"));
    Some(format!("At the best epoch{on}: {}{more}.", figures.join("; ")))
}
