//! Training against validation loss over epochs.

use crate::report::model::Report;
use crate::spec::Metric;

use super::canvas::{Canvas, Drawn, HEIGHT, Rect, Stroke, Type, WIDTH, picture};
use super::legend::{Key, MARGIN, heading};
use super::palette::MUTED;
use super::panel::{Labels, Panel, lattice, left_room};
use super::series::{self, Selection};
use super::{Chart, DrawError, Looks, words};

/// Up to this many configurations share one panel, training dashed and validation solid.
const TOGETHER: usize = 3;
const BOTH: [Metric; 2] = [Metric::TRAIN_LOSS, Metric::EVAL_LOSS];

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let selection = Selection::of(report, looks);
    if selection.is_empty() {
        return Ok(None);
    }
    let together = selection.shown.len() + selection.context.len() <= TOGETHER;
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = heading(canvas, "Training and validation loss", &words::subject_and_seeds(report, selection.all()))?;
        if together {
            one_panel(canvas, top, report, looks, &selection)
        } else {
            side_by_side(canvas, top, report, looks, &selection)
        }
    })?;
    let form =
        if together { "dashed lines training, solid lines validation" } else { "left training, right validation" };
    Ok(Some(Chart {
        name: "loss",
        title: "Training and validation loss".to_string(),
        description: format!("Lines: mean cross-entropy loss per epoch, {form}. {}", gap_sentence(report)),
        picture,
    }))
}

fn one_panel(canvas: &Canvas<'_>, top: f64, report: &Report, looks: &Looks, selection: &Selection) -> Drawn {
    let mut legend = selection.legend(report, looks);
    legend.entries.push((Key::Line(Stroke::solid(MUTED, 4)), "validation".to_string()));
    legend.entries.push((Key::Line(Stroke::dashed(MUTED, 3)), "training".to_string()));
    let y = series::metric_axis(report, &BOTH, None, 7);
    let right = f64::from(WIDTH) - MARGIN - legend.width();
    let rect = Rect::new(MARGIN + left_room(&y, true), top + 8.0, right, f64::from(HEIGHT) - 110.0);
    let panel = Panel { rect, x: series::epoch_axis(report, 12), y };
    panel.frame(canvas, Labels::all("Epoch", "Loss"))?;
    for &i in &selection.shown {
        for part in series::comparable_means(report, i, Metric::TRAIN_LOSS) {
            panel.curve(canvas, &part, 1.0, Stroke::dashed(looks.get(i).color, 3))?;
        }
    }
    series::overlay(canvas, &panel, report, looks, selection, Metric::EVAL_LOSS, series::RADIUS)?;
    legend.beside(canvas, rect)
}

fn side_by_side(canvas: &Canvas<'_>, top: f64, report: &Report, looks: &Looks, selection: &Selection) -> Drawn {
    let legend = selection.legend(report, looks);
    let y = series::metric_axis(report, &BOTH, None, 7);
    let right = f64::from(WIDTH) - MARGIN - legend.width();
    let outer = Rect::new(MARGIN + left_room(&y, true), top + 48.0, right, f64::from(HEIGHT) - 110.0);
    for (i, (cell, metric)) in lattice(outer, 2, 1, (36.0, 0.0)).into_iter().zip(BOTH).enumerate() {
        let panel = Panel { rect: cell, x: series::epoch_axis(report, 6), y: y.clone() };
        let name = (i == 0).then_some("Loss");
        panel.frame(canvas, Labels { x: Some("Epoch"), y: name, x_ticks: true, y_ticks: i == 0 })?;
        let title = if i == 0 { "Training" } else { "Validation" };
        canvas.text(title, (cell.left, cell.top - 26.0), Type::body().bold())?;
        series::overlay(canvas, &panel, report, looks, selection, metric, series::RADIUS)?;
    }
    legend.beside(canvas, outer)
}

/// Which configurations end with a validation loss well above their lowest, over the runs that got that far.
fn gap_sentence(report: &Report) -> String {
    let rises = |configuration: &usize| {
        let parts = series::comparable_means(report, *configuration, Metric::EVAL_LOSS);
        let losses = parts.last().map_or(&[][..], Vec::as_slice);
        let lowest = losses.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
        losses.last().is_some_and(|(_, last)| *last > 1.05 * lowest)
    };
    let rising: Vec<&str> =
        (0..report.configurations.len()).filter(rises).map(|i| report.configurations[i].name.as_str()).collect();
    match rising.as_slice() {
        [] => "No configuration's validation loss ends more than 5 % above its lowest.".to_string(),
        few if few.len() <= 4 => {
            format!("The validation loss ends more than 5 % above its lowest for: {}.", few.join("; "))
        }
        many => format!("The validation loss ends more than 5 % above its lowest for {} configurations.", many.len()),
    }
}
