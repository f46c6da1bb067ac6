//! Parallel coordinates of a search: one line per sample through its values, each dimension on its own scale.

use crate::report::model::Report;
use crate::report::search::{self, Evidence, Found, Trial};

use super::super::axis::Axis;
use super::super::canvas::{Anchor, Canvas, Drawn, HEIGHT, Point, Rect, Stroke, Type, WIDTH, picture, wrap};
use super::super::legend::{MARGIN, heading};
use super::super::palette::INK;
use super::super::parallel::{label, shade};
use super::super::{Chart, DrawError, words};
use super::scales;

/// More axes than this cannot be told apart.
const MOST_AXES: usize = 7;
/// With more samples than this the lines are thin.
const MANY: usize = 200;
/// How far below its axis a line runs whose sample does not have the dimension, in pixels.
const ABSENT: f64 = 44.0;

/// An axis for a dimension.
struct Upright {
    dimension: usize,
    axis: Axis,
    x: f64,
}

/// None for one dimension, or without a sample that has a mean.
pub(super) fn draw(report: &Report, found: &Found) -> Result<Option<Chart>, DrawError> {
    let evidence = &found.evidence;
    let dimensions = chosen(found);
    if dimensions.len() < 2 || evidence.with_mean().next().is_none() {
        return Ok(None);
    }
    let title = format!("{} across the space", evidence.metric().title());
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = heading(canvas, &title, &subtitle(report, evidence, dimensions.len()))? + 66.0;
        let rect = Rect::new(MARGIN + 90.0, top, f64::from(WIDTH) - MARGIN - 130.0, f64::from(HEIGHT) - 120.0);
        let metric = scales::metric(evidence.metric(), evidence.with_mean().map(|(_, s)| s.mean), 8);
        let column = rect.width() / dimensions.len() as f64;
        let uprights: Vec<Upright> = dimensions
            .iter()
            .enumerate()
            .map(|(place, &dimension)| Upright {
                dimension,
                axis: scales::dimension(&evidence.space[dimension], rect.height()),
                x: rect.left + column * place as f64,
            })
            .collect();
        lines(canvas, rect, evidence, &uprights, &metric)?;
        axes(canvas, rect, evidence, &uprights, &metric, column)
    })?;
    let description = format!(
        "One line per sample through its values to its mean, darker is better; it runs below an axis that it does not have. {}",
        search::conclusion(found).into_iter().next().unwrap_or_default()
    );
    Ok(Some(Chart::new("search_parallel", &title, description, picture)))
}

/// All dimensions in their order, or, of many, the most important ones.
fn chosen(found: &Found) -> Vec<usize> {
    let space = found.evidence.space.len();
    if space <= MOST_AXES {
        return (0..space).collect();
    }
    let judged = found.importances.of.iter().map(|one| one.dimension);
    let mut chosen: Vec<usize> = judged.chain(found.importances.untold.iter().copied()).take(MOST_AXES).collect();
    chosen.sort_unstable();
    chosen
}

fn subtitle(report: &Report, evidence: &Evidence, shown: usize) -> String {
    let samples = words::counted(evidence.with_mean().count(), "sample");
    let all = evidence.space.len();
    let most = if shown < all { format!(" · the {shown} most important of {all} parameters") } else { String::new() };
    format!("{} · {samples}, darker is better{most}", words::subject(report))
}

fn lines(canvas: &Canvas<'_>, rect: Rect, evidence: &Evidence, uprights: &[Upright], metric: &Axis) -> Drawn {
    let standings = scales::standings(evidence);
    // The best come last, on top of the others.
    let mut order = evidence.ranking();
    order.reverse();
    let is_many = evidence.trials.len() > MANY;
    for index in order {
        let (trial, Some(standing)) = (&evidence.trials[index], standings[index]) else { continue };
        let Some(summary) = trial.summary() else { continue };
        let mut path = path(rect, trial, uprights);
        path.push((rect.right, rect.bottom - rect.height() * metric.share(summary.mean)));
        canvas.line(&path, Stroke::solid(shade(standing, is_many), if is_many { 1 } else { 2 }))?;
    }
    Ok(())
}

fn path(rect: Rect, trial: &Trial, uprights: &[Upright]) -> Vec<Point> {
    let y = |upright: &Upright| match trial.point.0.get(upright.dimension).copied().flatten() {
        Some(coordinate) => rect.bottom - rect.height() * upright.axis.share(scales::place(coordinate, trial.number)),
        None => rect.bottom + ABSENT,
    };
    uprights.iter().map(|upright| (upright.x, y(upright))).collect()
}

fn axes(
    canvas: &Canvas<'_>,
    rect: Rect,
    evidence: &Evidence,
    uprights: &[Upright],
    metric: &Axis,
    column: f64,
) -> Drawn {
    let small = Type::small();
    for Upright { dimension, axis, x } in uprights {
        canvas.line(&[(*x, rect.top), (*x, rect.bottom)], Stroke::solid(INK, 2))?;
        let name = wrap(&evidence.space[*dimension].name, small.bold(), column - 10.0, 2);
        canvas.lines(&name, (*x, rect.top - 38.0), 27.0, small.bold().anchor(Anchor::Middle))?;
        for (value, text) in &axis.ticks {
            let y = rect.bottom - rect.height() * axis.share(*value);
            canvas.line(&[(x - 6.0, y), (x + 6.0, y)], Stroke::solid(INK, 2))?;
            label(canvas, &small.fit(text, column - 30.0), (x + 12.0, y))?;
        }
        let is_absent = |trial: &Trial| trial.point.0.get(*dimension).copied().flatten().is_none();
        if evidence.trials.iter().any(is_absent) {
            label(canvas, "without", (x + 12.0, rect.bottom + ABSENT))?;
        }
    }
    canvas.line(&[(rect.right, rect.top), (rect.right, rect.bottom)], Stroke::solid(INK, 2))?;
    let title = small.bold().fit(evidence.metric().title(), column);
    canvas.text(&title, (rect.right, rect.top - 38.0), small.bold().anchor(Anchor::Middle))?;
    for (value, text) in &metric.ticks {
        let y = rect.bottom - rect.height() * metric.share(*value);
        canvas.line(&[(rect.right, y), (rect.right + 8.0, y)], Stroke::solid(INK, 2))?;
        canvas.text(text, (rect.right + 16.0, y), small)?;
    }
    Ok(())
}
