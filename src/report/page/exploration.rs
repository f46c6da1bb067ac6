//! What nobody claimed beforehand: differences from the baseline, and figures across data sets.

use maud::{Markup, html};

use crate::report::differences::{self, HEADINGS};
use crate::report::model::Report;
use crate::report::several_data_sets;

/// None where nothing is compared with a baseline.
pub(super) fn differences(report: &Report) -> Option<Markup> {
    let differences = differences::of(report);
    if differences.is_empty() {
        return None;
    }
    Some(html! {
        p { (differences::NOTE) }
        div.scroll tabindex="0" role="region" aria-label="Differences, scrollable" {
            table {
                caption { "Configuration minus baseline at the best epoch, paired by seed and " (report.judged_example()) "." }
                thead {
                    tr {
                        th scope="col" { "Configuration" }
                        @for heading in HEADINGS { th.number scope="col" { (heading) } }
                    }
                }
                tbody {
                    @for one in &differences {
                        tr {
                            th.name scope="row" { (one.configuration.name) }
                            @for cell in one.cells() { td.number { (cell) } }
                        }
                    }
                }
            }
        }
    })
}

/// None for a sweep with one data set.
pub(super) fn across(report: &Report) -> Option<Markup> {
    let across = several_data_sets::across(report)?;
    Some(html! {
        p { (several_data_sets::NOTE) }
        div.scroll tabindex="0" role="region" aria-label="Across data sets, scrollable" {
            table {
                caption { "On " (across.data_sets.join(", ")) ". The performance profile is in profile.csv." }
                thead {
                    tr {
                        th scope="col" { "Configuration" }
                        th.number scope="col" { "Runs" }
                        th.number scope="col" { "Interquartile mean" }
                        th.number scope="col" { "95 % interval" }
                    }
                }
                tbody {
                    @for method in &across.methods {
                        tr {
                            th.name scope="row" { (method.name) }
                            td.number { (method.runs) }
                            @for cell in method.cells() { td.number { (cell) } }
                        }
                    }
                }
            }
        }
    })
}
