//! Small multiples: one panel per configuration, for sweeps with too many to share one.

use crate::report::model::Report;
use crate::spec::Metric;

use super::canvas::{Canvas, Drawn, Rect, Stroke, Type, WIDTH, picture, wrap};
use super::legend::{Heading, Key, Legend, MARGIN};
use super::palette::{BASELINE, CONTEXT, Look, MUTED, NEUTRAL};
use super::panel::{Labels, Panel, lattice, left_room};
use super::series;
use super::{Chart, DrawError, Looks, words};

/// From this many configurations on.
const FEWEST: usize = 4;
/// More panels than this nobody reads; the best ones are shown.
const MOST: usize = 24;
const COLUMNS: usize = 4;
const PANEL_HEIGHT: f64 = 230.0;
const GAP: (f64, f64) = (26.0, 64.0);
const FOOT: f64 = 160.0;

/// Accuracy and loss, one panel per configuration.
pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Vec<Chart>, DrawError> {
    let shown = chosen(report);
    if shown.len() < FEWEST {
        return Ok(Vec::new());
    }
    Ok(vec![accuracy(report, looks, &shown)?, loss(report, looks, &shown)?])
}

/// The configurations with a panel, in plan order: all, or the baseline and the best.
fn chosen(report: &Report) -> Vec<usize> {
    let with_data: Vec<usize> =
        (0..report.configurations.len()).filter(|&i| !report.configurations[i].curve.is_empty()).collect();
    if with_data.len() <= MOST {
        return with_data;
    }
    let mut order: Vec<usize> = report.baseline.into_iter().filter(|i| with_data.contains(i)).collect();
    for i in report.ranking().into_iter().chain(with_data.iter().copied()) {
        if order.len() == MOST {
            break;
        }
        if !order.contains(&i) {
            order.push(i);
        }
    }
    order.sort_unstable();
    order
}

fn accuracy_keys(baseline: bool, reference: Option<&String>) -> Vec<(Key, String)> {
    let own = "the configuration named above the panel".to_string();
    let mut keys = vec![(Key::Curve(Look::PLAIN), own)];
    if baseline {
        keys.push((Key::Line(Stroke::solid(BASELINE, 3)), "baseline".to_string()));
    }
    keys.push((Key::Line(Stroke::solid(CONTEXT, 3)), "all others".to_string()));
    if let Some(name) = reference {
        keys.push((Key::Line(Stroke::dashed(MUTED, 2)), name.clone()));
    }
    keys
}

fn accuracy(report: &Report, looks: &Looks, shown: &[usize]) -> Result<Chart, DrawError> {
    let metric = Metric::ACCURACY;
    let reference = words::reference(report, metric);
    let baseline = report.baseline.map(|i| series::means(report, i, metric));
    let keys = accuracy_keys(baseline.is_some(), reference.as_ref().map(|(_, name)| name));
    let axis = series::metric_axis(report, &[metric], reference.as_ref().map(|r| r.0), 4);
    let title = "Accuracy over epochs, by configuration";
    let picture = sheet(report, title, shown, axis, "Accuracy", &keys, |canvas, panel, i| {
        for &other in shown.iter().filter(|&&other| other != i) {
            panel.curve(canvas, &series::means(report, other, metric), 1.0, Stroke::solid(CONTEXT, 1))?;
        }
        if let Some((value, _)) = &reference {
            panel.reference(canvas, *value, "", &[])?;
        }
        if let Some(points) = baseline.as_ref().filter(|_| !report.is_baseline(i)) {
            panel.curve(canvas, points, 1.0, Stroke::solid(BASELINE, 2))?;
        }
        panel.band(canvas, &series::bands(report, i, metric), series::pale(color_of(looks, i).color))?;
        series::one(canvas, panel, report, color_of(looks, i), i, metric, series::SMALL_RADIUS)
    })?;
    let description = format!("{} {}", panels_sentence(report, shown), words::standing(report, metric, 4));
    Ok(Chart::new("accuracy_multiples", title, description, picture))
}

fn loss(report: &Report, looks: &Looks, shown: &[usize]) -> Result<Chart, DrawError> {
    let keys = [
        (Key::Line(Stroke::solid(NEUTRAL, 4)), "validation".to_string()),
        (Key::Line(Stroke::dashed(NEUTRAL, 3)), "training".to_string()),
    ];
    let axis = series::metric_axis(report, &[Metric::TRAIN_LOSS, Metric::EVAL_LOSS], None, 4);
    let title = "Training and validation loss, by configuration";
    let picture = sheet(report, title, shown, axis, "Loss", &keys, |canvas, panel, i| {
        let look = color_of(looks, i);
        let training = series::means(report, i, Metric::TRAIN_LOSS);
        panel.curve(canvas, &training, 1.0, Stroke::dashed(look.color, 3))?;
        panel.band(canvas, &series::bands(report, i, Metric::EVAL_LOSS), series::pale(look.color))?;
        series::one(canvas, panel, report, look, i, Metric::EVAL_LOSS, series::SMALL_RADIUS)
    })?;
    let description = format!("{} Dashed: training; solid: validation.", panels_sentence(report, shown));
    Ok(Chart::new("loss_multiples", title, description, picture))
}

/// Lays out the panels, with tick labels at the sheet's left and bottom only.
fn sheet(
    report: &Report,
    title: &str,
    shown: &[usize],
    y: super::axis::Axis,
    y_name: &str,
    keys: &[(Key, String)],
    draw: impl Fn(&Canvas<'_>, &Panel, usize) -> Drawn,
) -> Result<super::canvas::Picture, DrawError> {
    let columns = shown.len().min(COLUMNS);
    let rows = shown.len().div_ceil(columns);
    let heading = Heading::new(title, &subtitle(report, shown));
    let left = MARGIN + left_room(&y, true);
    let right = f64::from(WIDTH) - MARGIN;
    let names = Names::of(report, shown, (right - left - (columns - 1) as f64 * GAP.0) / columns as f64);
    let gap = (GAP.0, GAP.1 + names.extra());
    let body = rows as f64 * PANEL_HEIGHT + (rows - 1) as f64 * gap.1;
    let legend = Legend { entries: keys.to_vec() };
    let foot = FOOT - 42.0 + legend.row_height(left);
    let height = (heading.bottom() + 48.0 + names.extra() + body + foot) as u32;
    picture(WIDTH, height, |canvas| {
        let top = heading.draw(canvas)? + 48.0 + names.extra();
        let cells = lattice(Rect::new(left, top, right, top + body), columns, rows, gap);
        for (place, (&i, cell)) in shown.iter().zip(cells).enumerate() {
            let last_in_column = place + columns >= shown.len();
            let panel = Panel { rect: cell, x: series::epoch_axis(report, 5), y: y.clone() };
            let first = place % columns == 0;
            panel.frame(
                canvas,
                Labels {
                    x: last_in_column.then_some("Epoch"),
                    y: first.then_some(y_name),
                    x_ticks: last_in_column,
                    y_ticks: first,
                },
            )?;
            names.draw(canvas, place, cell)?;
            draw(canvas, &panel, i)?;
        }
        legend.row(canvas, left, f64::from(height) - 34.0)
    })
}

/// The names above the panels, each in as many lines as it takes.
struct Names(Vec<Vec<String>>);

impl Names {
    const LINE: f64 = 26.0;

    fn of(report: &Report, shown: &[usize], width: f64) -> Names {
        let name = |&i: &usize| wrap(&report.configurations[i].name, Type::small().bold(), width, 5);
        Names(shown.iter().map(name).collect())
    }

    /// What the longest name takes beyond one line.
    fn extra(&self) -> f64 {
        let most = self.0.iter().map(Vec::len).max().unwrap_or(1);
        Self::LINE * most.saturating_sub(1) as f64
    }

    /// The last line stands right above the panel.
    fn draw(&self, canvas: &Canvas<'_>, place: usize, panel: Rect) -> Drawn {
        let lines = self.0.get(place).map_or(&[][..], Vec::as_slice);
        let above = (lines.len().max(1) - 1) as f64 * Self::LINE / 2.0;
        canvas.lines(lines, (panel.left, panel.top - 22.0 - above), Self::LINE, Type::small().bold())
    }
}

fn color_of(looks: &Looks, configuration: usize) -> Look {
    Look { marker: Look::PLAIN.marker, ..looks.get(configuration) }
}

fn subtitle(report: &Report, shown: &[usize]) -> String {
    let all = report.configurations.len();
    let part = if shown.len() < all { format!("{} of {all} configurations · ", shown.len()) } else { String::new() };
    format!("{part}{}", words::subject_and_seeds(report, shown.iter().copied()))
}

fn panels_sentence(report: &Report, shown: &[usize]) -> String {
    let all = report.configurations.len();
    if shown.len() < all {
        format!("One panel for each of {} of {all} configurations.", shown.len())
    } else {
        format!("One panel for each of {} configurations.", shown.len())
    }
}
