//! Every recorded metric over epochs.

use crate::report::metric;
use crate::report::model::Report;
use crate::spec::MetricName;

use super::canvas::{Rect, Type, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::panel::{Labels, Panel, lattice, left_room};
use super::series::{self, Selection};
use super::{Chart, DrawError, Looks, words};

const METRICS: [MetricName; 6] = [
    MetricName::F1,
    MetricName::Precision,
    MetricName::Recall,
    MetricName::MeanConfidence,
    MetricName::TrainAccuracy,
    MetricName::EvalLoss,
];
const SHEET_HEIGHT: u32 = 1100;
const COLUMNS: usize = 3;

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let selection = Selection::of(report, looks);
    if selection.is_empty() {
        return Ok(None);
    }
    let legend = selection.legend(report, looks);
    let title = "Metrics over epochs";
    let picture = picture(WIDTH, SHEET_HEIGHT, |canvas| {
        let top = heading(canvas, title, &words::subject_and_seeds(report))? + 44.0;
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let axis = |name| series::metric_axis(report, &[name], None, 4);
        let axes = METRICS.map(axis);
        let room = axes.iter().map(|axis| left_room(axis, false)).fold(0.0, f64::max);
        let outer = Rect::new(MARGIN + room, top, right, f64::from(SHEET_HEIGHT) - 100.0);
        let rows = METRICS.len().div_ceil(COLUMNS);
        let cells = lattice(outer, COLUMNS, rows, (room + 24.0, 110.0));
        for (place, ((name, y), rect)) in METRICS.into_iter().zip(axes).zip(cells).enumerate() {
            let last_row = place + COLUMNS >= METRICS.len();
            let panel = Panel { rect, x: series::epoch_axis(report, 5), y };
            let labels = Labels { x: last_row.then_some("Epoch"), y: None, x_ticks: true, y_ticks: true };
            panel.frame(canvas, labels)?;
            let heading = Type::small().bold();
            canvas.text(&heading.fit(metric::title(name), rect.width()), (rect.left, rect.top - 22.0), heading)?;
            let radius = series::SMALL_RADIUS;
            series::overlay(canvas, &panel, report, looks, &selection, name, radius)?;
        }
        legend.beside(canvas, outer)
    })?;
    let names: Vec<&str> = METRICS.iter().map(|&name| metric::title(name)).collect();
    let description = format!(
        "One panel each for {}. Precision, recall and F1 are weighted by class.",
        names.join(", ").to_lowercase()
    );
    Ok(Some(Chart::new("metrics", title, description, picture)))
}
