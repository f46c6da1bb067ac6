//! The page of the reproducibility checklist.

use maud::{Markup, html};

use crate::report::checklist::{self, Answer, Table};
use crate::report::model::Report;

use super::document::document;

/// The page, which lies beside the report's.
pub(crate) fn checklist(report: &Report) -> String {
    let sections = checklist::of(report);
    let title = format!("Reproducibility checklist: {}", report.name);
    let body = html! {
        header {
            h1 { (title) }
            p {
                "Answers to what checklists of conferences ask for, from the records of the runs alone. What nobody recorded "
                "is marked. " a href="index.html" { "The report" } " · " a href="checklist.md" { "The same as Markdown" }
            }
            nav aria-label="Sections" {
                ul { @for (place, section) in sections.iter().enumerate() { li { a href={ "#s" (place) } { (section.title) } } } }
            }
        }
        main id="main" {
            @for (place, section) in sections.iter().enumerate() {
                section aria-labelledby={ "s" (place) } {
                    h2 id={ "s" (place) } { (section.title) }
                    @for item in &section.items { h3 { (item.question) } (answer(&item.answer)) }
                }
            }
        }
    };
    document(&title, body)
}

fn answer(answer: &Answer) -> Markup {
    html! {
        @match answer {
            Answer::Said(sentences) => ul.answer { @for sentence in sentences { li { (code(sentence)) } } },
            Answer::Table(table) => (table_of(table)),
            Answer::Command(command) => pre tabindex="0" { code { (command) } },
            Answer::Unknown(what) => p.unknown { strong { "Not recorded: " } (what) "." },
        }
    }
}

fn table_of(table: &Table) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table, scrollable" {
            table.answers {
                thead { tr { @for name in &table.header { th scope="col" { (name) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (place, cell) in row.iter().enumerate() {
                                @if place == 0 { th.name scope="row" { (cell) } } @else { td.cell { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Text with what stands between backticks as code.
fn code(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
