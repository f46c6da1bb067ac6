//! A sweep in a few figures: its card among the other sweeps.

use serde::Serialize;

use crate::report::search::standing;
use crate::store::{RunView, Store, best_run, ranking_metric, seconds_left};

use super::cell::Cell;
use super::plan::states;

/// A sweep in a few figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Totals {
    /// Runs by the number of their state.
    pub states: Vec<usize>,
    /// Seconds until all is over, at the present pace.
    left: Cell,
    /// Training examples per second, of all running runs together.
    speed: Cell,
    /// The best completed run: its label, the name of the metric and the value.
    best: Option<(String, &'static str, Cell)>,
    /// How far a search has come.
    search: Option<String>,
}

impl Totals {
    pub fn of(store: &Store, views: &[RunView]) -> Self {
        let present = || views.iter().filter(|view| !view.removed);
        let mut counts = vec![0; states().len()];
        present().for_each(|view| counts[view.state as usize] += 1);
        let speeds: Vec<f64> = present().filter_map(|view| view.progress.as_ref()?.examples_per_second).collect();
        let metric = ranking_metric(views);
        let best = best_run(views).and_then(|view| Some((view.run.label.clone(), view.best.as_ref()?.metric(metric))));
        Self {
            states: counts,
            left: seconds_left(views.iter()).into(),
            speed: Some(speeds.iter().sum::<f64>()).filter(|_| !speeds.is_empty()).into(),
            best: best.map(|(label, value)| (label, metric.name(), Cell::of(value))),
            search: standing(store.record(), views),
        }
    }
}
