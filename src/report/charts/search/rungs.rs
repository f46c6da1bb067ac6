//! The samples' means over epochs, with the rungs at which the search stops some of them.

use std::collections::BTreeMap;

use crate::report::model::Report;
use crate::report::search::{self, Evidence, Found, Trial, TrialState};
use crate::spec::StopRule;

use super::super::axis::Axis;
use super::super::canvas::{Canvas, Drawn, HEIGHT, Rect, Stroke, WIDTH, picture};
use super::super::legend::{Key, Legend, MARGIN, heading};
use super::super::palette::MUTED;
use super::super::panel::{Labels, Panel, left_room};
use super::super::{Chart, DrawError, words};
use super::{marks, scales};

/// A sample's mean over its seeds after each epoch that all of them have.
struct Curve<'a> {
    trial: &'a Trial,
    points: Vec<(f64, f64)>,
}

/// None where no run is ever stopped.
pub(super) fn draw(report: &Report, found: &Found) -> Result<Option<Chart>, DrawError> {
    let evidence = &found.evidence;
    let Some(rule) = &evidence.settings.stop else {
        return Ok(None);
    };
    let curves = curves(report, evidence);
    let Some(last) = curves.iter().filter_map(|curve| curve.points.last()).map(|point| point.0).reduce(f64::max) else {
        return Ok(None);
    };
    let title = format!("{} at the rungs", evidence.metric().title());
    let rungs = rungs(report, rule, last);
    let legend = legend(evidence, &rungs);
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let subtitle = format!("{} · {}", words::subject(report), search::method(evidence));
        let top = heading(canvas, &title, &subtitle)?;
        let values = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
        let y = scales::metric(evidence.metric(), values, 7);
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let rect = Rect::new(MARGIN + left_room(&y, true), top + 8.0, right, f64::from(HEIGHT) - 110.0);
        let panel = Panel { rect, x: Axis::whole(1, last as usize, 12), y };
        panel.frame(canvas, Labels::all("Epoch", &scales::metric_title(evidence)))?;
        for rung in &rungs {
            let x = panel.at(*rung as f64, panel.y.low).0;
            canvas.line(&[(x, rect.top), (x, rect.bottom)], Stroke::dashed(MUTED, 2))?;
        }
        lines(canvas, &panel, evidence, &curves, &rungs)?;
        legend.beside(canvas, rect)
    })?;
    Ok(Some(Chart::new("search_rungs", &title, description(evidence, &rungs), picture)))
}

fn curves<'a>(report: &Report, evidence: &'a Evidence) -> Vec<Curve<'a>> {
    let places: BTreeMap<&str, usize> =
        report.configurations.iter().enumerate().map(|(place, one)| (one.name.as_str(), place)).collect();
    let curve = |trial: &'a Trial| {
        let configuration = &report.configurations[*places.get(trial.configuration.as_str())?];
        let own: Vec<_> = report
            .runs_of(configuration)
            .filter(|run| evidence.settings.seeds.contains(&run.spec.seed) && run.sound())
            .collect();
        let epochs = own.iter().map(|run| run.epochs.len()).min()?;
        let mean = |epoch: usize| {
            let values = own.iter().filter_map(|run| Some(run.epochs.get(epoch)?.metric(evidence.metric())));
            (epoch as f64 + 1.0, values.sum::<f64>() / own.len() as f64)
        };
        let points: Vec<(f64, f64)> = (0..epochs).map(mean).collect();
        (!points.is_empty()).then_some(Curve { trial, points })
    };
    evidence.trials.iter().filter_map(curve).collect()
}

/// Of the runs with the most epochs, as far as they are in the chart.
fn rungs(report: &Report, rule: &StopRule, last: f64) -> Vec<usize> {
    let epochs = report.runs.iter().map(|run| run.spec.epochs).max().unwrap_or(0);
    rule.rungs(epochs).into_iter().filter(|rung| *rung as f64 <= last).collect()
}

fn lines(canvas: &Canvas<'_>, panel: &Panel, evidence: &Evidence, curves: &[Curve<'_>], rungs: &[usize]) -> Drawn {
    let best = evidence.best().map(|trial| trial.number);
    let rank = |curve: &Curve<'_>| match curve.trial.state() {
        _ if Some(curve.trial.number) == best => 2,
        TrialState::Completed => 1,
        _ => 0,
    };
    let radius = marks::radius(curves.len());
    for wanted in 0..=2 {
        for curve in curves.iter().filter(|curve| rank(curve) == wanted) {
            let (color, width) = match wanted {
                0 => (marks::STOPPED.color, 2),
                1 => (marks::COMPLETED.color, 2),
                _ => (marks::BEST.color, 4),
            };
            panel.curve(canvas, &curve.points, 1.0, Stroke::solid(color, width))?;
            let last = curve.points.len();
            for (place, point) in curve.points.iter().enumerate() {
                if rungs.contains(&(place + 1)) || place + 1 == last {
                    marks::sample(canvas, panel.at(point.0, point.1), color, radius)?;
                }
            }
        }
    }
    Ok(())
}

fn legend(evidence: &Evidence, rungs: &[usize]) -> Legend {
    let mut entries = Vec::new();
    if let Some(best) = evidence.best() {
        let name = if best.state() == TrialState::Completed { "best sample" } else { "best sample so far" };
        entries.push((Key::Line(Stroke::solid(marks::BEST.color, 4)), name.to_owned()));
    }
    if evidence.trials.iter().any(|trial| trial.state() == TrialState::Completed) {
        entries.push((Key::Line(Stroke::solid(marks::COMPLETED.color, 2)), "trained to its end".to_owned()));
    }
    if evidence.trials.iter().any(|trial| trial.state() != TrialState::Completed) {
        entries.push((Key::Line(Stroke::solid(marks::STOPPED.color, 2)), "stopped, or not ended".to_owned()));
    }
    if !rungs.is_empty() {
        entries.push((Key::Line(Stroke::dashed(MUTED, 2)), "rung".to_owned()));
    }
    Legend { entries }
}

fn description(evidence: &Evidence, rungs: &[usize]) -> String {
    let of = |state: TrialState| evidence.trials.iter().filter(|trial| trial.state() == state).count();
    let rungs: Vec<String> = rungs.iter().map(usize::to_string).collect();
    format!(
        "Each line is a sample's mean over its seeds after each epoch. {} trained to the end, {} stopped. Rungs after epoch {}.",
        words::counted(of(TrialState::Completed), "sample"),
        of(TrialState::Stopped),
        if rungs.is_empty() { "–".to_owned() } else { rungs.join(", ") }
    )
}
