//! Accuracy on the evaluation examples over epochs, with the reported figure as a line.

use crate::report::model::Report;
use crate::spec::Metric;

use super::canvas::{HEIGHT, Point, Rect, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::panel::{Labels, Panel, left_room};
use super::series::{self, Selection};
use super::{Chart, DrawError, Looks, words};

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let selection = Selection::of(report, looks);
    if selection.is_empty() {
        return Ok(None);
    }
    let metric = Metric::ACCURACY;
    let reference = words::reference(report, metric);
    let legend = selection.legend(report, looks);
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = heading(canvas, "Accuracy over epochs", &words::subject_and_seeds(report, selection.all()))?;
        let y = series::metric_axis(report, &[metric], reference.as_ref().map(|r| r.0), 7);
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let rect = Rect::new(MARGIN + left_room(&y, true), top + 8.0, right, f64::from(HEIGHT) - 110.0);
        let panel = Panel { rect, x: series::epoch_axis(report, 12), y };
        let names = Labels::all("Epoch", "Accuracy (evaluation)");
        panel.frame(canvas, names)?;
        if let Some((value, name)) = &reference {
            let lines = positions(&panel, report, &selection);
            panel.reference(canvas, *value, name, &lines)?;
        }
        series::overlay(canvas, &panel, report, looks, &selection, metric, series::RADIUS)?;
        legend.beside(canvas, rect)
    })?;
    let against =
        reference.map_or(String::new(), |(_, name)| format!(" The dashed line is the reported figure: {name}."));
    let description = format!(
        "Lines: accuracy on the evaluation examples after each epoch, {}.{against} {}",
        words::counted(report.configurations.len(), "configuration"),
        words::standing(report, metric, 4)
    );
    Ok(Some(Chart::new("accuracy", "Accuracy over epochs", description, picture)))
}

/// Where the curves run, in pixels.
fn positions(panel: &Panel, report: &Report, selection: &Selection) -> Vec<Vec<Point>> {
    let line = |&i: &usize| {
        let means = series::means(report, i, Metric::ACCURACY);
        means.into_iter().map(|(x, y)| panel.at(x, y)).collect()
    };
    selection.shown.iter().chain(&selection.context).map(line).collect()
}
