//! What a search has found: `search.csv` with every sample, the section of `summary.md`, and `search.tex`.

use crate::report::model::Report;
use crate::report::search::{self, Found, Importance, Trial};
use crate::words::counted;

use super::escape::escape;
use super::latex;

/// Samples that are shown to people.
pub(crate) const SAMPLES: usize = 5;

/// Columns: the number of the sample, counted from 1; the generation that tried it first; its values by dimension of the space,
/// empty where one does not apply; its state; seeds, the most epochs that one was trained for, and training tokens of all; mean
/// and sample standard deviation of the search's metric over the search's own seeds, and over fresh ones; mean over fresh seeds
/// on the test examples. Shares of 1, not percent. Empty where unknown. None where the sweep file names all runs.
pub(crate) fn csv(report: &Report) -> Option<Vec<u8>> {
    let evidence = &report.search.as_ref()?.evidence;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let dimensions = evidence.space.iter().map(|dimension| dimension.name.clone());
    let figures = [
        "state",
        "seeds",
        "epochs_trained",
        "tokens",
        "mean",
        "deviation",
        "fresh_seeds",
        "fresh_mean",
        "fresh_deviation",
        "test_mean",
    ];
    let header = ["sample", "generation"].map(str::to_owned).into_iter().chain(dimensions);
    // Writing to memory cannot fail, and every record has as many fields as the header.
    writer.write_record(header.chain(figures.map(str::to_owned))).ok();
    for trial in &evidence.trials {
        let values = search::points(evidence, trial).into_iter().map(Option::unwrap_or_default);
        let fields = [trial.number.to_string(), trial.generation.to_string()].into_iter().chain(values);
        writer.write_record(fields.chain(results(trial))).ok();
    }
    writer.into_inner().ok()
}

fn results(trial: &Trial) -> [String; 10] {
    let (own, fresh) = (trial.summary(), trial.fresh_summary());
    [
        trial.state().word().to_owned(),
        trial.runs.len().to_string(),
        trial.epochs().to_string(),
        trial.tokens().map_or(String::new(), |tokens| format!("{tokens:.0}")),
        text(own.map(|summary| summary.mean)),
        text(own.and_then(|summary| summary.sd)),
        trial.fresh.len().to_string(),
        text(fresh.map(|summary| summary.mean)),
        text(fresh.and_then(|summary| summary.sd)),
        text(trial.test_summary().map(|summary| summary.mean)),
    ]
}

/// Empty where there is none.
fn text(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

/// The section of `summary.md`; empty where the sweep file names all runs.
pub(super) fn markdown(report: &Report) -> String {
    let Some(found) = &report.search else {
        return String::new();
    };
    let evidence = &found.evidence;
    let mut text = format!("## Search\n\n{}.\n\n", escape(&search::method(evidence)));
    for sentence in search::conclusion(found).into_iter().chain(search::caveat(found).map(str::to_owned)) {
        text.push_str(&format!("- {}\n", escape(&sentence)));
    }
    if let Some(base) = search::base(report, found) {
        text.push_str(&format!("\nIts settings for a sweep file:\n\n```yaml\n{base}```\n"));
    }
    let name = evidence.metric().title();
    let unit = if evidence.metric().is_share() { " (%)" } else { "" };
    text.push_str(&format!(
        "\n### Best samples\n\n| Sample | Configuration | {name}{unit}, {} | {name}{unit}, fresh seeds |\n|--:|:--|--:|--:|\n",
        counted(evidence.settings.seeds.len(), "seed")
    ));
    for index in evidence.ranking().into_iter().take(SAMPLES) {
        let trial = &evidence.trials[index];
        let [own, fresh] = search::sample_values(evidence, trial, " ± ").map(dash);
        text.push_str(&format!("| {} | {} | {own} | {fresh} |\n", trial.number, escape(&trial.configuration)));
    }
    text.push_str(&format!("\n{} in search.csv.\n\n", counted(evidence.trials.len(), "sample")));
    text.push_str(&importance(found));
    text
}

fn dash(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "–".to_owned())
}

fn importance(found: &Found) -> String {
    if found.importances.of.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "### Importance of the parameters\n\n| Parameter | Importance | By chance | Samples | |\n|:--|--:|--:|--:|:--|\n",
    );
    for one in &found.importances.of {
        let [name, share, floor, samples, word] = importance_cells(found, one).map(|cell| escape(&cell));
        text.push_str(&format!("| {name} | {share} | {floor} | {samples} | {word} |\n"));
    }
    text.push('\n');
    text
}

/// A line of the table of importances: the dimension, its share of all importance, the share that is reached by chance, samples
/// that have it, and a word.
pub(crate) fn importance_cells(found: &Found, one: &Importance) -> [String; 5] {
    let percent = |value: f64| format!("{:.0} %", found.importances.share(value) * 100.0);
    [
        found.evidence.space[one.dimension].name.clone(),
        percent(one.divergence),
        percent(one.floor),
        one.samples.to_string(),
        if one.is_above_chance() { String::new() } else { "not above chance".to_owned() },
    ]
}

/// `search.tex`: the best samples by their values, with both means. None where the sweep file names all runs.
pub(crate) fn latex(report: &Report) -> Option<String> {
    let found = report.search.as_ref()?;
    let evidence = &found.evidence;
    let names: Vec<String> = evidence.space.iter().map(|dimension| latex::escape(&dimension.name)).collect();
    let unit = if evidence.metric().is_share() { " in percent" } else { "" };
    let invented = if report.invented { " INVENTED by a mock executor: nothing was trained." } else { "" };
    let rehearsal = if report.rehearsal { " Rehearsal on the embedded model." } else { "" };
    let mut text = format!(
        "% \\usepackage{{booktabs}}\n\\begin{{table}}\n  \\centering\n  \\caption{{{}: the best samples of a search ({}), \
         {}{unit}, mean $\\pm$ standard deviation over the search's own and over fresh seeds.{invented}{rehearsal}}}\n  \
         \\begin{{tabular}}{{r{}rr}}\n    \\toprule\n    Sample & {} & Search & Fresh \\\\\n    \\midrule\n",
        latex::escape(&report.name),
        latex::escape(&search::method(evidence)),
        latex::escape(evidence.metric().name()),
        "l".repeat(names.len()),
        names.join(" & "),
    );
    for index in evidence.ranking().into_iter().take(SAMPLES) {
        let trial = &evidence.trials[index];
        let values = search::points(evidence, trial);
        let values =
            values.into_iter().map(|value| value.map_or_else(|| "--".to_owned(), |value| latex::escape(&value)));
        let figures = search::sample_values(evidence, trial, " \\pm ");
        let figures = figures.map(|cell| cell.map_or_else(|| "--".to_owned(), |cell| format!("${cell}$")));
        let cells: Vec<String> = [trial.number.to_string()].into_iter().chain(values).chain(figures).collect();
        text.push_str(&format!("    {} \\\\\n", cells.join(" & ")));
    }
    text.push_str("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n");
    Some(text)
}
