//! Which run of a sweep is the best: the same for the status, the summary and `SWEEP/best`.

use super::{RunState, RunView};
use crate::event::best_by;
use crate::spec::Metric;

/// The metric by which the runs of a sweep are ranked: the one that chooses the best epoch of its first run.
pub fn ranking_metric(views: &[RunView]) -> Metric {
    let first = views.iter().find(|view| !view.removed);
    first.map_or(Metric::ACCURACY, |view| view.run.spec.metric_for_best)
}

/// The best completed run that the sweep file still has, by [`ranking_metric`] at its best epoch; the first of equals.
pub fn best_run(views: &[RunView]) -> Option<&RunView> {
    let completed = views.iter().filter(|view| view.state == RunState::Completed && !view.removed);
    best_by(completed, ranking_metric(views), |view| view.best.as_ref())
}
