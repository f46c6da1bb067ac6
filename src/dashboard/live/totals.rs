//! A sweep in a few figures: its card among the other sweeps.

use serde::Serialize;

use crate::report::search::standing;
use crate::report::{best_runs, ranking_metric};
use crate::store::{RunView, Store, seconds_left};

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
    /// The best completed run of each data set: its label, with the data set where there are several, the name of the metric and
    /// the value.
    best: Vec<(String, &'static str, Cell)>,
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
        let best = best_runs(store.record(), views).into_iter().filter_map(|best| {
            let on = best.on.map_or(String::new(), |set| format!(" (on {set})"));
            let value = best.view.best.as_ref()?.metric(metric);
            Some((format!("{}{on}", best.view.run.label), metric.name(), Cell::of(value)))
        });
        Self {
            states: counts,
            left: seconds_left(views.iter()).into(),
            speed: Some(speeds.iter().sum::<f64>()).filter(|_| !speeds.is_empty()).into(),
            best: best.collect(),
            search: standing(store.record(), views),
        }
    }
}
