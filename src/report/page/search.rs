//! What a search has found.

use maud::{Markup, html};

use crate::report::model::Report;
use crate::report::search::{self, Found};
use crate::report::tables;

/// None where the sweep file names all runs.
pub(super) fn section(report: &Report) -> Option<Markup> {
    let found = report.search.as_ref()?;
    Some(html! {
        p { (search::method(&found.evidence)) "." }
        ul {
            @for sentence in search::conclusion(found) { li { (sentence) } }
            @if let Some(caveat) = search::caveat(found) { li { (caveat) } }
        }
        @if let Some(base) = search::base(report, found) {
            p { "Its settings for a sweep file:" }
            pre { code { (base) } }
        }
        (best(found))
        @if !found.importances.of.is_empty() { (importance(found)) }
    })
}

fn best(found: &Found) -> Markup {
    let evidence = &found.evidence;
    let name = evidence.metric().title();
    let dash = |cell: Option<String>| cell.unwrap_or_else(|| "–".to_owned());
    html! {
        div.scroll tabindex="0" role="region" aria-label="Best samples, scrollable" {
            table {
                caption {
                    "The best of " (evidence.trials.len()) " samples by the search's own seeds: " (name)
                    @if evidence.metric().is_share() { " in percent" }
                    ", ± is the standard deviation over seeds. All samples are in search.csv."
                }
                thead {
                    tr {
                        th.number scope="col" { "Sample" }
                        @for dimension in &evidence.space { th scope="col" { (dimension.name) } }
                        th.number scope="col" { "Search" }
                        th.number scope="col" { "Fresh seeds" }
                    }
                }
                tbody {
                    @for index in evidence.ranking().into_iter().take(tables::SAMPLES) {
                        @let trial = &evidence.trials[index];
                        tr {
                            th.number scope="row" { (trial.number) }
                            @for value in search::points(evidence, trial) { td { (dash(value)) } }
                            @for cell in search::sample_values(evidence, trial, " ± ") { td.number { (dash(cell)) } }
                        }
                    }
                }
            }
        }
    }
}

fn importance(found: &Found) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Importance of the parameters, scrollable" {
            table {
                caption { "Importance (PED-ANOVA): how far the best samples differ from all samples in a parameter." }
                thead {
                    tr {
                        th scope="col" { "Parameter" }
                        @for heading in ["Importance", "By chance", "Samples"] { th.number scope="col" { (heading) } }
                        th scope="col" { "" }
                    }
                }
                tbody {
                    @for one in &found.importances.of {
                        @let [name, share, floor, samples, word] = tables::importance_cells(found, one);
                        tr {
                            th.name scope="row" { (name) }
                            @for cell in [share, floor, samples] { td.number { (cell) } }
                            td { (word) }
                        }
                    }
                }
            }
        }
    }
}
