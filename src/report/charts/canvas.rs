//! Drawing at pixel positions: lines, bands, markers and text on a plotters SVG area.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, RGBColor, ShapeStyle};

use super::fonts;
use super::palette::{Marker, PAPER};
use super::text::printable;
pub(crate) use super::text::{Anchor, SMALL, Type, wrap};

/// The usual size of a chart, in pixels: 8 by 5 inches at [`super::raster::DOTS_PER_INCH`].
pub(crate) const WIDTH: u32 = 1600;
pub(crate) const HEIGHT: u32 = 1000;

/// A drawing step failed.
pub(crate) type DrawError = DrawingAreaErrorKind<std::io::Error>;
pub(crate) type Drawn = Result<(), DrawError>;

/// A finished chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) svg: String,
}

/// A rectangle in pixels; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Rect {
    pub(crate) fn new(left: f64, top: f64, right: f64, bottom: f64) -> Rect {
        Rect { left, top, right, bottom }
    }

    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(crate) fn middle_x(&self) -> f64 {
        (self.left + self.right) / 2.0
    }

    pub(crate) fn middle_y(&self) -> f64 {
        (self.top + self.bottom) / 2.0
    }
}

/// A position in pixels.
pub(crate) type Point = (f64, f64);

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    pub(crate) color: RGBColor,
    pub(crate) width: u32,
    pub(crate) dashed: bool,
}

impl Stroke {
    pub(crate) fn solid(color: RGBColor, width: u32) -> Stroke {
        Stroke { color, width, dashed: false }
    }

    pub(crate) fn dashed(color: RGBColor, width: u32) -> Stroke {
        Stroke { color, width, dashed: true }
    }
}

/// A chart being drawn.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws a chart of the given size in pixels.
pub(crate) fn picture(width: u32, height: u32, draw: impl FnOnce(&Canvas<'_>) -> Drawn) -> Result<Picture, DrawError> {
    fonts::built_in();
    let mut svg = String::new();
    {
        let canvas = Canvas { area: SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area() };
        canvas.area.fill(&PAPER)?;
        draw(&canvas)?;
        canvas.area.present()?;
    }
    Ok(Picture { svg: refined(&svg) })
}

/// plotters' SVG, made quicker to draw and better to look at.
///
/// plotters gives every element a group opacity, which makes a renderer set up a layer for each; nothing here is both
/// filled and stroked, so the fill's own opacity is the same. Round joins are inherited by every line: without them sharp
/// turns of a curve end in long spikes. A quotation mark in a text is escaped, so only attributes are replaced.
fn refined(svg: &str) -> String {
    svg.replace(" opacity=\"1\"", "").replace(" opacity=\"", " fill-opacity=\"").replacen(
        "<svg ",
        "<svg stroke-linejoin=\"round\" stroke-linecap=\"round\" ",
        1,
    )
}

impl Canvas<'_> {
    pub(crate) fn line(&self, points: &[Point], stroke: Stroke) -> Drawn {
        let style = ShapeStyle { color: stroke.color.to_rgba(), filled: false, stroke_width: stroke.width };
        let points: Vec<(i32, i32)> = points.iter().map(|&p| pixel(p)).collect();
        match points.len() {
            0 | 1 => Ok(()),
            _ if stroke.dashed => {
                let (dash, gap) = (4 * stroke.width as i32 + 2, 3 * stroke.width as i32 + 1);
                self.area.draw(&DashedPathElement::new(points, dash, gap, style))
            }
            _ => self.area.draw(&PathElement::new(points, style)),
        }
    }

    pub(crate) fn polygon(&self, points: &[Point], color: RGBAColor) -> Drawn {
        let points: Vec<(i32, i32)> = points.iter().map(|&p| pixel(p)).collect();
        self.area.draw(&Polygon::new(points, color.filled()))
    }

    pub(crate) fn fill(&self, rect: Rect, color: RGBColor) -> Drawn {
        let corners = [pixel((rect.left, rect.top)), pixel((rect.right, rect.bottom))];
        self.area.draw(&Rectangle::new(corners, color.filled()))
    }

    /// A small round point of secondary data.
    pub(crate) fn dot(&self, at: Point, radius: i32, color: RGBAColor) -> Drawn {
        self.area.draw(&Circle::new(pixel(at), radius, color.filled()))
    }

    /// A data point with a thin rim in the background's colour, so that points on lines stay apart.
    pub(crate) fn marker(&self, at: Point, marker: Marker, radius: f64, color: RGBColor) -> Drawn {
        let (x, y) = at;
        let around = |corners: &[(f64, f64)], r: f64| -> Vec<Point> {
            corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect()
        };
        let corners: &[(f64, f64)] = match marker {
            Marker::Circle => {
                self.area.draw(&Circle::new(pixel(at), (radius + 2.0) as i32, PAPER.filled()))?;
                return self.area.draw(&Circle::new(pixel(at), radius as i32, color.filled()));
            }
            Marker::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Marker::Triangle => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            Marker::TriangleDown => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
            Marker::Diamond => &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
            Marker::Plus => &PLUS,
            Marker::Cross => &CROSS,
        };
        self.polygon(&around(corners, radius + 2.5), PAPER.to_rgba())?;
        self.polygon(&around(corners, radius), color.to_rgba())
    }

    /// A marker of which only the rim is filled.
    pub(crate) fn hollow_marker(&self, at: Point, marker: Marker, radius: f64, color: RGBColor) -> Drawn {
        self.marker(at, marker, radius, color)?;
        // The rim of the inner one has the background's colour as well.
        self.marker(at, marker, radius * 0.55 - 2.0, PAPER)
    }

    /// Lines of text, their block centred at `at`.
    pub(crate) fn lines(&self, lines: &[String], (x, y): Point, height: f64, look: Type) -> Drawn {
        let first = y - height * (lines.len().max(1) - 1) as f64 / 2.0;
        lines.iter().enumerate().try_for_each(|(place, line)| self.text(line, (x, first + height * place as f64), look))
    }

    pub(crate) fn text(&self, text: &str, at: Point, look: Type) -> Drawn {
        let (x, y) = at;
        // plotters centres by half an x-height unit; digits and capitals need a little more.
        let at = if look.upwards { (x + look.size * 0.1, y) } else { (x, y + look.size * 0.1) };
        let horizontal = match look.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
        let transform = if look.upwards { FontTransform::Rotate270 } else { FontTransform::None };
        // plotters writes 1 / 1.24 of its size as the em.
        let font = FontDesc::new(FontFamily::Name(fonts::FAMILY), look.size * 1.24, style).transform(transform);
        let style = font.color(&look.color).pos(Pos::new(horizontal, VPos::Center));
        self.area.draw(&Text::new(printable(text), pixel(at), style))
    }
}

const PLUS: [(f64, f64); 12] = [
    (-0.4, -1.1),
    (0.4, -1.1),
    (0.4, -0.4),
    (1.1, -0.4),
    (1.1, 0.4),
    (0.4, 0.4),
    (0.4, 1.1),
    (-0.4, 1.1),
    (-0.4, 0.4),
    (-1.1, 0.4),
    (-1.1, -0.4),
    (-0.4, -0.4),
];

const CROSS: [(f64, f64); 12] = [
    (-1.1, -0.6),
    (-0.6, -1.1),
    (0.0, -0.5),
    (0.6, -1.1),
    (1.1, -0.6),
    (0.5, 0.0),
    (1.1, 0.6),
    (0.6, 1.1),
    (0.0, 0.5),
    (-0.6, 1.1),
    (-1.1, 0.6),
    (-0.5, 0.0),
];

fn pixel((x, y): Point) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

#[cfg(test)]
mod tests {
    use super::super::raster;
    use super::*;

    #[test]
    fn any_text_gives_a_sound_picture() {
        let nasty = "<b>&\"' \u{0}\u{7}\n\u{ffff} الدقة 学习率 🙂 ω";
        let picture = picture(300, 60, |canvas| canvas.text(nasty, (10.0, 30.0), Type::body())).unwrap();
        assert!(!picture.svg.contains("<b>"));
        raster::png(&picture.svg).unwrap();
    }
}
