//! Verdicts on the hypotheses, and the comparison with reported figures.

use maud::{Markup, html};

use crate::report::model::Report;
use crate::report::verdicts::{self, Judged};
use crate::report::{differences, reference};

/// None without hypotheses.
pub(super) fn section(report: &Report) -> Option<Markup> {
    if report.judged.is_empty() {
        return None;
    }
    Some(html! {
        p { (verdicts::tally(&report.judged)) }
        div.scroll tabindex="0" role="region" aria-label="Verdicts, scrollable" {
            table {
                caption {
                    "Differences are treatment minus baseline, paired by seed and " (report.judged_example()) ", with 95 % intervals. "
                    "p-values are corrected by Holm across the hypotheses of the sweep, and for the looks where it declares some. "
                    "\"Better in\" is the estimated share of pairs of runs in which the changed side is better."
                }
                thead {
                    tr {
                        th scope="col" { "Claim" }
                        th scope="col" { "Verdict" }
                        th scope="col" { "Compared" }
                        th.number scope="col" { "Difference" }
                        th.number scope="col" { "95 % interval" }
                        th.number scope="col" { "p" }
                        th.number scope="col" { "Better in" }
                        th scope="col" { "Rests on" }
                    }
                }
                tbody { @for judged in &report.judged { (row(judged)) } }
            }
        }
    })
}

fn row(judged: &Judged) -> Markup {
    let hypothesis = &judged.hypothesis;
    let word = verdicts::word(judged.verdict());
    let scale = hypothesis.metric.scale();
    let deciding = judged.joint.as_ref();
    html! {
        tr {
            th.name scope="row" {
                (hypothesis.claim)
                div.muted { (verdicts::metric_words(hypothesis.metric)) ": " (verdicts::claim_words(hypothesis)) }
                @for caveat in &judged.caveats { div.muted { (caveat) } }
            }
            td { span class={ "verdict " (word) } { (word) } }
            td.name {
                (verdicts::compared_words(judged)) " against " (hypothesis.vary.baseline)
            }
            @match deciding.map(|joint| &joint.assessment) {
                Some(assessment) => {
                    td.number { (verdicts::effect_words(scale, assessment)) }
                    td.number { (verdicts::interval_at_level(scale, assessment)) }
                    td.number { (verdicts::p_words(assessment.adjusted_p_value)) }
                    td.number { (differences::improvement_words(judged.improvement)) }
                    td { (verdicts::basis_words(assessment)) }
                }
                None => { td.number { "–" } td.number { "–" } td.number { "–" } td.number { "–" } td { "nothing yet" } }
            }
        }
    }
}

/// Reported figures and claims beside what was measured. None without reported figures.
pub(super) fn reported(report: &Report) -> Option<Markup> {
    let compared = reference::compared(report);
    if compared.is_empty() {
        return None;
    }
    let baseline = report.baseline.map_or("no baseline in this sweep", |i| report.configurations[i].name.as_str());
    Some(html! {
        @if report.rehearsal {
            p { "This is a rehearsal on another model and other data: the reported figures are no yardstick for it." }
        }
        div.scroll tabindex="0" role="region" aria-label="Reported figures, scrollable" {
            table {
                caption { "Measured: " (baseline) ", mean ± standard deviation over seeds." }
                thead {
                    tr {
                        th scope="col" { "Figure" }
                        th.number scope="col" { "Reported" }
                        th.number scope="col" { "Measured" }
                        th scope="col" { "Agreement" }
                    }
                }
                tbody {
                    @for one in &compared {
                        tr {
                            th scope="row" { (one.what()) " " span.muted { "(" (one.figure.source) ")" } }
                            td.number { (one.reported()) }
                            td.number { (one.found()) }
                            td { (one.judgement()) }
                        }
                    }
                }
            }
        }
        @if !report.judged.is_empty() { (claims(report)) }
    })
}

fn claims(report: &Report) -> Markup {
    html! {
        h3 { "Claims" }
        div.scroll tabindex="0" role="region" aria-label="Claims, scrollable" {
            table {
                caption { "The claims as the sweep file states them; all about them stands under the verdicts." }
                thead {
                    tr {
                        th scope="col" { "Claimed" }
                        th scope="col" { "Verdict" }
                        th scope="col" { "Measured" }
                    }
                }
                tbody {
                    @for judged in &report.judged {
                        @let word = verdicts::word(judged.verdict());
                        tr {
                            th.name scope="row" { (judged.hypothesis.claim) }
                            td { span class={ "verdict " (word) } { (word) } }
                            td.name { (verdicts::found_words(judged)) }
                        }
                    }
                }
            }
        }
    }
}
