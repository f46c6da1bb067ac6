//! The charts of a report, drawn with plotters.

mod accuracy;
mod axis;
mod bars;
mod canvas;
mod chart;
mod confusion;
mod effects;
mod figures;
mod fonts;
mod forest;
mod heatmap;
mod intervals;
mod last_resort;
mod legend;
mod looks;
mod loss;
mod metrics;
mod multiples;
mod palette;
mod panel;
mod parallel;
mod pareto;
mod raster;
mod rows;
mod search;
mod series;
mod text;
mod throughput;
mod words;

pub(crate) use canvas::DrawError;
pub(crate) use chart::Chart;
pub use raster::RasterError;
pub(crate) use search::compared as compared_searches;

use super::model::Report;
use looks::Looks;

/// Draws every chart that the results allow.
pub(crate) fn draw_all(report: &Report) -> Result<Vec<Chart>, DrawError> {
    let looks = Looks::of(report);
    let mut charts = Vec::new();
    charts.extend(forest::draw(report)?);
    charts.extend(search::draw(report)?);
    charts.extend(figures::draw(report)?);
    if report.configurations.len() > 1 {
        // Of one configuration they would be the figures once more.
        charts.extend(loss::draw(report, &looks)?);
        charts.extend(accuracy::draw(report, &looks)?);
    }
    charts.extend(multiples::draw(report, &looks)?);
    charts.extend(intervals::draw(report, &looks)?);
    charts.extend(effects::draw(report, &looks)?);
    charts.extend(metrics::draw(report, &looks)?);
    charts.extend(confusion::draw(report)?);
    charts.extend(heatmap::draw(report)?);
    charts.extend(parallel::draw(report)?);
    charts.extend(pareto::draw(report, &looks)?);
    charts.extend(pareto::draw_tokens(report, &looks)?);
    charts.extend(throughput::draw(report, &looks)?);
    charts.extend(throughput::draw_memory(report, &looks)?);
    Ok(charts)
}
