//! Parallel coordinates for sweeps that vary several parameters at once: one line per configuration.

use plotters::style::RGBColor;

use crate::report::design::{self, Factor, Shape};
use crate::report::model::Report;
use crate::spec::Metric;

use super::axis::{Axis, Unit};
use super::canvas::{Anchor, Canvas, Drawn, HEIGHT, Point, Rect, Stroke, Type, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::palette::{INK, sequential};
use super::{Chart, DrawError, rows, words};

/// More axes than this cannot be told apart.
const MOST_AXES: usize = 7;
/// With more configurations than this the lines are thin.
const MANY: usize = 200;

pub(super) fn draw(report: &Report) -> Result<Option<Chart>, DrawError> {
    if report.search.is_some() {
        // The search has its own, on the scales of its space.
        return Ok(None);
    }
    let mut factors = design::factors(report);
    if design::shape(report, &factors) != Shape::Wide {
        return Ok(None);
    }
    factors.truncate(MOST_AXES);
    // The best come last, on top of the others.
    let mut order = report.ranking();
    order.reverse();
    let value = |i: usize| report.configurations[i].best.get(&Metric::ACCURACY).map(|summary| summary.mean);
    let Some(range) = rows::range(order.iter().filter_map(|&i| value(i))) else {
        return Ok(None);
    };
    let title = "Accuracy across all parameters";
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let subtitle =
            format!("{} · {}, darker is better", words::subject(report), words::counted(order.len(), "configuration"));
        let top = heading(canvas, title, &subtitle)? + 50.0;
        let rect = Rect::new(MARGIN + 90.0, top, f64::from(WIDTH) - MARGIN - 130.0, f64::from(HEIGHT) - 70.0);
        let accuracy = Axis::rounded(range.0.max(0.0), range.1.min(1.0), 8, Unit::Percent);
        for &i in &order {
            let Some(value) = value(i) else { continue };
            let share = accuracy.share(value);
            let shade = shade(share, order.len() > MANY);
            let width = if order.len() > MANY { 1 } else { 2 };
            canvas.line(&path(rect, &factors, &accuracy, i, value), Stroke::solid(shade, width))?;
        }
        axes(canvas, rect, &factors, &accuracy)
    })?;
    let description = format!(
        "One line per configuration through its value of each parameter to its accuracy. {}",
        words::standing(report, Metric::ACCURACY, 3)
    );
    Ok(Some(Chart::new("parallel", title, description, picture)))
}

/// A line's colour. Among many lines only the best ones are to stand out.
pub(super) fn shade(share: f64, among_many: bool) -> RGBColor {
    sequential(0.12 + 0.88 * if among_many { share.powi(3) } else { share })
}

fn axis_x(rect: Rect, factors: &[Factor], place: usize) -> f64 {
    rect.left + rect.width() * place as f64 / factors.len() as f64
}

fn level_y(rect: Rect, factor: &Factor, level: usize) -> f64 {
    let levels = factor.levels.len();
    rect.bottom - rect.height() * (level as f64 + 0.5) / levels as f64
}

fn path(rect: Rect, factors: &[Factor], accuracy: &Axis, configuration: usize, value: f64) -> Vec<Point> {
    let mut points: Vec<Point> = factors
        .iter()
        .enumerate()
        .map(|(place, factor)| {
            // Lines of one level are spread a little, so that they do not lie on each other.
            let spread = rect.height() / factor.levels.len() as f64 * 0.35;
            let shift = (accuracy.share(value) - 0.5) * spread;
            (axis_x(rect, factors, place), level_y(rect, factor, factor.of[configuration]) - shift)
        })
        .collect();
    points.push((rect.right, rect.bottom - rect.height() * accuracy.share(value)));
    points
}

fn axes(canvas: &Canvas<'_>, rect: Rect, factors: &[Factor], accuracy: &Axis) -> Drawn {
    let column = rect.width() / factors.len() as f64;
    for (place, factor) in factors.iter().enumerate() {
        let x = axis_x(rect, factors, place);
        canvas.line(&[(x, rect.top), (x, rect.bottom)], Stroke::solid(INK, 2))?;
        let name = Type::small().bold().fit(&factor.name, column - 10.0);
        canvas.text(&name, (x, rect.top - 28.0), Type::small().bold().anchor(Anchor::Middle))?;
        let step = (factor.levels.len().div_ceil(16)).max(1);
        for (level, text) in factor.levels.iter().enumerate().step_by(step) {
            let y = level_y(rect, factor, level);
            canvas.line(&[(x - 6.0, y), (x + 6.0, y)], Stroke::solid(INK, 2))?;
            let text = Type::small().fit(text, column - 30.0);
            label(canvas, &text, (x + 12.0, y))?;
        }
    }
    canvas.line(&[(rect.right, rect.top), (rect.right, rect.bottom)], Stroke::solid(INK, 2))?;
    let title = Metric::ACCURACY.title();
    canvas.text(title, (rect.right, rect.top - 28.0), Type::small().bold().anchor(Anchor::Middle))?;
    for (value, text) in &accuracy.ticks {
        let y = rect.bottom - rect.height() * accuracy.share(*value);
        canvas.line(&[(rect.right, y), (rect.right + 8.0, y)], Stroke::solid(INK, 2))?;
        canvas.text(text, (rect.right + 16.0, y), Type::small())?;
    }
    Ok(())
}

/// A text on a ground of its own, readable over lines.
pub(super) fn label(canvas: &Canvas<'_>, text: &str, at: Point) -> Drawn {
    let half = super::canvas::SMALL * 0.62;
    let ground = Rect::new(at.0 - 4.0, at.1 - half, at.0 + Type::small().width(text) + 4.0, at.1 + half);
    canvas.fill(ground, super::palette::PAPER)?;
    canvas.text(text, at, Type::small())
}
