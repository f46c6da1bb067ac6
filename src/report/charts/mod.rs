//! The charts of a report, drawn with plotters.

mod accuracy;
mod axis;
mod bars;
mod canvas;
mod confusion;
mod effects;
mod figures;
mod fonts;
mod forest;
mod heatmap;
mod intervals;
mod last_resort;
mod legend;
mod loss;
mod metrics;
mod multiples;
mod palette;
mod panel;
mod parallel;
mod pareto;
mod raster;
mod rows;
mod series;
mod text;
mod throughput;
mod words;

pub(crate) use canvas::DrawError;
pub use raster::RasterError;

use super::model::Report;
use canvas::Picture;
use palette::Look;

/// A chart with its words.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// File name without extension.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    /// What the chart shows, for those who cannot see it and for the caption.
    pub(crate) description: String,
    picture: Picture,
}

impl Chart {
    fn new(name: &'static str, title: &str, description: String, picture: Picture) -> Chart {
        Chart { name, title: title.to_string(), description, picture }
    }

    pub(crate) fn svg(&self) -> &str {
        &self.picture.svg
    }

    /// Width and height as in the issue of publication: 200 dots per inch.
    pub(crate) fn png(&self) -> Result<Vec<u8>, RasterError> {
        raster::png(&self.picture.svg)
    }
}

/// How each configuration is drawn, in every chart.
pub(crate) struct Looks(Vec<Look>);

impl Looks {
    /// The baseline is black. Where there are more others than colours, the best ones get the colours.
    pub(crate) fn of(report: &Report) -> Looks {
        let count = report.configurations.len();
        let others: Vec<usize> = (0..count).filter(|&i| !report.is_baseline(i)).collect();
        let colours = palette::OKABE_ITO.len();
        let chosen: Vec<usize> = if others.len() <= colours {
            others
        } else {
            report.ranking().into_iter().filter(|&i| !report.is_baseline(i)).take(colours).collect()
        };
        let mut looks = vec![Look::PLAIN; count];
        if let Some(baseline) = report.baseline {
            looks[baseline] = Look::BASELINE;
        }
        for (place, index) in chosen.into_iter().enumerate() {
            looks[index] = Look::distinct(place);
        }
        Looks(looks)
    }

    pub(crate) fn get(&self, configuration: usize) -> Look {
        self.0.get(configuration).copied().unwrap_or(Look::PLAIN)
    }

    /// Whether the configuration has a look that no other has.
    pub(crate) fn is_distinct(&self, configuration: usize) -> bool {
        self.get(configuration) != Look::PLAIN
    }
}

/// Draws every chart that the results allow.
pub(crate) fn draw_all(report: &Report) -> Result<Vec<Chart>, DrawError> {
    let looks = Looks::of(report);
    let mut charts = Vec::new();
    charts.extend(forest::draw(report)?);
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
    charts.extend(throughput::draw(report, &looks)?);
    charts.extend(throughput::draw_memory(report, &looks)?);
    Ok(charts)
}
