//! Every sample in its order, the best so far, and what fresh seeds made of the confirmed ones.

use crate::report::model::Report;
use crate::report::search::{self, Evidence, Found, TrialState};

use super::super::axis::Axis;
use super::super::canvas::{Canvas, Drawn, HEIGHT, Rect, Stroke, WIDTH, picture};
use super::super::legend::{Key, Legend, MARGIN, heading};
use super::super::palette::MUTED;
use super::super::panel::{Labels, Panel, left_room};
use super::super::{Chart, DrawError, words};
use super::{marks, scales};

/// With more samples than this the spread of each is not drawn.
const SPREADS: usize = 80;

pub(super) fn draw(report: &Report, found: &Found) -> Result<Option<Chart>, DrawError> {
    let evidence = &found.evidence;
    let title = format!("{} over the search", evidence.metric().title());
    let legend = legend(evidence);
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let subtitle = format!("{} · {}", words::subject(report), search::method(evidence));
        let top = heading(canvas, &title, &subtitle)?;
        let y = scales::metric(evidence.metric(), scales::means(evidence).into_iter(), 7);
        let right = f64::from(WIDTH) - MARGIN - legend.width();
        let rect = Rect::new(MARGIN + left_room(&y, true), top + 8.0, right, f64::from(HEIGHT) - 110.0);
        let panel = Panel { rect, x: Axis::whole(1, evidence.trials.len().max(1), 12), y };
        panel.frame(canvas, Labels::all("Sample", &scales::metric_title(evidence)))?;
        best_line(canvas, &panel, evidence)?;
        samples(canvas, &panel, evidence)?;
        confirmed(canvas, &panel, evidence)?;
        legend.beside(canvas, rect)
    })?;
    let description = format!(
        "One point per sample in the order in which the search chose them, at its mean over {}; the line is the best so far. {}",
        words::counted(evidence.settings.seeds.len(), "seed"),
        search::conclusion(found).join(" ")
    );
    Ok(Some(Chart::new("search_history", &title, description, picture)))
}

/// The best so far as steps.
fn best_line(canvas: &Canvas<'_>, panel: &Panel, evidence: &Evidence) -> Drawn {
    let mut path = Vec::new();
    for step in search::best_so_far(evidence) {
        let at = panel.at(step.samples as f64, step.best);
        if let Some(&(_, y)) = path.last() {
            path.push((at.0, y));
        }
        path.push(at);
    }
    canvas.line(&path, Stroke::solid(marks::BEST.color, 3))
}

fn samples(canvas: &Canvas<'_>, panel: &Panel, evidence: &Evidence) -> Drawn {
    let radius = marks::radius(evidence.trials.len());
    for trial in &evidence.trials {
        let x = trial.number as f64;
        let look = if trial.state() == TrialState::Stopped { marks::STOPPED } else { marks::COMPLETED };
        match trial.summary() {
            Some(summary) => {
                if summary.count > 1 && evidence.trials.len() <= SPREADS {
                    let ends = [panel.at(x, summary.min), panel.at(x, summary.max)];
                    canvas.line(&ends, Stroke::solid(look.color, 2))?;
                }
                marks::sample(canvas, panel.at(x, summary.mean), look.color, radius)?;
            }
            None if trial.state() == TrialState::Failed => marks::failed(canvas, panel, x, radius)?,
            None => {}
        }
    }
    Ok(())
}

/// From the mean that a confirmed sample was chosen by to the one of its fresh seeds.
fn confirmed(canvas: &Canvas<'_>, panel: &Panel, evidence: &Evidence) -> Drawn {
    for trial in &evidence.trials {
        if let (Some(own), Some(fresh)) = (trial.summary(), trial.fresh_summary()) {
            let (from, to) = (panel.at(trial.number as f64, own.mean), panel.at(trial.number as f64, fresh.mean));
            canvas.line(&[from, to], Stroke::dashed(MUTED, 2))?;
            canvas.marker(to, marks::FRESH.marker, 9.0, marks::FRESH.color)?;
        }
    }
    Ok(())
}

fn legend(evidence: &Evidence) -> Legend {
    let mut entries = marks::legend(evidence);
    entries.push((Key::Line(Stroke::solid(marks::BEST.color, 3)), "best so far".to_owned()));
    if evidence.trials.iter().any(|trial| trial.fresh_summary().is_some()) {
        entries.push((Key::Marker(marks::FRESH), "mean of its fresh seeds".to_owned()));
    }
    Legend { entries }
}
