//! Headings and legends, always outside the data.

use plotters::style::RGBColor;

use super::canvas::{Canvas, Drawn, Rect, Stroke, Type, WIDTH, wrap};
use super::palette::{Look, MUTED, Marker};

/// What an entry of a legend explains.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    /// A line with markers.
    Curve(Look),
    Line(Stroke),
    Marker(Look),
    HollowMarker(Look),
    /// A run that did not get to its end.
    BrokenOff,
}

/// The part of a picture that is left once heading and margins are taken, in pixels.
pub(crate) const MARGIN: f64 = 40.0;
const KEY_WIDTH: f64 = 58.0;
const LINE: f64 = 42.0;
/// Between the lines of one name.
const TEXT_LINE: f64 = 27.0;
/// A legend to the right is at most this wide; longer names take several lines.
const WIDEST: f64 = 410.0;
/// Lines that a name takes at most.
const MOST_LINES: usize = 4;

/// Title and subtitle of a chart in as many lines as they take.
pub(crate) struct Heading {
    title: Vec<String>,
    subtitle: Vec<String>,
}

impl Heading {
    const TITLE_LINE: f64 = 40.0;
    const SUBTITLE_LINE: f64 = 31.0;

    /// For a chart of the usual width.
    pub(crate) fn new(title: &str, subtitle: &str) -> Heading {
        const MOST: usize = 8;
        let room = f64::from(WIDTH) - 2.0 * MARGIN;
        let lines = |text: &str, look| if text.is_empty() { Vec::new() } else { wrap(text, look, room, MOST) };
        Heading { title: lines(title, Type::title()), subtitle: lines(subtitle, Type::muted()) }
    }

    /// Where the drawing may begin (y).
    pub(crate) fn bottom(&self) -> f64 {
        let last = self.subtitle_top() + Self::SUBTITLE_LINE * self.subtitle.len().saturating_sub(1) as f64;
        last + if self.subtitle.is_empty() { 2.0 } else { 44.0 }
    }

    fn subtitle_top(&self) -> f64 {
        88.0 + Self::TITLE_LINE * self.title.len().saturating_sub(1) as f64
    }

    /// Writes it; returns [`Self::bottom`].
    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Result<f64, super::DrawError> {
        for (place, line) in self.title.iter().enumerate() {
            canvas.text(line, (MARGIN, 46.0 + Self::TITLE_LINE * place as f64), Type::title())?;
        }
        for (place, line) in self.subtitle.iter().enumerate() {
            let y = self.subtitle_top() + Self::SUBTITLE_LINE * place as f64;
            canvas.text(line, (MARGIN, y), Type::muted())?;
        }
        Ok(self.bottom())
    }
}

/// Writes title and subtitle; returns where the drawing may begin (y).
pub(crate) fn heading(canvas: &Canvas<'_>, title: &str, subtitle: &str) -> Result<f64, super::DrawError> {
    Heading::new(title, subtitle).draw(canvas)
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
        let (left, mut y) = (room.left + 28.0, room.top + 16.0);
        let height = |lines: &[String]| LINE + TEXT_LINE * (lines.len() - 1) as f64;
        let named: Vec<(Key, Vec<String>)> =
            self.entries.iter().map(|(key, name)| (*key, wrap(name, Type::small(), WIDEST, MOST_LINES))).collect();
        for (place, (key, lines)) in named.iter().enumerate() {
            let rest = &named[place..];
            let room_for_all = rest.iter().map(|(_, lines)| height(lines)).sum::<f64>() <= room.bottom - y + LINE / 2.0;
            if !room_for_all && y + height(lines) > room.bottom - LINE / 2.0 {
                return canvas.text(&format!("and {} more", rest.len()), (left, y), Type::muted());
            }
            entry(canvas, (left, y), *key, lines)?;
            y += height(lines);
        }
        Ok(())
    }

    /// The entries side by side in rows from `left` to the right edge of a chart of the usual width.
    fn in_rows(&self, left: f64) -> Vec<Vec<(f64, &(Key, String))>> {
        let mut rows: Vec<Vec<(f64, &(Key, String))>> = vec![Vec::new()];
        let mut x = left;
        for entry in &self.entries {
            let width = KEY_WIDTH + Type::small().width(&entry.1);
            if x > left && x + width > f64::from(WIDTH) - MARGIN {
                rows.push(Vec::new());
                x = left;
            }
            if let Some(row) = rows.last_mut() {
                row.push((x, entry));
            }
            x += width + 44.0;
        }
        rows
    }

    /// The height of [`Self::row`].
    pub(crate) fn row_height(&self, left: f64) -> f64 {
        LINE * self.in_rows(left).len() as f64
    }

    /// Draws the entries side by side from `left`, in as many rows as they take; `y` is the middle of the last row.
    pub(crate) fn row(&self, canvas: &Canvas<'_>, left: f64, y: f64) -> Drawn {
        let rows = self.in_rows(left);
        for (place, row) in rows.iter().rev().enumerate() {
            for (x, (key, name)) in row {
                let name = Type::small().fit(name, f64::from(WIDTH) - MARGIN - x - KEY_WIDTH);
                entry(canvas, (*x, y - LINE * place as f64), *key, &[name])?;
            }
        }
        Ok(())
    }
}

/// A key with its name beside it, the first line at the key's height.
fn entry(canvas: &Canvas<'_>, (x, y): (f64, f64), key: Key, name: &[String]) -> Drawn {
    let line = |stroke| canvas.line(&[(x, y), (x + KEY_WIDTH - 14.0, y)], stroke);
    let mark = |marker: Marker, color: RGBColor| canvas.marker((x + (KEY_WIDTH - 14.0) / 2.0, y), marker, 9.0, color);
    match key {
        Key::Curve(look) => {
            line(Stroke::solid(look.color, 4))?;
            mark(look.marker, look.color)?;
        }
        Key::Line(stroke) => line(stroke)?,
        Key::Marker(look) => mark(look.marker, look.color)?,
        Key::HollowMarker(look) => {
            canvas.hollow_marker((x + (KEY_WIDTH - 14.0) / 2.0, y), look.marker, 10.0, look.color)?;
        }
        Key::BrokenOff => {
            line(Stroke::dashed(MUTED, 2))?;
            canvas.marker((x + KEY_WIDTH - 24.0, y), Marker::Cross, 9.0, MUTED)?;
        }
    }
    for (place, line) in name.iter().enumerate() {
        canvas.text(line, (x + KEY_WIDTH, y + TEXT_LINE * place as f64), Type::small())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_takes_the_lines_that_it_needs() {
        let short = Heading::new("Accuracy over epochs", "MiniLM on newswire.csv");
        assert_eq!((short.title.len(), short.subtitle.len(), short.bottom()), (1, 1, 132.0));
        assert_eq!(Heading::new("Accuracy over epochs", "").bottom(), 90.0);
        let part = "MiniLM on newswire.csv · 640 evaluation examples · mean of 3 seeds, band from lowest to highest";
        let long = Heading::new("Accuracy over epochs", &[part; 3].join(" · "));
        assert!(long.subtitle.len() > 1 && long.bottom() > short.bottom());
        let room = f64::from(WIDTH) - 2.0 * MARGIN;
        assert!(long.subtitle.iter().all(|line| Type::muted().width(line) <= room && !line.contains('\u{2026}')));
    }

    #[test]
    fn keys_below_a_chart_go_on_in_another_row() {
        let entries = |name: &str| vec![(Key::Line(Stroke::solid(MUTED, 2)), name.to_string()); 4];
        assert_eq!(Legend { entries: entries("baseline") }.in_rows(100.0).len(), 1);
        let long = Legend { entries: entries("a figure reported by somebody with a long name: 92.8 %") };
        let rows = long.in_rows(100.0);
        assert!(rows.len() > 1 && long.row_height(100.0) == LINE * rows.len() as f64);
        let ends = rows.iter().flatten().map(|(x, (_, name))| x + KEY_WIDTH + Type::small().width(name));
        assert!(ends.into_iter().all(|end| end <= f64::from(WIDTH) - MARGIN));
    }
}
