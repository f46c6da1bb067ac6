//! The two figures of a paper on one configuration: training against validation loss, and accuracy over epochs, each with the
//! figures that were reported.

use crate::report::metric;
use crate::report::model::{Configuration, Report};
use crate::spec::{Metric, ReferenceFigure};

use super::axis::Axis;
use super::canvas::{HEIGHT, Point, Rect, Stroke, WIDTH, picture};
use super::legend::{Heading, Key, Legend, MARGIN};
use super::palette::{Look, MUTED, Marker, OKABE_ITO};
use super::panel::{Labels, Panel, left_room};
use super::{Chart, DrawError, series, words};

/// How what was reported is drawn.
const REPORTED: Look = Look { color: OKABE_ITO[1], marker: Marker::Diamond };

/// A figure: its name as a file, its title, and the curves in it.
struct Figure {
    name: &'static str,
    number: usize,
    what: &'static str,
    axis: &'static str,
    curves: &'static [(Metric, Look, &'static str)],
}

const FIGURES: [Figure; 2] = [
    Figure {
        name: "figure_1_loss",
        number: 1,
        what: "training and validation loss",
        axis: "Loss",
        curves: &[
            (Metric::TRAIN_LOSS, Look { color: OKABE_ITO[4], marker: Marker::Square }, "training"),
            (Metric::EVAL_LOSS, Look { color: OKABE_ITO[0], marker: Marker::Circle }, "validation"),
        ],
    },
    Figure {
        name: "figure_2_accuracy",
        number: 2,
        what: "accuracy over epochs",
        axis: "Accuracy (evaluation)",
        curves: &[(Metric::ACCURACY, Look { color: OKABE_ITO[0], marker: Marker::Circle }, "measured")],
    },
];

/// Both figures of the baseline, or of the only configuration. None where there is neither, or no epoch of it.
pub(super) fn draw(report: &Report) -> Result<Vec<Chart>, DrawError> {
    let only = (report.configurations.len() == 1).then_some(0);
    let Some(index) = report.baseline.or(only).filter(|&index| !report.configurations[index].curve.is_empty()) else {
        return Ok(Vec::new());
    };
    FIGURES.iter().map(|figure| one(report, index, figure)).collect()
}

fn one(report: &Report, index: usize, figure: &Figure) -> Result<Chart, DrawError> {
    let configuration = &report.configurations[index];
    let reported = Reported::of(report, figure);
    let title = format!("Figure {}: {}", figure.number, figure.what);
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = Heading::new(&title, &subtitle(report, configuration)).draw(canvas)?;
        let legend = legend(report, configuration, figure, &reported);
        let metrics: Vec<Metric> = figure.curves.iter().map(|(name, ..)| *name).collect();
        let y = series::axis_over(std::slice::from_ref(configuration), &metrics, &reported.values(), 7);
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let rect = Rect::new(MARGIN + left_room(&y, true), top + 8.0, right, f64::from(HEIGHT) - 110.0);
        let panel = Panel { rect, x: epochs(configuration, &reported), y };
        panel.frame(canvas, Labels::all("Epoch", figure.axis))?;
        let mut lines: Vec<Vec<Point>> = Vec::new();
        for (name, ..) in figure.curves {
            lines.push(series::means(report, index, *name).into_iter().map(|(x, y)| panel.at(x, y)).collect());
        }
        let across = |value: f64| vec![panel.at(panel.x.low, value), panel.at(panel.x.high, value)];
        for line in &reported.lines {
            panel.reference_line(canvas, line.value)?;
        }
        for (name, look, _) in figure.curves {
            panel.band(canvas, &series::bands(report, index, *name), series::pale(look.color))?;
        }
        for (name, look, _) in figure.curves {
            series::one(canvas, &panel, report, *look, index, *name, series::RADIUS)?;
        }
        // Names keep away from curves, from what else was reported, and from each other.
        let places = reported.points.iter().map(|(epoch, point)| panel.at(*epoch as f64, point.value));
        lines.extend(places.map(|at| vec![at, at]));
        let curves_and_points = lines.len();
        lines.extend(reported.lines.iter().map(|line| across(line.value)));
        for (epoch, point) in &reported.points {
            let label = format!("{} {}", point.source, exactly(point));
            lines.push(panel.named_point(canvas, (*epoch as f64, point.value), &label, REPORTED, &lines)?);
        }
        lines.drain(curves_and_points..curves_and_points + reported.lines.len());
        for line in &reported.lines {
            let label = format!("{} {}", line.source, exactly(line));
            panel.reference_name(canvas, line.value, &label, &lines)?;
        }
        legend.beside(canvas, rect)
    })?;
    let description = description(report, configuration, figure, &reported);
    Ok(Chart::new(figure.name, &title, description, picture))
}

/// What was reported of the metrics of a figure.
struct Reported<'a> {
    /// After an epoch.
    points: Vec<(usize, &'a ReferenceFigure)>,
    /// Final figures.
    lines: Vec<&'a ReferenceFigure>,
}

impl<'a> Reported<'a> {
    fn of(report: &'a Report, figure: &Figure) -> Reported<'a> {
        let mut reported = Reported { points: Vec::new(), lines: Vec::new() };
        let shown = |name: &str| figure.curves.iter().any(|(metric, ..)| metric.name() == name);
        for entry in report.reference.iter().filter(|entry| shown(&entry.metric) && entry.value.is_finite()) {
            match entry.epoch {
                Some(epoch) => reported.points.push((epoch, entry)),
                None => reported.lines.push(entry),
            }
        }
        reported
    }

    fn values(&self) -> Vec<f64> {
        self.points.iter().map(|(_, entry)| entry.value).chain(self.lines.iter().map(|entry| entry.value)).collect()
    }
}

/// From epoch 1 to the last that was trained or reported.
fn epochs(configuration: &Configuration, reported: &Reported<'_>) -> Axis {
    let trained = configuration.curve.iter().map(|at| at.epoch);
    let last = trained.chain(reported.points.iter().map(|(epoch, _)| *epoch)).max().unwrap_or(1);
    Axis::whole(1, last.max(1), 12)
}

fn exactly(entry: &ReferenceFigure) -> String {
    let name = Metric::named(&entry.metric);
    name.map_or_else(|| entry.value.to_string(), |name| metric::write_exactly(name, entry.value))
}

fn legend(report: &Report, configuration: &Configuration, figure: &Figure, reported: &Reported<'_>) -> Legend {
    let mut entries: Vec<(Key, String)> =
        figure.curves.iter().map(|(_, look, name)| (Key::Curve(*look), (*name).to_string())).collect();
    if !reported.points.is_empty() {
        entries.push((Key::HollowMarker(REPORTED), "reported after an epoch".to_string()));
    }
    if !reported.lines.is_empty() {
        entries.push((Key::Line(Stroke::dashed(MUTED, 2)), "reported final figure".to_string()));
    }
    if report.runs_of(configuration).any(|run| !run.sound() && !run.epochs.is_empty()) {
        entries.push((Key::BrokenOff, "diverged or failed run".to_string()));
    }
    Legend { entries }
}

fn subtitle(report: &Report, configuration: &Configuration) -> String {
    let mut text = format!("{} · {}", configuration.name, words::subject(report));
    let shown = report.runs_of(configuration).filter(|run| run.sound() && !run.epochs.is_empty()).count();
    let of_all = if shown < configuration.runs.len() {
        format!(" of {}", words::counted(configuration.runs.len(), "seed"))
    } else {
        " seeds".to_string()
    };
    match (shown, configuration.runs.len()) {
        (_, 1) => text.push_str(" · one\u{a0}run"),
        (1, _) => text.push_str(&format!(" · 1{of_all}")),
        _ => text.push_str(&format!(" · mean of {shown}{of_all}, band from lowest to highest")),
    }
    text
}

fn description(report: &Report, configuration: &Configuration, figure: &Figure, reported: &Reported<'_>) -> String {
    let curves: Vec<String> = figure
        .curves
        .iter()
        .filter_map(|(name, ..)| {
            let (epoch, last) = configuration.over_epochs(*name).last()?;
            let title = name.title();
            Some(format!("{title} {} after epoch {epoch}", metric::write_exactly(*name, last.mean)))
        })
        .collect();
    let mut text = format!("{}: {}.", configuration.name, curves.join(", "));
    let mut told: Vec<String> =
        reported.points.iter().map(|(epoch, e)| format!("{} {} after epoch {epoch}", e.source, exactly(e))).collect();
    told.extend(reported.lines.iter().map(|entry| format!("{} {} at the end", entry.source, exactly(entry))));
    if !told.is_empty() {
        text.push_str(&format!(" Reported: {}.", told.join(", ")));
    }
    let trained = configuration.curve.last().map_or(0, |at| at.epoch);
    if reported.points.iter().any(|(epoch, _)| *epoch > trained) {
        text.push_str(&format!(" No run was trained beyond epoch {trained}."));
    }
    if report.rehearsal && !told.is_empty() {
        text.push_str(
            " This is a rehearsal on another model and other data: what was reported is no yardstick for it.",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(metric: &str, value: f64, epoch: Option<usize>) -> ReferenceFigure {
        ReferenceFigure { source: "paper".to_string(), metric: metric.to_string(), value, epoch }
    }

    fn configuration(epochs: usize) -> Configuration {
        let curve = (1..=epochs)
            .map(|epoch| crate::report::model::EpochSummary { epoch, metrics: Default::default() })
            .collect();
        Configuration {
            name: "base".to_string(),
            runs: vec![0],
            curve,
            best: Default::default(),
            accuracy_interval: None,
            figured: Vec::new(),
            confirmed: false,
            versus_baseline: None,
        }
    }

    #[test]
    fn what_was_reported_lies_inside_the_axes() {
        let entries =
            [entry("accuracy", 0.9016, Some(1)), entry("accuracy", 0.9281, Some(3)), entry("accuracy", 0.928, None)];
        let reported = Reported { points: vec![(1, &entries[0]), (3, &entries[1])], lines: vec![&entries[2]] };
        let x = epochs(&configuration(2), &reported);
        assert!(x.contains(1.0) && x.contains(3.0) && !x.contains(4.0));
        let y = series::axis_over(&[configuration(2)], &[Metric::ACCURACY], &reported.values(), 7);
        assert!(reported.values().iter().all(|value| y.contains(*value)));
        let loss = series::axis_over(&[configuration(2)], &[Metric::EVAL_LOSS], &[3.5], 7);
        assert!(loss.contains(3.5), "{loss:?}");
    }
}
