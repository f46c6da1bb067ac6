//! A report as parts of a page.

use super::charts::{self, Chart};
use super::error::ReportError;
use super::model::Report;
use super::page::{self, Part};
use super::reference;

/// Not in the parts: who shows them has a matrix of every run.
const LEFT_OUT: &str = "confusion";

/// The verdicts, what a search has found, the charts and the tables of configurations, as a report's page has them.
///
/// # Errors
/// A chart cannot be drawn.
pub fn parts(report: &Report) -> Result<Vec<Part>, ReportError> {
    let drawn = charts::draw_all(report).map_err(|source| ReportError::Draw { sweep: report.name.clone(), source })?;
    let charts: Vec<Chart> = drawn.into_iter().filter(|chart| chart.name != LEFT_OUT).collect();
    Ok(page::parts(report, &charts, reference::heading(report)))
}
