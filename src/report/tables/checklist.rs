//! `checklist.md`: the reproducibility checklist for an appendix.

use crate::report::checklist::{self, Answer, Table};
use crate::report::model::Report;

use super::escape::escape;

/// The checklist as Markdown.
pub(crate) fn markdown(report: &Report) -> String {
    let mut text = format!("# Reproducibility checklist: {}\n\n", escape(&report.name));
    text.push_str("From the records of the runs alone. What nobody recorded is marked.\n");
    for section in checklist::of(report) {
        text.push_str(&format!("\n## {}\n", section.title));
        for item in &section.items {
            text.push_str(&format!("\n**{}**\n\n{}", item.question, answer(&item.answer)));
        }
    }
    text
}

fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Said(sentences) => sentences.iter().map(|sentence| format!("- {}\n", prose(sentence))).collect(),
        Answer::Table(table) => table_of(table),
        Answer::Command(command) => format!("```console\n$ {command}\n```\n"),
        Answer::Unknown(what) => format!("*Not recorded: {}.*\n", prose(what)),
    }
}

fn table_of(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(table.header.iter().map(|name| (*name).to_string()).collect());
    text.push_str(&format!("|{}\n", ":--|".repeat(table.header.len())));
    for row in &table.rows {
        text.push_str(&line(row.iter().map(|cell| escape(cell)).collect()));
    }
    text
}

/// Text as it is, with what stands between backticks as code.
fn prose(text: &str) -> String {
    let parts: Vec<String> = text
        .split('`')
        .enumerate()
        .map(|(place, part)| if place % 2 == 1 { format!("`{part}`") } else { escape(part) })
        .collect();
    parts.concat()
}
