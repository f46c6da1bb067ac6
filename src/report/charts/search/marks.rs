//! How samples are drawn, the same in every chart of a search.

use plotters::style::{Color, RGBColor};

use crate::report::search::{Evidence, Trial, TrialState};

use super::super::canvas::{Canvas, Drawn, Point};
use super::super::legend::Key;
use super::super::palette::{CONTEXT, Look, MUTED, Marker, OKABE_ITO};
use super::super::panel::Panel;

/// A sample that was trained to its end.
pub(super) const COMPLETED: Look = Look { color: OKABE_ITO[0], marker: Marker::Circle };
/// One that the search has stopped.
pub(super) const STOPPED: Look = Look { color: CONTEXT, marker: Marker::Circle };
/// One without a mean.
pub(super) const FAILED: Look = Look { color: MUTED, marker: Marker::Cross };
/// The best one.
pub(super) const BEST: Look = Look { color: OKABE_ITO[1], marker: Marker::Diamond };
/// A mean over fresh seeds.
pub(super) const FRESH: Look = Look { color: OKABE_ITO[2], marker: Marker::Square };

/// The radius of samples, smaller among many.
pub(super) fn radius(samples: usize) -> f64 {
    match samples {
        0..=60 => 8.0,
        61..=250 => 6.0,
        _ => 4.0,
    }
}

/// A sample at a position: with a rim where there are few, a dot among many.
pub(super) fn sample(canvas: &Canvas<'_>, at: Point, color: RGBColor, radius: f64) -> Drawn {
    if radius < 5.0 {
        return canvas.dot(at, radius as i32, color.mix(0.8));
    }
    canvas.marker(at, Marker::Circle, radius, color)
}

/// A failed sample at the lower edge of a panel.
pub(super) fn failed(canvas: &Canvas<'_>, panel: &Panel, x: f64, radius: f64) -> Drawn {
    let at = (panel.at(x, panel.y.low).0, panel.rect.bottom - radius - 4.0);
    canvas.marker(at, FAILED.marker, radius.min(7.0), FAILED.color)
}

/// Entries for what there is among the samples.
pub(super) fn legend(evidence: &Evidence) -> Vec<(Key, String)> {
    let is_there = |state: TrialState| evidence.trials.iter().any(|trial: &Trial| trial.state() == state);
    let entries = [
        (TrialState::Completed, COMPLETED, "sample: mean of its seeds"),
        (TrialState::Stopped, STOPPED, "stopped, at its last epoch"),
        (TrialState::Failed, FAILED, "diverged or failed"),
    ];
    let there = entries.into_iter().filter(|(state, ..)| is_there(*state));
    there.map(|(_, look, name)| (Key::Marker(look), name.to_owned())).collect()
}
