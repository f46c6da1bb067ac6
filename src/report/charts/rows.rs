//! Charts of rows: a name on the left, a point with its interval, the figures on the right.

use plotters::style::RGBColor;

use crate::metrics::Interval;

use super::axis::{Axis, Unit};
use super::canvas::{Anchor, Canvas, Drawn, Stroke, Type};
use super::palette::Marker;
use super::panel::Panel;

/// An axis across rows; the other direction is the rows'.
pub(crate) fn across(rect: super::canvas::Rect, x: Axis) -> Panel {
    Panel { rect, x, y: Axis { ticks: Vec::new(), ..Axis::linear(0.0, 1.0, 1, Unit::Number) } }
}

/// A point with its interval at height `y`.
pub(crate) fn estimate(
    canvas: &Canvas<'_>,
    panel: &Panel,
    y: f64,
    value: f64,
    interval: Option<Interval>,
    (marker, color): (Marker, RGBColor),
) -> Drawn {
    let x = |value: f64| panel.at(value, 0.0).0;
    if let Some(interval) = interval {
        canvas.line(&[(x(interval.low), y), (x(interval.high), y)], Stroke::solid(color, 4))?;
        for end in [interval.low, interval.high].into_iter().filter(|end| panel.x.contains(*end)) {
            canvas.line(&[(x(end), y - 7.0), (x(end), y + 7.0)], Stroke::solid(color, 3))?;
        }
    }
    canvas.marker((x(value), y), marker, 9.0, color)
}

/// A name to the left of the panel, at most `width` wide.
pub(crate) fn name(canvas: &Canvas<'_>, panel: &Panel, y: f64, text: &str, width: f64, look: Type) -> Drawn {
    canvas.text(&look.fit(text, width), (panel.rect.left - 20.0, y), look.anchor(Anchor::End))
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
