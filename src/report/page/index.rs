//! The page that lists several reports.

use maud::html;

use super::document::{document, url};

/// A report in the list.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) rehearsal: bool,
    /// Nothing was trained.
    pub(crate) invented: bool,
    /// Folder of the report, relative to the index.
    pub(crate) folder: String,
    pub(crate) runs: usize,
    pub(crate) completed: usize,
    /// Name and accuracy of the best configuration, as text.
    pub(crate) best: Option<(String, String)>,
    /// `2 supported, 1 inconclusive`; empty without hypotheses.
    pub(crate) verdicts: String,
}

/// The index page. `searches`: the file of the chart that compares searches.
pub(crate) fn index(entries: &[Entry], searches: Option<&str>) -> String {
    let body = html! {
        header { h1 { "Reports" } p.muted { (entries.len()) " sweeps" } }
        main id="main" {
            div.scroll tabindex="0" role="region" aria-label="Reports, scrollable" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Sweep" }
                            th.number scope="col" { "Runs completed" }
                            th scope="col" { "Best configuration" }
                            th.number scope="col" { "Accuracy" }
                            th scope="col" { "Hypotheses" }
                        }
                    }
                    tbody {
                        @for entry in entries {
                            tr {
                                th.name scope="row" {
                                    a href={ (url(&entry.folder)) "/index.html" } { (entry.name) }
                                    @if entry.invented { " " strong { "(INVENTED by a mock)" } }
                                    @if entry.rehearsal { " " span.muted { "(rehearsal)" } }
                                    @if !entry.description.is_empty() { br; span.muted { (entry.description) } }
                                }
                                td.number { (entry.completed) " of " (entry.runs) }
                                td { @match &entry.best { Some((name, _)) => (name), None => "–" } }
                                td.number { @match &entry.best { Some((_, accuracy)) => (accuracy), None => "–" } }
                                td { (entry.verdicts) }
                            }
                        }
                    }
                }
            }
            @if let Some(file) = searches {
                h2 { "Searches at equal budgets" }
                figure { img src=(url(file)) alt="The best of each search for a budget" style="max-width: 100%"; }
            }
        }
    };
    document("Reports", body)
}
