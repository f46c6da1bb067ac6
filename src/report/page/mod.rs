//! The HTML page of a sweep, and the index of several: one file each, nothing loaded from elsewhere.
//!
//! `maud` escapes whatever is spliced in; the only texts passed through as they are come from this crate (style, script,
//! the charts, whose texts plotters escapes) or are JSON with `<` escaped.

mod checklist;
mod document;
mod environment;
mod exploration;
mod figures;
mod index;
mod observations;
mod parts;
mod remarks;
mod runs;
mod search;
mod verdicts;

use maud::{Markup, html};

use super::charts::Chart;
use super::model::Report;
use super::reference;
use crate::store::RunState;
use document::document;

pub(crate) use checklist::checklist;
pub use document::STYLE;
pub(crate) use document::url;
pub(crate) use index::{Entry, index};
pub use parts::Part;
pub(crate) use parts::parts;

/// What surrounds a report's page.
pub(crate) struct Surroundings {
    /// From the page's folder to the sweep's results folder, as a URL.
    pub(crate) results: String,
    /// Extension of the chart files beside the page.
    pub(crate) chart_extension: &'static str,
}

/// The page of a sweep.
pub(crate) fn sweep(report: &Report, charts: &[Chart], around: &Surroundings) -> String {
    let reported = reference::heading(report);
    let sections: Vec<(&str, &str, Option<Markup>)> = vec![
        ("verdicts", "Verdicts", verdicts::section(report)),
        ("observations", "Observations", observations::section(report)),
        ("reported", &reported, verdicts::reported(report)),
        ("search", "Search", search::section(report)),
        ("charts", "Charts", figures::charts(charts, Some(around.chart_extension))),
        ("configurations", "Configurations", figures::configurations(report)),
        ("differences", "Differences from the baseline", exploration::differences(report)),
        ("across", "Across data sets", exploration::across(report)),
        ("runs", "All runs", runs::section(report, &around.results)),
        ("failures", "What did not complete", runs::failures(report)),
        ("environment", "To reproduce this", Some(environment::section(report))),
    ];
    let body = html! {
        header {
            h1 { @if report.invented { "INVENTED BY A MOCK: " } (report.name) }
            @if !report.description.is_empty() { p { (report.description) } }
            (facts(report))
            (remarks::list(report))
            nav aria-label="Sections" {
                ul {
                    @for (id, title, content) in &sections {
                        @if content.is_some() { li { a href={ "#" (id) } { (title) } } }
                    }
                    li { a href="checklist.html" { "Reproducibility checklist" } }
                }
            }
        }
        main id="main" {
            @for (id, title, content) in &sections {
                @if let Some(content) = content {
                    section id=(id) aria-labelledby={ (id) "-title" } {
                        h2 id={ (id) "-title" } { (title) }
                        (content)
                    }
                }
            }
        }
    };
    document(&report.name, body)
}

fn facts(report: &Report) -> Markup {
    let completed = report.runs.iter().filter(|run| run.state == RunState::Completed).count();
    let early = report.runs.iter().filter(|run| run.ended_early()).count();
    html! {
        ul.facts {
            li { strong { (completed) } " of " (report.runs.len()) " runs completed" }
            @if early > 0 { li { strong { (early) } " ended early, by their early_stopping" } }
            li { strong { (report.configurations.len()) } " configurations" }
            @if let Some(examples) = report.examples_in_words() { li { (examples) } }
            @if let Some(baseline) = report.baseline { li { "baseline: " strong { (report.configurations[baseline].name) } } }
        }
        @if completed + early > 0 { p.muted { (report.selection_in_words()) } }
    }
}
