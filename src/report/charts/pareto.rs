//! Accuracy against trainable parameters and training tokens, with the front of those worth their size.

use crate::metrics::{Candidate, pareto_front};
use crate::report::model::Report;
use crate::report::ranking::Ranking;
use crate::report::tables::{self, Row};
use crate::report::trained_tokens::trained_tokens;
use crate::spec::Metric;

use super::axis::{Axis, Unit};
use super::canvas::{Canvas, Drawn, HEIGHT, Rect, Stroke, WIDTH, picture};
use super::legend::{Key, Legend, MARGIN, heading};
use super::palette::{CONTEXT, Look, MUTED};
use super::panel::{Labels, Panel, left_room};
use super::{Chart, DrawError, Looks, rows, words};

/// With more points of one size than this, moving them aside would make the sizes unreadable.
const MOST_ASIDE: usize = 20;

struct Point<'a> {
    row: Row<'a>,
    cost: f64,
    accuracy: f64,
}

/// What is weighed against accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cost {
    Parameters,
    Tokens,
}

impl Cost {
    fn file(self) -> &'static str {
        match self {
            Cost::Parameters => "pareto",
            Cost::Tokens => "pareto_tokens",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Cost::Parameters => "trainable parameters",
            Cost::Tokens => "training tokens",
        }
    }

    /// Sizes that differ by no larger a part are the same.
    fn rounding(self) -> f64 {
        match self {
            Cost::Parameters => 0.0,
            // They are computed from speeds, which were rounded.
            Cost::Tokens => 1e-3,
        }
    }

    /// Of a configuration: of a run, on average.
    fn of(self, report: &Report, row: &Row<'_>) -> Option<f64> {
        match self {
            Cost::Parameters => row.trainable_parameters.map(|count| count as f64),
            Cost::Tokens => {
                let completed: Vec<_> = report.figured(row.configuration).filter(|run| run.ended_by_itself()).collect();
                let all: Option<f64> = completed.iter().map(|run| trained_tokens(run)).sum();
                all.filter(|_| !completed.is_empty()).map(|all| all / completed.len() as f64)
            }
        }
    }
}

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    of_cost(report, looks, Cost::Parameters)
}

/// Accuracy against training tokens, where a search varies them.
pub(super) fn draw_tokens(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    if report.search.is_none() {
        return Ok(None);
    }
    of_cost(report, looks, Cost::Tokens)
}

fn of_cost(report: &Report, looks: &Looks, cost: Cost) -> Result<Option<Chart>, DrawError> {
    let points = points(report, cost);
    // With a single size there is nothing to weigh.
    let (Some(costs), Some(values)) = (
        rows::range(points.iter().map(|point| point.cost)).filter(|(low, high)| high - low > cost.rounding() * high),
        rows::range(points.iter().flat_map(|point| ends(point))),
    ) else {
        return Ok(None);
    };
    let fronts = fronts(report, &points);
    let title = format!("Accuracy against {}", cost.words());
    let legend = legend(looks, &points, fronts.len());
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let crowded = (0..points.len()).all(|place| aside(&points, place) == 0.0);
        let note = if crowded { "" } else { " · points of the same size stand side by side" };
        let subtitle = format!("{}{note}", words::subject(report));
        let top = heading(canvas, &title, &subtitle)?;
        let y = Axis::rounded(values.0.max(0.0), values.1.min(1.0), 7, Unit::Percent);
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let rect = Rect::new(MARGIN + left_room(&y, true), top + 8.0, right, f64::from(HEIGHT) - 110.0);
        let panel = Panel { rect, x: cost_axis(costs), y };
        let axis = match cost {
            Cost::Parameters => "Trainable parameters",
            Cost::Tokens => "Training tokens of a run",
        };
        panel.frame(canvas, Labels::all(axis, report.judged_accuracy()))?;
        for (_, front) in &fronts {
            front_line(canvas, &panel, &front.iter().map(|&i| &points[i]).collect::<Vec<_>>())?;
        }
        scatter(canvas, &panel, looks, &points)?;
        legend.beside(canvas, rect)
    })?;
    Ok(Some(Chart::new(cost.file(), &title, description(&points, &fronts, cost), picture)))
}

/// Configurations with a size and a completed run.
fn points<'a>(report: &'a Report, cost: Cost) -> Vec<Point<'a>> {
    let place = |row: Row<'a>| {
        let cost = cost.of(report, &row)?;
        let accuracy = row.spread(Metric::ACCURACY)?.mean;
        Some(Point { row, cost, accuracy })
    };
    tables::rows(report).into_iter().filter_map(place).collect()
}

/// Places of those worth their size, of each data set by itself, with its name where there are several.
fn fronts(report: &Report, points: &[Point<'_>]) -> Vec<(Option<String>, Vec<usize>)> {
    let front = |ranking: Ranking| {
        let is_of_set = |place: &usize| points[*place].row.data_set == ranking.data_set;
        let places: Vec<usize> = (0..points.len()).filter(is_of_set).collect();
        let candidate = |&place: &usize| Candidate { cost: points[place].cost, score: points[place].accuracy };
        let front = pareto_front(&places.iter().map(candidate).collect::<Vec<_>>());
        (ranking.on, front.into_iter().map(|i| places[i]).collect::<Vec<usize>>())
    };
    report.rankings().into_iter().map(front).filter(|(_, front)| !front.is_empty()).collect()
}

fn ends(point: &Point<'_>) -> Vec<f64> {
    let interval = point.row.interval().map(|interval| [interval.low, interval.high]);
    interval.into_iter().flatten().chain([point.accuracy]).collect()
}

/// Logarithmic where the largest is more than three times the smallest.
fn cost_axis((low, high): (f64, f64)) -> Axis {
    let low = low.max(1.0);
    if high > 3.0 * low {
        Axis::log(low / 1.3, high * 1.3, Unit::Count)
    } else {
        let air = (high - low) * 0.15;
        Axis::linear(low - air, high + air, 6, Unit::Count)
    }
}

fn front_line(canvas: &Canvas<'_>, panel: &Panel, front: &[&Point<'_>]) -> Drawn {
    let mut path = Vec::new();
    for point in front {
        let at = panel.at(point.cost, point.accuracy);
        // A step: until the next larger one nothing better is to be had.
        if let Some(&(_, y)) = path.last() {
            path.push((at.0, y));
        }
        path.push(at);
    }
    canvas.line(&path, Stroke::dashed(MUTED, 3))
}

fn scatter(canvas: &Canvas<'_>, panel: &Panel, looks: &Looks, points: &[Point<'_>]) -> Drawn {
    let faint = points.len() > 60;
    for (place, point) in points.iter().enumerate().rev() {
        let look = looks.get(point.row.index);
        let (x, y) = panel.at(point.cost, point.accuracy);
        let at = (x + aside(points, place), y);
        if faint && !looks.is_distinct(point.row.index) {
            canvas.marker(at, look.marker, 4.0, CONTEXT)?;
            continue;
        }
        if let Some(interval) = point.row.interval() {
            let y = |value: f64| panel.at(point.cost, value).1;
            canvas.line(&[(at.0, y(interval.low)), (at.0, y(interval.high))], Stroke::solid(look.color, 2))?;
        }
        canvas.marker(at, look.marker, 10.0, look.color)?;
    }
    Ok(())
}

/// How far a point moves aside, so that points of the same size do not hide each other.
fn aside(points: &[Point<'_>], place: usize) -> f64 {
    let same = |point: &&Point<'_>| point.cost == points[place].cost;
    let (all, before) = (points.iter().filter(same).count(), points[..place].iter().filter(same).count());
    if all > MOST_ASIDE {
        return 0.0;
    }
    let step = 22.0f64.min(200.0 / all as f64);
    (before as f64 - (all - 1) as f64 / 2.0) * step
}

fn legend(looks: &Looks, points: &[Point<'_>], fronts: usize) -> Legend {
    let mut entries: Vec<(Key, String)> = points
        .iter()
        .filter(|point| looks.is_distinct(point.row.index))
        .map(|point| (Key::Marker(looks.get(point.row.index)), point.row.configuration.name.clone()))
        .collect();
    let others = points.len() - entries.len();
    if others > 0 {
        entries.push((Key::Marker(Look::PLAIN), words::counted(others, "other configuration")));
    }
    let front = if fronts > 1 { "Pareto front of a data set" } else { "Pareto front" };
    entries.push((Key::Line(Stroke::dashed(MUTED, 3)), front.to_string()));
    Legend { entries }
}

fn description(points: &[Point<'_>], fronts: &[(Option<String>, Vec<usize>)], cost: Cost) -> String {
    let unit = match cost {
        Cost::Parameters => "parameters",
        Cost::Tokens => "tokens",
    };
    let name = |&i: &usize| {
        let point = &points[i];
        format!(
            "{} ({} {unit}, {:.1} %)",
            point.row.configuration.name,
            tables::grouped(point.cost as usize),
            point.accuracy * 100.0
        )
    };
    let sentence = |(on, front): &(Option<String>, Vec<usize>)| {
        let names: Vec<String> = front.iter().take(6).map(name).collect();
        let of = on.as_ref().map_or(String::new(), |data_set| format!(" of {data_set}"));
        format!("On the Pareto front{of}: {}.", names.join("; "))
    };
    fronts.iter().map(sentence).collect::<Vec<String>>().join(" ")
}
