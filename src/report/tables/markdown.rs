//! `summary.md`: the results as a person reads them.

use std::fmt::Write;

use crate::report::metric;
use crate::report::model::Report;
use crate::report::remarks;
use crate::spec::MetricName;

use super::rows::{Row, best, mean_and_deviation, rows};

const METRICS: [MetricName; 5] =
    [MetricName::Accuracy, MetricName::F1, MetricName::Precision, MetricName::Recall, MetricName::EvalLoss];

/// The report as Markdown; `charts` are file names with titles.
pub(crate) fn summary(report: &Report, charts: &[(String, String)]) -> String {
    let mut text = format!("# {}\n\n", escape(&report.name));
    if !report.description.is_empty() {
        text.push_str(&format!("{}\n\n", escape(report.description.trim())));
    }
    for remark in remarks::of(report) {
        text.push_str(&format!("> {}\n\n", escape(&remark)));
    }
    text.push_str(&table(report));
    if !charts.is_empty() {
        text.push_str("\n## Charts\n");
        for (file, title) in charts {
            // A String takes whatever is written.
            write!(text, "\n![{}]({file})\n", escape(title)).ok();
        }
    }
    text
}

/// One line per configuration at the best epoch: mean ± standard deviation over seeds, best in bold.
pub(crate) fn table(report: &Report) -> String {
    let rows = rows(report);
    let mut text = String::from("| Configuration | Runs |");
    for name in METRICS {
        text.push_str(&format!(" {} |", heading(name)));
    }
    text.push_str(" Accuracy, 95 % interval | Best epoch | Trainable parameters |\n|:--|--:|");
    text.push_str(&"--:|".repeat(METRICS.len() + 3));
    text.push('\n');
    for row in &rows {
        text.push_str(&line(row, &rows));
    }
    text.push_str("\nAt the best epoch; ± is the standard deviation over seeds.\n");
    text
}

fn heading(name: MetricName) -> String {
    if metric::is_loss(name) { metric::title(name).to_string() } else { format!("{} (%)", metric::title(name)) }
}

fn line(row: &Row<'_>, rows: &[Row<'_>]) -> String {
    let mark = if row.baseline { " (baseline)" } else { "" };
    let runs = if row.unfinished.is_empty() {
        row.completed.to_string()
    } else {
        format!("{} of {} ({})", row.completed, row.planned, row.unfinished)
    };
    let mut text = format!("| {}{mark} | {runs} |", escape(&row.configuration.name));
    for name in METRICS {
        let cell = row.spread(name).map_or("–".to_string(), |spread| {
            let figure = mean_and_deviation(name, spread, " ± ");
            if best(rows, name) == Some(spread.mean) { format!("**{figure}**") } else { figure }
        });
        text.push_str(&format!(" {cell} |"));
    }
    let interval =
        row.interval().map_or("–".to_string(), |i| format!("{:.1} – {:.1}", i.low * 100.0, i.high * 100.0));
    let epoch = row.best_epoch.map_or("–".to_string(), |epoch| format!("{epoch:.1}").trim_end_matches(".0").to_string());
    let parameters = row.trainable_parameters.map_or("–".to_string(), grouped);
    text.push_str(&format!(" {interval} | {epoch} | {parameters} |\n"));
    text
}

/// 864004 as 864,004.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text as it is, in Markdown: no markup, no table cell ends, one line.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 864_004, 125_512_712].map(grouped), ["0", "999", "1,000", "864,004", "125,512,712"]);
    }

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(escape("a|b_<i>\nc"), "a\\|b\\_\\<i\\> c");
    }
}
