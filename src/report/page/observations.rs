//! Statements about the runs of one configuration.

use maud::{Markup, html};

use crate::report::model::Report;
use crate::report::observations::{self, Observed};
use crate::report::verdicts;

/// None without observations.
pub(super) fn section(report: &Report) -> Option<Markup> {
    if report.observed.is_empty() {
        return None;
    }
    Some(html! {
        p { (observations::tally(&report.observed)) }
        div.scroll tabindex="0" role="region" aria-label="Observations, scrollable" {
            table {
                caption { (observations::caption()) }
                thead {
                    tr {
                        th scope="col" { "Claim" }
                        th scope="col" { "Verdict" }
                        th.number scope="col" { "Observed" }
                        th.number scope="col" { "Against" }
                        th.number scope="col" { "Difference" }
                        th.number scope="col" { "95 % interval" }
                        th.number scope="col" { "p" }
                    }
                }
                tbody { @for observed in &report.observed { (row(observed)) } }
            }
        }
    })
}

fn row(observed: &Observed) -> Markup {
    let observation = &observed.observation;
    let word = verdicts::word(observed.verdict());
    let scale = observations::scale(&observation.observe);
    let amount = |value: f64| observations::amount(&observation.observe, value);
    html! {
        tr {
            th.name scope="row" {
                (observation.claim)
                div.muted {
                    (observation.configuration) ". " (observations::words(&observation.observe)) ", against "
                    (observations::against_words(observation)) ": " (observations::claimed(observation))
                }
                @for caveat in &observed.caveats { div.muted { (caveat) } }
            }
            td { span class={ "verdict " (word) } { (word) } }
            @match observed.measured {
                Some(measured) => {
                    td.number { (amount(measured.observed)) }
                    td.number { (amount(measured.against)) }
                    td.number { (verdicts::difference(scale, measured.observed - measured.against)) }
                }
                None => { td.number { "–" } td.number { "–" } td.number { "–" } }
            }
            td.number {
                @match observed.assessment().and_then(|assessment| assessment.interval) {
                    Some(interval) => (verdicts::interval_words(scale, interval)),
                    None => "–",
                }
            }
            td.number { (observations::p_words(observed)) }
        }
    }
}
