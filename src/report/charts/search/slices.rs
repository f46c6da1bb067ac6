//! A panel for each dimension of a space: the samples' values against their means.

use crate::report::model::Report;
use crate::report::search::{self, Evidence, Found, TrialState};

use super::super::axis::Axis;
use super::super::canvas::{Anchor, Canvas, Drawn, Rect, Type, WIDTH, picture};
use super::super::legend::{Heading, Key, Legend, MARGIN};
use super::super::palette::{Look, Marker, sequential};
use super::super::panel::{Labels, Panel, lattice, left_room};
use super::super::{Chart, DrawError, words};
use super::{marks, scales};

/// Between the panels, in pixels.
const GAP: (f64, f64) = (40.0, 112.0);
/// The height of the row of keys at the bottom.
const KEYS: f64 = 70.0;

pub(super) fn draw(report: &Report, found: &Found) -> Result<Option<Chart>, DrawError> {
    let evidence = &found.evidence;
    if evidence.with_mean().next().is_none() || evidence.space.is_empty() {
        return Ok(None);
    }
    let (columns, rows, panel_height) = shape(evidence.space.len());
    let title = format!("{} by parameter", evidence.metric().title());
    let heading = Heading::new(&title, &words::subject(report));
    let inner = rows as f64 * panel_height + (rows - 1) as f64 * GAP.1;
    let height = (heading.bottom() + 40.0 + inner + 70.0 + KEYS) as u32;
    let picture = picture(WIDTH, height, |canvas| {
        let top = heading.draw(canvas)? + 40.0;
        let values = evidence.with_mean().map(|(_, summary)| summary.mean);
        let y = scales::metric(evidence.metric(), values, if panel_height > 400.0 { 7 } else { 4 });
        let left = MARGIN + left_room(&y, true);
        let outer = Rect::new(left, top, f64::from(WIDTH) - MARGIN, top + inner);
        for (number, rect) in lattice(outer, columns, rows, GAP).into_iter().enumerate().take(evidence.space.len()) {
            slice(canvas, rect, evidence, number, &y, number % columns == 0)?;
        }
        Legend { entries: keys(evidence) }.row(canvas, left, f64::from(height) - KEYS / 2.0)
    })?;
    let description = format!(
        "One panel per parameter: each sample's value against its mean; later samples are darker. {}",
        search::conclusion(found).into_iter().next().unwrap_or_default()
    );
    Ok(Some(Chart::new("search_slices", &title, description, picture)))
}

/// Columns, rows, and the height of a panel.
fn shape(panels: usize) -> (usize, usize, f64) {
    let (columns, height) = match panels {
        1 => (1, 620.0),
        2 => (2, 520.0),
        3 | 5 | 6 | 9 => (3, 340.0),
        4 => (2, 360.0),
        _ => (4, 260.0),
    };
    (columns, panels.div_ceil(columns), height)
}

fn slice(canvas: &Canvas<'_>, rect: Rect, evidence: &Evidence, number: usize, y: &Axis, is_first: bool) -> Drawn {
    let dimension = &evidence.space[number];
    let panel = Panel { rect, x: scales::dimension(dimension, rect.width()), y: y.clone() };
    let metric = scales::metric_title(evidence);
    let y_name = Some(metric.as_str()).filter(|_| is_first);
    panel.frame(canvas, Labels { x: None, y: y_name, x_ticks: true, y_ticks: is_first })?;
    let name = Type::small().bold().fit(&dimension.name, rect.width());
    canvas.text(&name, (rect.middle_x(), rect.top - 22.0), Type::small().bold().anchor(Anchor::Middle))?;
    if let Some(when) = &dimension.when {
        let look = Type::muted().anchor(Anchor::Middle);
        canvas.text(&look.fit(&format!("where {when}"), rect.width()), (rect.middle_x(), rect.bottom + 56.0), look)?;
    }
    let radius = marks::radius(evidence.trials.len()).min(if rect.width() < 400.0 { 6.0 } else { 8.0 });
    let all = evidence.trials.len().max(2) as f64;
    for trial in &evidence.trials {
        let Some(coordinate) = trial.point.0.get(number).copied().flatten() else { continue };
        let x = scales::place(coordinate, trial.number);
        match (trial.state(), trial.summary()) {
            (TrialState::Stopped, Some(summary)) => {
                marks::sample(canvas, panel.at(x, summary.mean), marks::STOPPED.color, radius)?;
            }
            (_, Some(summary)) => {
                let shade = late((trial.number - 1) as f64 / (all - 1.0));
                marks::sample(canvas, panel.at(x, summary.mean), shade, radius)?;
            }
            (TrialState::Failed, None) => marks::failed(canvas, &panel, x, radius)?,
            _ => {}
        }
    }
    Ok(())
}

/// From the first sample (0) to the last (1).
fn late(share: f64) -> plotters::style::RGBColor {
    sequential(0.3 + 0.7 * share)
}

fn keys(evidence: &Evidence) -> Vec<(Key, String)> {
    let circle = |color| Key::Marker(Look { color, marker: Marker::Circle });
    let mut keys =
        vec![(circle(late(0.0)), "first samples".to_owned()), (circle(late(1.0)), "last samples".to_owned())];
    keys.extend(marks::legend(evidence).into_iter().filter(|(_, name)| !name.starts_with("sample")));
    keys
}
