//! Every recorded metric over epochs.

use crate::metrics::{Metric, Table};
use crate::report::model::Report;

use super::axis::Axis;
use super::canvas::{Rect, Type, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::panel::{Labels, Panel, lattice, left_room};
use super::series::{self, Selection};
use super::{Chart, DrawError, Looks, words};

const SHEET_HEIGHT: u32 = 1100;
const COLUMNS: usize = 3;

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let selection = Selection::of(report, looks);
    if selection.is_empty() {
        return Ok(None);
    }
    let metrics = metrics();
    let legend = selection.legend(report, looks);
    let title = "Metrics over epochs";
    let picture = picture(WIDTH, SHEET_HEIGHT, |canvas| {
        let top = heading(canvas, title, &words::subject_and_seeds(report, selection.all()))? + 44.0;
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let axis = |name: &Metric| series::metric_axis(report, &[*name], None, 4);
        let axes: Vec<Axis> = metrics.iter().map(axis).collect();
        let room = axes.iter().map(|axis| left_room(axis, false)).fold(0.0, f64::max);
        let outer = Rect::new(MARGIN + room, top, right, f64::from(SHEET_HEIGHT) - 100.0);
        let rows = metrics.len().div_ceil(COLUMNS);
        let cells = lattice(outer, COLUMNS, rows, (room + 24.0, 110.0));
        for (place, ((name, y), rect)) in metrics.iter().copied().zip(axes).zip(cells).enumerate() {
            let last_row = place + COLUMNS >= metrics.len();
            let panel = Panel { rect, x: series::epoch_axis(report, 5), y };
            let labels = Labels { x: last_row.then_some("Epoch"), y: None, x_ticks: true, y_ticks: true };
            panel.frame(canvas, labels)?;
            let heading = Type::small().bold();
            canvas.text(&heading.fit(name.title(), rect.width()), (rect.left, rect.top - 22.0), heading)?;
            let radius = series::SMALL_RADIUS;
            series::overlay(canvas, &panel, report, looks, &selection, name, radius)?;
        }
        legend.beside(canvas, outer)
    })?;
    let names: Vec<&str> = metrics.iter().map(|name| name.title()).collect();
    let description = format!(
        "One panel each for {}. Precision, recall and F1 are weighted by class.",
        names.join(", ").to_lowercase()
    );
    Ok(Some(Chart::new("metrics", title, description, picture)))
}

/// In the order of tables, losses last: their axes are others.
fn metrics() -> Vec<Metric> {
    let mut metrics = Metric::shown_in(Table::SmallPanels);
    metrics.sort_by_key(|metric| !metric.is_share());
    metrics
}
