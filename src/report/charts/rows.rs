//! Charts of rows: a name on the left, a point with its interval, the figures on the right.

use plotters::style::RGBColor;

use crate::metrics::Interval;

use super::axis::{Axis, Unit};
use super::canvas::{Anchor, Canvas, Drawn, Stroke, Type, wrap};
use super::palette::Marker;
use super::panel::Panel;

/// An axis across rows; the other direction is the rows'.
pub(crate) fn across(rect: super::canvas::Rect, x: Axis) -> Panel {
    Panel { rect, x, y: Axis { ticks: Vec::new(), ..Axis::linear(0.0, 1.0, 1, Unit::Number) } }
}

/// Between the lines of a name, in pixels.
const LINE: f64 = 27.0;
/// Lines that a name takes at most.
const MOST_LINES: usize = 4;

/// The height of a row: `least`, or more where one of the names takes several lines of this width.
pub(crate) fn height<'a>(names: impl Iterator<Item = &'a str>, look: Type, width: f64, least: f64) -> f64 {
    let lines = names.map(|name| wrap(name, look, width, MOST_LINES).len()).max().unwrap_or(1);
    least.max(LINE * lines as f64 + 14.0)
}

/// How a point is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) marker: Marker,
    pub(crate) color: RGBColor,
    /// It rests on one seed: its interval is about the models that were trained, not about the configuration.
    pub(crate) one_seed: bool,
}

/// What a hollow marker means.
pub(crate) const ONE_SEED: &str = "hollow: one seed, about these two models";

/// A point with its interval at height `y`; hollow where it rests on one seed.
pub(crate) fn estimate(
    canvas: &Canvas<'_>,
    panel: &Panel,
    y: f64,
    value: f64,
    interval: Option<Interval>,
    point: Point,
) -> Drawn {
    let Point { marker, color, one_seed } = point;
    let x = |value: f64| panel.at(value, 0.0).0;
    if let Some(interval) = interval {
        canvas.line(&[(x(interval.low), y), (x(interval.high), y)], Stroke::solid(color, 4))?;
        for end in [interval.low, interval.high].into_iter().filter(|end| panel.x.contains(*end)) {
            canvas.line(&[(x(end), y - 7.0), (x(end), y + 7.0)], Stroke::solid(color, 3))?;
        }
    }
    if one_seed {
        return canvas.hollow_marker((x(value), y), marker, 9.0, color);
    }
    canvas.marker((x(value), y), marker, 9.0, color)
}

/// A name to the left of the panel, at most `width` wide, in lines around `y`.
pub(crate) fn name(canvas: &Canvas<'_>, panel: &Panel, y: f64, text: &str, width: f64, look: Type) -> Drawn {
    let lines = wrap(text, look, width, MOST_LINES);
    canvas.lines(&lines, (panel.rect.left - 20.0, y), LINE, look.anchor(Anchor::End))
}

/// A title over the whole width left of the panel, in lines around `y`.
pub(crate) fn title(canvas: &Canvas<'_>, y: f64, text: &str, width: f64, look: Type) -> Drawn {
    canvas.lines(&wrap(text, look, width, MOST_LINES), (super::legend::MARGIN, y), LINE, look)
}

/// Figures to the right of the panel.
pub(crate) fn figures(canvas: &Canvas<'_>, panel: &Panel, y: f64, text: &str, look: Type) -> Drawn {
    canvas.text(text, (panel.rect.right + 24.0, y), look)
}

/// The smallest range around `values`, with some air; none without finite values.
pub(crate) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let air = (high - low) * 0.04;
    (low <= high).then_some((low - air, high + air))
}
