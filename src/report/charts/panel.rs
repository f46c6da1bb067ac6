//! A rectangle with two axes, and what is drawn in it.

use plotters::style::{RGBAColor, RGBColor};

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Drawn, Point, Rect, Stroke, Type};
use super::palette::{GRID, INK, Look, MUTED, Marker};

/// Air between the frame and tick labels, in pixels.
const TICK_GAP: f64 = 12.0;

/// Data coordinates inside a rectangle.
pub(crate) struct Panel {
    pub(crate) rect: Rect,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

/// Which sides of a panel carry labels.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Labels<'a> {
    pub(crate) x: Option<&'a str>,
    pub(crate) y: Option<&'a str>,
    pub(crate) x_ticks: bool,
    pub(crate) y_ticks: bool,
}

impl<'a> Labels<'a> {
    /// Both axes with their names and ticks.
    pub(crate) fn all(x: &'a str, y: &'a str) -> Labels<'a> {
        Labels { x: Some(x), y: Some(y), x_ticks: true, y_ticks: true }
    }
}

/// The room that tick labels and the name of a vertical axis need to its left, in pixels.
pub(crate) fn left_room(axis: &Axis, named: bool) -> f64 {
    let widest = axis.ticks.iter().map(|(_, label)| Type::small().width(label)).fold(0.0, f64::max);
    widest + TICK_GAP + if named { 52.0 } else { 8.0 }
}

impl Panel {
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        (self.rect.left + self.x.share(x) * self.rect.width(), self.rect.bottom - self.y.share(y) * self.rect.height())
    }

    /// Grid, axes, tick labels and axis names.
    pub(crate) fn frame(&self, canvas: &Canvas<'_>, labels: Labels<'_>) -> Drawn {
        let Rect { left, top, right, bottom } = self.rect;
        for (value, label) in &self.y.ticks {
            let y = self.at(self.x.low, *value).1;
            canvas.line(&[(left, y), (right, y)], Stroke::solid(GRID, 2))?;
            if labels.y_ticks {
                canvas.text(label, (left - TICK_GAP, y), Type::small().anchor(Anchor::End))?;
            }
        }
        canvas.line(&[(left, bottom), (right, bottom)], Stroke::solid(INK, 2))?;
        for (value, label) in &self.x.ticks {
            let x = self.at(*value, self.y.low).0;
            canvas.line(&[(x, bottom), (x, bottom + 7.0)], Stroke::solid(INK, 2))?;
            if labels.x_ticks {
                canvas.text(label, (x, bottom + 26.0), Type::small().anchor(Anchor::Middle))?;
            }
        }
        if let Some(name) = labels.x {
            canvas.text(name, (self.rect.middle_x(), bottom + 66.0), Type::body().anchor(Anchor::Middle))?;
        }
        if let Some(name) = labels.y {
            let x = left - left_room(&self.y, true) + 14.0;
            canvas.text(name, (x, (top + bottom) / 2.0), Type::body().anchor(Anchor::Middle).upwards())?;
        }
        Ok(())
    }

    /// A line through the points, broken where a point is missing (x more than `step` apart) or not finite.
    pub(crate) fn curve(&self, canvas: &Canvas<'_>, points: &[(f64, f64)], step: f64, stroke: Stroke) -> Drawn {
        for part in unbroken(points, step) {
            let path: Vec<Point> = part.iter().map(|&(x, y)| self.at(x, y)).collect();
            canvas.line(&path, stroke)?;
        }
        Ok(())
    }

    /// An area between two curves: (x, lower, upper).
    pub(crate) fn band(&self, canvas: &Canvas<'_>, points: &[(f64, f64, f64)], color: RGBAColor) -> Drawn {
        let finite: Vec<_> = points.iter().filter(|p| p.1.is_finite() && p.2.is_finite()).collect();
        if finite.len() < 2 {
            return Ok(());
        }
        let upper = finite.iter().map(|p| self.at(p.0, p.2));
        let lower = finite.iter().rev().map(|p| self.at(p.0, p.1));
        canvas.polygon(&upper.chain(lower).collect::<Vec<_>>(), color)
    }

    pub(crate) fn markers(&self, canvas: &Canvas<'_>, points: &[(f64, f64)], look: Look, radius: f64) -> Drawn {
        points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .try_for_each(|&(x, y)| canvas.marker(self.at(x, y), look.marker, radius, look.color))
    }

    /// A dashed horizontal line with its name at an end: above or below, left or right, where the data (positions that
    /// lines connect) are farthest away.
    pub(crate) fn reference(&self, canvas: &Canvas<'_>, value: f64, name: &str, data: &[Vec<Point>]) -> Drawn {
        self.reference_line(canvas, value)?;
        self.reference_name(canvas, value, name, data)
    }

    /// The line of [`Self::reference`] alone.
    pub(crate) fn reference_line(&self, canvas: &Canvas<'_>, value: f64) -> Drawn {
        if !self.y.contains(value) {
            return Ok(());
        }
        let y = self.at(self.x.low, value).1;
        canvas.line(&[(self.rect.left, y), (self.rect.right, y)], Stroke::dashed(MUTED, 2))
    }

    /// The name of [`Self::reference`] alone.
    pub(crate) fn reference_name(&self, canvas: &Canvas<'_>, value: f64, name: &str, data: &[Vec<Point>]) -> Drawn {
        if !self.y.contains(value) {
            return Ok(());
        }
        let Rect { left, right, top, bottom } = self.rect;
        let y = self.at(self.x.low, value).1;
        let width = Type::muted().width(name);
        let places =
            [(right - width, y - 18.0), (right - width, y + 18.0), (left + 6.0, y - 18.0), (left + 6.0, y + 18.0)];
        let inside = |place: &Point| place.1 > top + 12.0 && place.1 < bottom - 12.0;
        let best = clearest(places.into_iter().filter(inside), width, data);
        best.map_or(Ok(()), |at| canvas.text(name, at, Type::muted()))
    }

    /// A point with its name beside it, where the data are farthest away. Returns where both lie, for what is drawn next.
    pub(crate) fn named_point(
        &self,
        canvas: &Canvas<'_>,
        at: (f64, f64),
        name: &str,
        look: Look,
        data: &[Vec<Point>],
    ) -> Result<Vec<Point>, super::DrawError> {
        let (x, y) = self.at(at.0, at.1);
        canvas.hollow_marker((x, y), look.marker, 11.0, look.color)?;
        let width = Type::small().width(name);
        let Rect { left, right, top, bottom } = self.rect;
        let (before, after) = (x - width - 22.0, x + 22.0);
        let middle = x - width / 2.0;
        let places = [after, before, middle].into_iter().flat_map(|x| [y + 32.0, y - 32.0, y].map(|y| (x, y)));
        // Above or below it, or on its own line beside it.
        let apart = |place: &Point| place.0 != middle || place.1 != y;
        let inside = |place: &Point| {
            place.0 >= left && place.0 + width <= right && place.1 > top + 12.0 && place.1 < bottom - 12.0
        };
        let best = clearest(places.filter(|place| apart(place) && inside(place)), width, data);
        let place = best.unwrap_or((after.min(right - width), y));
        canvas.text(name, place, Type::small().color(look.color))?;
        Ok(vec![place, (place.0 + width, place.1)])
    }

    /// A cross where a run's record ends because it diverged or failed.
    pub(crate) fn broken_off(&self, canvas: &Canvas<'_>, at: (f64, f64), color: RGBColor) -> Drawn {
        canvas.marker(self.at(at.0, at.1), Marker::Cross, 9.0, color)
    }
}

/// Of the places where a text of this width may begin the one that is farthest from the data.
fn clearest(places: impl Iterator<Item = Point>, width: f64, data: &[Vec<Point>]) -> Option<Point> {
    let clearance = |place: &Point| {
        let along = (0..=8).map(|i| (place.0 + width * f64::from(i) / 8.0, place.1));
        along.map(|at| distance_to(at, data)).fold(f64::INFINITY, f64::min)
    };
    places.max_by(|a, b| clearance(a).total_cmp(&clearance(b)))
}

/// The distance from a position to the nearest of the lines' segments.
fn distance_to(at: Point, lines: &[Vec<Point>]) -> f64 {
    let segments = lines.iter().flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])));
    let to_segment = |((x1, y1), (x2, y2)): (Point, Point)| {
        let (dx, dy) = (x2 - x1, y2 - y1);
        let length = dx * dx + dy * dy;
        let t = if length > 0.0 { (((at.0 - x1) * dx + (at.1 - y1) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
        (at.0 - x1 - t * dx).hypot(at.1 - y1 - t * dy)
    };
    segments.map(to_segment).fold(f64::INFINITY, f64::min)
}

/// The parts of a curve without missing or non-finite points, single points left out.
fn unbroken(points: &[(f64, f64)], step: f64) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    let mut last = f64::NAN;
    for &(x, y) in points {
        if !y.is_finite() || x - last > step * 1.001 {
            parts.push(Vec::new());
        }
        if y.is_finite()
            && let Some(part) = parts.last_mut()
        {
            part.push((x, y));
        }
        last = x;
    }
    parts.retain(|part| part.len() > 1);
    parts
}

/// Rectangles of a lattice, row by row.
pub(crate) fn lattice(outer: Rect, columns: usize, rows: usize, gap: (f64, f64)) -> Vec<Rect> {
    let (columns, rows) = (columns.max(1), rows.max(1));
    let width = (outer.width() - gap.0 * (columns - 1) as f64) / columns as f64;
    let height = (outer.height() - gap.1 * (rows - 1) as f64) / rows as f64;
    let cell = |index: usize| {
        let left = outer.left + (index % columns) as f64 * (width + gap.0);
        let top = outer.top + (index / columns) as f64 * (height + gap.1);
        Rect::new(left, top, left + width, top + height)
    };
    (0..columns * rows).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_break_at_missing_epochs_and_at_nan() {
        let points = [(1.0, 0.5), (2.0, 0.4), (4.0, 0.3), (5.0, 0.2), (6.0, f64::NAN), (7.0, 0.1)];
        let parts = unbroken(&points, 1.0);
        assert_eq!(parts, [vec![(1.0, 0.5), (2.0, 0.4)], vec![(4.0, 0.3), (5.0, 0.2)]]);
    }

    #[test]
    fn a_lattice_fills_its_rectangle() {
        let outer = Rect::new(10.0, 20.0, 310.0, 220.0);
        let cells = lattice(outer, 3, 2, (30.0, 20.0));
        assert_eq!(cells.len(), 6);
        assert_eq!((cells[0].left, cells[0].top), (10.0, 20.0));
        assert_eq!((cells[5].right, cells[5].bottom), (310.0, 220.0));
        assert!((cells[1].left - cells[0].right - 30.0).abs() < 1e-9);
    }
}
