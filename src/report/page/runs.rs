//! The table of all runs with their parameters, and what did not complete.

use std::collections::{BTreeSet, HashMap};

use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

use crate::metrics::{Metric, Table};
use crate::report::metric;
use crate::report::model::{Report, Run};
use crate::spec::RunSpec;
use crate::store::{RunState, parameters};

use super::document::url;

pub(super) fn section(report: &Report, results: &str) -> Option<Markup> {
    if report.runs.is_empty() {
        return None;
    }
    let metrics = Metric::shown_in(Table::Runs);
    let states: BTreeSet<&str> = report.runs.iter().map(|run| run.state.name()).collect();
    Some(html! {
        div.tools {
            label for="filter-text" { "Filter by words" input id="filter-text" type="search" autocomplete="off"; }
            label for="filter-state" {
                "State"
                select id="filter-state" {
                    option value="" { "all" }
                    @for state in states { option value=(state) { (state) } }
                }
            }
            span.muted id="filter-count" role="status" {}
        }
        div.scroll tabindex="0" role="region" aria-label="All runs, scrollable" {
            table id="runs-table" {
                caption { "Figures on the evaluation examples at the best epoch so far. A heading sorts; + shows all parameters and what differs from the baseline." }
                thead { tr { (headings(&metrics, report.has_test())) } }
                tbody { @for (index, run) in report.runs.iter().enumerate() { (row(report, index, run, results, &metrics)) } }
            }
        }
        script type="application/json" id="run-parameters" { (PreEscaped(embedded(report))) }
    })
}

/// `tested`: with what runs give on their test.
fn headings(metrics: &[Metric], tested: bool) -> Markup {
    let numeric =
        |title: &str| html! { th.number scope="col" data-numeric="true" { button type="button" { (title) } } };
    html! {
        th scope="col" { button type="button" { "Run" } }
        th scope="col" { button type="button" { "State" } }
        @for name in metrics { (numeric(name.title())) }
        @if tested { (numeric("Test accuracy")) (numeric("Test loss")) }
        (numeric("Best epoch"))
        (numeric("Minutes"))
        th scope="col" { "Folder" }
    }
}

fn row(report: &Report, index: usize, run: &Run, results: &str, metrics: &[Metric]) -> Markup {
    let best = run.best_epoch();
    let minutes = run.epochs.iter().map(|epoch| epoch.seconds).sum::<f64>() / 60.0;
    let label = if run.label.is_empty() { &report.configurations[run.configuration].name } else { &run.label };
    html! {
        tr data-state=(run.state.name()) data-index=(index) {
            th.name scope="row" data-value=(label) {
                button.open type="button" aria-expanded="false" aria-label={ "Parameters of " (label) } { "+" }
                " " (label)
            }
            td { (run.state.name()) }
            @for &name in metrics {
                @match best.map(|epoch| epoch.metric(name)).filter(|value| value.is_finite()) {
                    Some(value) => td.number data-value=(value) { (metric::write(name, value)) },
                    None => td.number data-value="" { "–" },
                }
            }
            @if report.has_test() {
                @for name in [Metric::ACCURACY, Metric::EVAL_LOSS] {
                    @match run.test.and_then(|test| test.best.metric(name)).filter(|value| value.is_finite()) {
                        Some(value) => td.number data-value=(value) { (metric::write(name, value)) },
                        None => td.number data-value="" { "–" },
                    }
                }
            }
            @match best {
                Some(epoch) => td.number data-value=(epoch.epoch) { (epoch.epoch) },
                None => td.number data-value="" { "–" },
            }
            @if run.epochs.is_empty() {
                td.number data-value="" { "–" }
            } @else {
                td.number data-value=(minutes) { (format!("{minutes:.1}")) }
            }
            td { a href={ (results) "/runs/" (url(&run.id.0)) "/" } { code { (run.id) } } }
        }
    }
}

/// Every run's parameters for the script: values by index into one list, because most of them are the same.
fn embedded(report: &Report) -> String {
    let mut values = Interned::default();
    let mut names: Vec<String> = Vec::new();
    let mut runs = Vec::with_capacity(report.runs.len());
    for run in &report.runs {
        let flat = parameters(&run.spec);
        if names.is_empty() {
            names = flat.iter().map(|(name, _)| name.clone()).collect();
        }
        runs.push(flat.iter().map(|(_, value)| values.place(text(value))).collect::<Vec<usize>>());
    }
    let base: Option<Vec<usize>> =
        baseline(report).map(|spec| parameters(spec).iter().map(|(_, value)| values.place(text(value))).collect());
    // Inside a script element only `</` and `<!--` end the text; neither can occur without `<`.
    json!({ "names": names, "values": values.list, "base": base, "runs": runs }).to_string().replace('<', "\\u003c")
}

fn baseline(report: &Report) -> Option<&RunSpec> {
    let configuration = report.configurations.get(report.baseline?)?;
    report.runs_of(configuration).next().map(|run| &run.spec)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[derive(Default)]
struct Interned {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Interned {
    fn place(&mut self, value: String) -> usize {
        *self.places.entry(value).or_insert_with_key(|value| {
            self.list.push(value.clone());
            self.list.len() - 1
        })
    }
}

/// Runs that diverged, failed or stopped, with their reasons.
pub(super) fn failures(report: &Report) -> Option<Markup> {
    let ended: Vec<&Run> =
        report.runs.iter().filter(|run| run.state != RunState::Completed && run.reason.is_some()).collect();
    if ended.is_empty() && report.damages.is_empty() {
        return None;
    }
    Some(html! {
        @if !ended.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="What did not complete, scrollable" {
                table {
                    thead { tr { th scope="col" { "Run" } th scope="col" { "State" } th.number scope="col" { "Epochs recorded" } th scope="col" { "Reason" } } }
                    tbody {
                        @for run in &ended {
                            tr {
                                th.name scope="row" { (run.label) }
                                td { (run.state.name()) }
                                td.number { (run.epochs.len()) }
                                td { (run.reason.as_deref().unwrap_or("")) }
                            }
                        }
                    }
                }
            }
        }
        @if !report.damages.is_empty() {
            h3 { "Could not be read" }
            ul { @for damage in &report.damages { li { (damage) } } }
        }
    })
}
