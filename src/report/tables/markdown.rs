//! `summary.md`: the results as a person reads them.

use std::fmt::Write;

use crate::metrics::{Metric, Table};
use crate::report::model::{Report, Run};
use crate::report::{differences, observations, reference, remarks, verdicts};
use crate::words::grouped;

use super::escape::escape;
use super::rows::{Row, in_bold, is_best, mean_and_deviation, note_of_seeds, rows, shown};

/// The report as Markdown; `charts` are file names with titles.
pub(crate) fn summary(report: &Report, charts: &[(String, String)]) -> String {
    let mut text = format!("# {}\n\n", escape(&report.name));
    if !report.description.is_empty() {
        text.push_str(&format!("{}\n\n", escape(report.description.trim())));
    }
    if report.runs.iter().any(Run::ended_by_itself) {
        text.push_str(&format!("{}\n\n", escape(report.selection_in_words())));
    }
    for remark in remarks::of(report) {
        text.push_str(&format!("> {}\n\n", escape(&remark)));
    }
    text.push_str(&hypotheses(report));
    text.push_str(&observed(report));
    text.push_str(&reported(report));
    text.push_str(&super::search::markdown(report));
    text.push_str("## Configurations\n\n");
    text.push_str(&table(report));
    text.push_str(&super::exploration::markdown(report));
    if !charts.is_empty() {
        text.push_str("\n## Charts\n");
        for (file, title) in charts {
            // A String takes whatever is written.
            write!(text, "\n![{}]({file})\n", escape(title)).ok();
        }
    }
    text
}

fn hypotheses(report: &Report) -> String {
    if report.judged.is_empty() {
        return String::new();
    }
    let mut text = format!("## Verdicts\n\n{}\n\n", verdicts::tally(&report.judged));
    text.push_str(
        "| Claim | Verdict | Compared | Difference | 95 % interval | p (Holm) | Better in |\n\
         |:--|:--|:--|--:|--:|--:|--:|\n",
    );
    for judged in &report.judged {
        let scale = judged.hypothesis.metric.scale();
        let assessment = judged.joint.as_ref().map(|joint| &joint.assessment);
        let dash = || "–".to_string();
        text.push_str(&format!(
            "| {} | **{}** | {} | {} | {} | {} | {} |\n",
            escape(&judged.hypothesis.claim),
            verdicts::word(judged.verdict()),
            escape(&verdicts::compared_words(judged)),
            assessment.map_or_else(dash, |a| verdicts::effect_words(scale, a)),
            assessment.map_or_else(dash, |a| verdicts::interval_at_level(scale, a)),
            assessment.map_or_else(dash, |a| verdicts::p_words(a.adjusted_p_value)),
            escape(&differences::improvement_words(judged.improvement)),
        ));
    }
    for judged in report.judged.iter().filter(|judged| !judged.caveats.is_empty()) {
        text.push_str(&format!("\n- {}: {}", escape(&judged.hypothesis.id), escape(&judged.caveats.join("; "))));
    }
    text.push_str("\n\n");
    text
}

fn observed(report: &Report) -> String {
    if report.observed.is_empty() {
        return String::new();
    }
    let mut text =
        format!("## Observations\n\n{}. {}\n\n", observations::tally(&report.observed), observations::caption());
    text.push_str("| Claim | Verdict | Compared | Observed | Against | 95 % interval of the difference | p (Holm) |\n");
    text.push_str("|:--|:--|:--|--:|--:|--:|--:|\n");
    for observed in &report.observed {
        let observation = &observed.observation;
        let scale = observations::scale(&observation.observe);
        let amount = |value: Option<f64>| {
            value.map_or("–".to_string(), |value| observations::amount(&observation.observe, value))
        };
        let interval = observed.assessment().and_then(|assessment| assessment.interval);
        text.push_str(&format!(
            "| {} | **{}** | {}, against {} | {} | {} | {} | {} |\n",
            escape(&observation.claim),
            verdicts::word(observed.verdict()),
            escape(&observations::words(&observation.observe)),
            escape(&observations::against_words(observation)),
            amount(observed.measured.map(|measured| measured.observed)),
            amount(observed.measured.map(|measured| measured.against)),
            interval.map_or("–".to_string(), |interval| verdicts::interval_words(scale, interval)),
            observations::p_words(observed),
        ));
    }
    for observed in report.observed.iter().filter(|observed| !observed.caveats.is_empty()) {
        text.push_str(&format!("\n- {}: {}", escape(&observed.observation.id), escape(&observed.caveats.join("; "))));
    }
    text.push_str("\n\n");
    text
}

fn reported(report: &Report) -> String {
    let compared = reference::compared(report);
    if compared.is_empty() {
        return String::new();
    }
    let mut text = format!("## {}\n\n", escape(&reference::heading(report)));
    text.push_str("| Figure | Reported | Measured | |\n|:--|--:|--:|:--|\n");
    for one in &compared {
        let (what, source) = (escape(&one.what()), escape(&one.figure.source));
        text.push_str(&format!("| {what} ({source}) | {} | {} | {} |\n", one.reported(), one.found(), one.judgement()));
    }
    if !report.judged.is_empty() {
        text.push_str("\n| Claimed | Verdict | Measured |\n|:--|:--|:--|\n");
    }
    for judged in &report.judged {
        let (claim, word) = (escape(&judged.hypothesis.claim), verdicts::word(judged.verdict()));
        text.push_str(&format!("| {claim} | {word} | {} |\n", escape(&verdicts::found_words(judged))));
    }
    text.push('\n');
    text
}

/// One line per configuration at the best epoch: mean ± standard deviation over seeds, best in bold.
pub(crate) fn table(report: &Report) -> String {
    let rows = rows(report);
    let mut text = String::from("| Configuration | Runs |");
    let metrics = Metric::shown_in(Table::Markdown);
    for &name in &metrics {
        text.push_str(&format!(" {} |", heading(report, name)));
    }
    text.push_str(" Accuracy, 95 % interval | Best epoch | Trainable parameters |\n|:--|--:|");
    text.push_str(&"--:|".repeat(metrics.len() + 3));
    text.push('\n');
    let (shown, limited) = shown(report, &rows);
    for row in shown {
        text.push_str(&line(row, &rows, &metrics));
    }
    text.push_str("\nAt the best epoch; ± is the standard deviation over seeds");
    text.push_str(&if report.has_several_data_sets() { format!(", {}.", in_bold(report)) } else { ".".to_string() });
    text.push_str(&limited.map_or(String::new(), |limited| format!(" {limited}")));
    text.push_str(&note_of_seeds(report).map_or(String::new(), |note| format!(" {note}")));
    text.push('\n');
    text
}

fn heading(report: &Report, name: Metric) -> String {
    let title = report.judged_title(name);
    if !name.is_share() { title.to_string() } else { format!("{title} (%)") }
}

fn line(row: &Row<'_>, rows: &[Row<'_>], metrics: &[Metric]) -> String {
    let mark = row.mark();
    let runs = row.runs();
    let mut text = format!("| {}{mark} | {runs} |", escape(&row.configuration.name));
    for &name in metrics {
        let cell = row.spread(name).map_or("–".to_string(), |spread| {
            let figure = mean_and_deviation(name, spread, " ± ");
            if is_best(row, rows, name) { format!("**{figure}**") } else { figure }
        });
        text.push_str(&format!(" {cell} |"));
    }
    let interval =
        row.interval().map_or("–".to_string(), |i| format!("{:.1} – {:.1}", i.low * 100.0, i.high * 100.0));
    let epoch =
        row.best_epoch.map_or("–".to_string(), |epoch| format!("{epoch:.1}").trim_end_matches(".0").to_string());
    let parameters = row.trainable_parameters.map_or("–".to_string(), grouped);
    text.push_str(&format!(" {interval} | {epoch} | {parameters} |\n"));
    text
}
