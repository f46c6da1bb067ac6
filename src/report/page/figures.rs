//! Charts and the table of configurations.

use maud::{Markup, PreEscaped, html};

use crate::metrics::{Metric, Table};
use crate::report::charts::Chart;
use crate::report::model::Report;
use crate::report::tables::{self, Row};

/// `extension`: of the files beside the page, where there are some.
pub(super) fn charts(charts: &[Chart], extension: Option<&str>) -> Option<Markup> {
    if charts.is_empty() {
        return None;
    }
    Some(html! {
        @for chart in charts {
            figure {
                div.chart tabindex="0" role="region" aria-label={ (chart.title) ", scrollable" } {
                    (PreEscaped(accessible(chart)))
                }
                figcaption {
                    strong { (chart.title) ". " } (chart.description) " "
                    @if let Some(extension) = extension { a href={ (chart.name) "." (extension) } { "Picture" } }
                }
            }
        }
    })
}

/// The chart's SVG as one picture with a name; its single texts are hidden from screen readers.
fn accessible(chart: &Chart) -> String {
    let name = html! { (chart.title) ". " (chart.description) }.into_string().replace('"', "&quot;");
    chart.svg().replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{name}\" "), 1)
}

pub(super) fn configurations(report: &Report) -> Option<Markup> {
    let rows = tables::rows(report);
    let metrics = Metric::shown_in(Table::Configurations);
    if rows.is_empty() {
        return None;
    }
    let (shown, limited) = tables::shown(report, &rows);
    Some(html! {
        @if let Some(limited) = limited { p { (limited) } }
        @if let Some(note) = tables::note_of_seeds(report) { p { (note) } }
        div.scroll tabindex="0" role="region" aria-label="Configurations, scrollable" {
            table {
                caption { "At the best epoch; ± is the standard deviation over seeds, " (tables::in_bold(report)) "." }
                thead {
                    tr {
                        th scope="col" { "Configuration" }
                        th.number scope="col" { "Runs" }
                        @for name in &metrics { th.number scope="col" { (report.judged_title(*name)) } }
                        th.number scope="col" { "Accuracy, 95 % interval" }
                        th.number scope="col" { "Trainable parameters" }
                    }
                }
                tbody { @for row in shown { (configuration(row, &rows, &metrics)) } }
            }
        }
    })
}

fn configuration(row: &Row<'_>, rows: &[Row<'_>], metrics: &[Metric]) -> Markup {
    let name = &row.configuration.name;
    html! {
        tr {
            th.name scope="row" { (name) @if !row.mark().is_empty() { " " span.muted { (row.mark().trim()) } } }
            td.number {
                (row.ended) @if row.ended < row.planned { " of " (row.planned) }
                @if row.early > 0 { " (" (row.early) " ended early)" }
            }
            @for &name in metrics {
                @let spread = row.spread(name);
                td.number.best[tables::is_best(row, rows, name)] {
                    @match spread {
                        Some(spread) => (tables::mean_and_deviation(name, spread, " ± ")),
                        None => "–",
                    }
                }
            }
            td.number {
                @match row.interval() {
                    Some(interval) => { (format!("{:.1} – {:.1}", interval.low * 100.0, interval.high * 100.0)) }
                    None => "–",
                }
            }
            td.number {
                @match row.trainable_parameters {
                    Some(count) => (tables::grouped(count)),
                    None => "–",
                }
            }
        }
    }
}
