//! The two numeric dimensions that matter most against each other, samples coloured by their means.

use crate::report::model::Report;
use crate::report::search::{self, Evidence, Found, TrialState};
use crate::spec::Coordinate;

use super::super::axis::Axis;
use super::super::canvas::{Canvas, Drawn, HEIGHT, Rect, Stroke, Type, WIDTH, picture};
use super::super::legend::{MARGIN, heading};
use super::super::palette::{INK, Marker, sequential};
use super::super::panel::{Labels, Panel, left_room};
use super::super::{Chart, DrawError, words};
use super::{marks, scales};

/// The width of the scale of colours with its labels, in pixels.
const COLOURS: f64 = 190.0;

/// None where fewer than two numeric dimensions have samples in common.
pub(super) fn draw(report: &Report, found: &Found) -> Result<Option<Chart>, DrawError> {
    let evidence = &found.evidence;
    let Some((first, second)) = chosen(found) else {
        return Ok(None);
    };
    let names = (&evidence.space[first].name, &evidence.space[second].name);
    let title = format!("{} over {} and {}", evidence.metric().title(), names.0, names.1);
    let colours = scales::metric(evidence.metric(), evidence.with_mean().map(|(_, summary)| summary.mean), 6);
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = heading(canvas, &title, &subtitle(report, found))?;
        let y = scales::dimension(&evidence.space[second], 700.0);
        let left = MARGIN + left_room(&y, true);
        let rect = Rect::new(left, top + 8.0, f64::from(WIDTH) - MARGIN - COLOURS, f64::from(HEIGHT) - 110.0);
        let panel = Panel { rect, x: scales::dimension(&evidence.space[first], rect.width()), y };
        panel.frame(canvas, Labels::all(names.0, names.1))?;
        points(canvas, &panel, found, (first, second), &colours)?;
        colour_scale(canvas, rect, evidence, &colours)
    })?;
    let description = format!(
        "Every sample at its values of {} and {}, the darker the better; the best is on a diamond. {}",
        names.0,
        names.1,
        search::conclusion(found).into_iter().next().unwrap_or_default()
    );
    Ok(Some(Chart::new("search_pair", &title, description, picture)))
}

/// What the marks are that the scale of colours does not explain.
fn subtitle(report: &Report, found: &Found) -> String {
    let mut parts = vec![words::subject(report)];
    if found.best().is_some() {
        parts.push("diamond: the best".to_owned());
    }
    if found.evidence.trials.iter().any(|trial| trial.state() == TrialState::Failed) {
        parts.push("cross: diverged or failed".to_owned());
    }
    parts.join(" · ")
}

/// The two most important numeric dimensions that samples with a mean have in common.
fn chosen(found: &Found) -> Option<(usize, usize)> {
    let evidence = &found.evidence;
    let judged = found.importances.of.iter().map(|one| one.dimension);
    let numeric: Vec<usize> = judged
        .chain(found.importances.untold.iter().copied())
        .filter(|&number| evidence.space[number].distribution.range().is_some())
        .collect();
    let together = |a: usize, b: usize| evidence.with_mean().any(|(trial, _)| at(&trial.point.0, (a, b)).is_some());
    let (first, rest) = numeric.split_first()?;
    rest.iter().find(|&&second| together(*first, second)).map(|&second| (*first, second))
}

fn at(point: &[Option<Coordinate>], (first, second): (usize, usize)) -> Option<(f64, f64)> {
    let number = |dimension: usize| match point.get(dimension).copied().flatten()? {
        Coordinate::Number(number) => Some(number),
        Coordinate::Choice(_) => None,
    };
    Some((number(first)?, number(second)?))
}

/// How dark a mean is: the better the darker.
fn darkness(evidence: &Evidence, colours: &Axis, mean: f64) -> f64 {
    let share = colours.share(mean);
    0.08 + 0.92 * if evidence.metric().lower_is_better() { 1.0 - share } else { share }
}

fn points(canvas: &Canvas<'_>, panel: &Panel, found: &Found, pair: (usize, usize), colours: &Axis) -> Drawn {
    let evidence = &found.evidence;
    let radius = marks::radius(evidence.trials.len()) * 1.5;
    let best = found.best().map(|index| found.evidence.trials[index].number);
    // The best come last, on top of the others.
    let mut order = evidence.ranking();
    order.reverse();
    for trial in order.into_iter().map(|index| &evidence.trials[index]) {
        let Some((x, y)) = at(&trial.point.0, pair) else { continue };
        let at = panel.at(x, y);
        if best == Some(trial.number) {
            canvas.marker(at, marks::BEST.marker, radius * 2.0, marks::BEST.color)?;
        }
        match trial.summary() {
            Some(summary) => {
                let color = sequential(darkness(evidence, colours, summary.mean));
                // A rim, so that light ones are seen on the page.
                canvas.dot(at, radius as i32 + 1, plotters::style::Color::to_rgba(&INK))?;
                canvas.dot(at, radius as i32, plotters::style::Color::to_rgba(&color))?;
            }
            None if trial.state() == TrialState::Failed => {
                canvas.marker(at, Marker::Cross, radius.min(9.0), marks::FAILED.color)?;
            }
            None => {}
        }
    }
    Ok(())
}

fn colour_scale(canvas: &Canvas<'_>, beside: Rect, evidence: &Evidence, colours: &Axis) -> Drawn {
    const STEPS: usize = 40;
    let (left, right) = (beside.right + 50.0, beside.right + 80.0);
    let (top, bottom) = (beside.top + 50.0, beside.bottom);
    let y = |share: f64| bottom - share * (bottom - top);
    let title = Type::small().bold();
    canvas.text(&title.fit(evidence.metric().title(), COLOURS - 20.0), (left - 20.0, beside.top + 16.0), title)?;
    for step in 0..STEPS {
        let (from, to) = (step as f64 / STEPS as f64, (step + 1) as f64 / STEPS as f64);
        let value = colours.low + (from + to) / 2.0 * (colours.high - colours.low);
        canvas.fill(Rect::new(left, y(to), right, y(from)), sequential(darkness(evidence, colours, value)))?;
    }
    for (value, label) in &colours.ticks {
        let y = y(colours.share(*value));
        canvas.line(&[(right, y), (right + 6.0, y)], Stroke::solid(INK, 2))?;
        canvas.text(label, (right + 14.0, y), Type::small())?;
    }
    Ok(())
}
