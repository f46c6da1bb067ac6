//! Headings and legends, always outside the data.

use plotters::style::RGBColor;

use super::canvas::{Canvas, Drawn, Rect, Stroke, Type, WIDTH};
use super::palette::{Look, MUTED, Marker};

/// What an entry of a legend explains.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    /// A line with markers.
    Curve(Look),
    Line(Stroke),
    Marker(Look),
    /// A run that did not get to its end.
    BrokenOff,
}

/// The part of a picture that is left once heading and margins are taken, in pixels.
pub(crate) const MARGIN: f64 = 40.0;
const KEY_WIDTH: f64 = 58.0;
const LINE: f64 = 42.0;
/// A legend to the right is at most this wide; longer names are shortened.
const WIDEST: f64 = 410.0;

/// Writes title and subtitle; returns where the drawing may begin (y).
pub(crate) fn heading(canvas: &Canvas<'_>, width: u32, title: &str, subtitle: &str) -> Result<f64, super::DrawError> {
    let room = f64::from(width) - 2.0 * MARGIN;
    canvas.text(&Type::title().fit(title, room), (MARGIN, 46.0), Type::title())?;
    canvas.text(&Type::muted().fit(subtitle, room), (MARGIN, 88.0), Type::muted())?;
    Ok(if subtitle.is_empty() { 90.0 } else { 132.0 })
}

/// Entries one below the other.
pub(crate) struct Legend {
    pub(crate) entries: Vec<(Key, String)>,
}

impl Legend {
    /// The width needed to the right of the data, air included.
    pub(crate) fn width(&self) -> f64 {
        let widest = self.entries.iter().map(|(_, name)| Type::small().width(name)).fold(0.0, f64::max);
        widest.min(WIDEST) + KEY_WIDTH + 34.0
    }

    /// Draws the entries between a drawing and the right edge of a chart of the usual width.
    pub(crate) fn beside(&self, canvas: &Canvas<'_>, drawing: Rect) -> Drawn {
        let right = f64::from(WIDTH) - MARGIN;
        self.right(canvas, Rect::new(drawing.right, drawing.top, right, drawing.bottom))
    }

    /// Draws the entries from the top of `room`; those that do not fit are counted in the last line.
    fn right(&self, canvas: &Canvas<'_>, room: Rect) -> Drawn {
        let lines = ((room.height() / LINE).floor() as usize).max(1);
        let shown = if self.entries.len() <= lines { self.entries.len() } else { lines - 1 };
        let left = room.left + 28.0;
        for (i, (key, name)) in self.entries.iter().take(shown).enumerate() {
            entry(canvas, (left, room.top + 16.0 + i as f64 * LINE), *key, &Type::small().fit(name, WIDEST))?;
        }
        let rest = self.entries.len() - shown;
        if rest > 0 {
            let at = (left, room.top + 16.0 + shown as f64 * LINE);
            canvas.text(&format!("and {rest} more"), at, Type::muted())?;
        }
        Ok(())
    }

    /// Draws the entries side by side along `y`, from `left`.
    pub(crate) fn row(&self, canvas: &Canvas<'_>, left: f64, y: f64) -> Drawn {
        let mut x = left;
        for (key, name) in &self.entries {
            entry(canvas, (x, y), *key, name)?;
            x += KEY_WIDTH + Type::small().width(name) + 44.0;
        }
        Ok(())
    }
}

fn entry(canvas: &Canvas<'_>, (x, y): (f64, f64), key: Key, name: &str) -> Drawn {
    let line = |stroke| canvas.line(&[(x, y), (x + KEY_WIDTH - 14.0, y)], stroke);
    let mark = |marker: Marker, color: RGBColor| canvas.marker((x + (KEY_WIDTH - 14.0) / 2.0, y), marker, 9.0, color);
    match key {
        Key::Curve(look) => {
            line(Stroke::solid(look.color, 4))?;
            mark(look.marker, look.color)?;
        }
        Key::Line(stroke) => line(stroke)?,
        Key::Marker(look) => mark(look.marker, look.color)?,
        Key::BrokenOff => {
            line(Stroke::dashed(MUTED, 2))?;
            canvas.marker((x + KEY_WIDTH - 24.0, y), Marker::Cross, 9.0, MUTED)?;
        }
    }
    canvas.text(name, (x + KEY_WIDTH, y), Type::small())
}
