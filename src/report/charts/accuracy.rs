//! Accuracy on the evaluation examples over epochs, with the reported figure as a line.

use crate::report::model::Report;
use crate::spec::MetricName;

use super::canvas::{HEIGHT, Rect, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::panel::{Labels, Panel, left_room};
use super::series::{self, Selection};
use super::{Chart, DrawError, Looks, words};

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let selection = Selection::of(report, looks);
    if selection.is_empty() {
        return Ok(None);
    }
    let metric = MetricName::Accuracy;
    let reference = words::reference(report, metric);
    let legend = selection.legend(report, looks);
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = heading(canvas, WIDTH, "Accuracy over epochs", &words::subject_and_seeds(report))?;
        let y = series::metric_axis(report, &[metric], reference.as_ref().map(|r| r.0), 7);
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let rect = Rect::new(MARGIN + left_room(&y, true), top + 8.0, right, f64::from(HEIGHT) - 110.0);
        let panel = Panel { rect, x: series::epoch_axis(report, 12), y };
        let names = Labels { x: Some("Epoch"), y: Some("Accuracy (evaluation)"), x_ticks: true, y_ticks: true };
        panel.frame(canvas, names)?;
        if let Some((value, name)) = &reference {
            let with_data = selection.shown.iter().chain(&selection.context);
            let lines: Vec<Vec<_>> = with_data
                .map(|&i| series::means(report, i, metric).into_iter().map(|(x, y)| panel.at(x, y)).collect())
                .collect();
            panel.reference(canvas, *value, name, &lines)?;
        }
        series::overlay(canvas, &panel, report, looks, &selection, metric, series::RADIUS)?;
        legend.right(canvas, Rect::new(right, rect.top, f64::from(WIDTH) - MARGIN, rect.bottom))
    })?;
    let against =
        reference.map_or(String::new(), |(_, name)| format!(" The dashed line is the reported figure: {name}."));
    Ok(Some(Chart {
        name: "accuracy",
        title: "Accuracy over epochs".to_string(),
        description: format!(
            "Lines: accuracy on the evaluation examples after each epoch, {}.{against} {}",
            words::counted(report.configurations.len(), "configuration"),
            words::standing(report, metric, 4)
        ),
        picture,
    }))
}
