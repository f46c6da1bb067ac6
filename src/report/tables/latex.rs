//! `summary.tex`: a booktabs table for a paper.

use crate::metrics::{Metric, Table};
use crate::report::model::Report;
use crate::words::{counted, grouped};

use super::rows::{Row, in_bold, is_best, mean_and_deviation, note_of_seeds, rows, shown};

/// A `table` environment; needs `\usepackage{booktabs}`. Mean ± standard deviation over seeds in percent, best in bold.
pub(crate) fn table(report: &Report) -> String {
    let rows = rows(report);
    let metrics = Metric::shown_in(Table::Latex);
    let columns = "r".repeat(metrics.len() + 2);
    let names: Vec<&str> = metrics.iter().map(|metric| metric.title()).collect();
    let mut text = format!(
        "% \\usepackage{{booktabs}}\n\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  \\label{{tab:{}}}\n  \
         \\begin{{tabular}}{{l{columns}}}\n    \\toprule\n    Configuration & Seeds & {} & Trainable parameters \\\\\n    \
         \\midrule\n",
        caption(report, shown(report, &rows).1.as_deref()),
        label(&report.name),
        names.join(" & "),
    );
    let (shown, _) = shown(report, &rows);
    for row in shown {
        text.push_str(&line(row, &rows, &metrics));
    }
    text.push_str("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n");
    text
}

fn caption(report: &Report, limited: Option<&str>) -> String {
    let judged = report.test_examples().or(report.eval_examples().filter(|_| !report.has_test()));
    let examples = judged.map_or(String::new(), |n| format!(" on {}", counted(n, report.judged_example())));
    let invented = if report.invented { " INVENTED by a mock executor: nothing was trained." } else { "" };
    let limited = limited.map_or(String::new(), |limited| format!(" {}", escape(limited)));
    let rehearsal = if report.rehearsal { " Rehearsal on the embedded model." } else { "" };
    let seeds = note_of_seeds(report).map_or(String::new(), |note| format!(" {note}"));
    format!(
        "{}: scores in percent at the best epoch{examples}, mean $\\pm$ standard deviation over seeds, {}.{seeds}{limited}{invented}{rehearsal}",
        escape(&report.name),
        in_bold(report)
    )
}

fn line(row: &Row<'_>, rows: &[Row<'_>], metrics: &[Metric]) -> String {
    let mark = row.mark();
    let seeds =
        if row.ended == row.planned { row.ended.to_string() } else { format!("{} of {}", row.ended, row.planned) };
    let mut cells = vec![format!("{}{mark}", escape(&row.configuration.name)), seeds];
    for &name in metrics {
        cells.push(row.spread(name).map_or("--".to_string(), |spread| {
            let figure = mean_and_deviation(name, spread, " \\pm ");
            if is_best(row, rows, name) { format!("$\\mathbf{{{figure}}}$") } else { format!("${figure}$") }
        }));
    }
    cells.push(row.trainable_parameters.map_or("--".to_string(), grouped));
    format!("    {} \\\\\n", cells.join(" & "))
}

/// Letters, digits and hyphens only.
fn label(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// Text as it is, in LaTeX. Letters of other scripts stay (XeLaTeX and LuaLaTeX set them).
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            // The oldest font encoding, still the default, has other characters in their places.
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("''"),
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
    fn special_characters_are_set_as_text() {
        assert_eq!(
            escape(r"a_b & 5% {x} \y ~^"),
            r"a\_b \& 5\% \{x\} \textbackslash{}y \textasciitilde{}\textasciicircum{}"
        );
    }
}
