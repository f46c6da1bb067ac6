//! Charts of a search: its history, the space as it was searched, what matters in it, and what budgets buy.

mod budget;
mod history;
mod importance;
mod marks;
mod pairs;
mod parallel;
mod rungs;
mod scales;
mod slices;

use super::{Chart, DrawError};
use crate::report::model::Report;

pub(crate) use budget::compared;

/// Draws what the samples of the search allow. None where the sweep file names all runs.
pub(super) fn draw(report: &Report) -> Result<Vec<Chart>, DrawError> {
    let Some(found) = &report.search else {
        return Ok(Vec::new());
    };
    if found.evidence.trials.is_empty() {
        return Ok(Vec::new());
    }
    let mut charts = Vec::new();
    charts.extend(history::draw(report, found)?);
    charts.extend(importance::draw(report, found)?);
    charts.extend(slices::draw(report, found)?);
    charts.extend(pairs::draw(report, found)?);
    charts.extend(parallel::draw(report, found)?);
    charts.extend(rungs::draw(report, found)?);
    charts.extend(budget::draw(report, found)?);
    Ok(charts)
}
