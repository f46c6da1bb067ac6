//! How long the runs of a sweep still take.

use super::{RunState, RunView};

/// Seconds until all that is planned is over, at the present pace: what is left of all runs, shared out among the places that are at
/// work. None where nobody works or nothing is known yet. Runs that the sweep file does not have any more do not count, nor epochs
/// beyond the one after which a run pauses.
pub fn seconds_left<'a>(views: impl Iterator<Item = &'a RunView> + Clone) -> Option<f64> {
    let views = || views.clone().filter(|view| !view.removed);
    let of_running: Vec<f64> = views().filter_map(|view| view.progress.as_ref()?.seconds_left).collect();
    let longest = of_running.iter().copied().max_by(f64::total_cmp)?;
    let (seconds_done, epochs_done) =
        views().fold((0.0, 0), |(time, epochs), view| (time + view.seconds, epochs + view.epochs));
    let per_epoch = if epochs_done > 0 { seconds_done / epochs_done as f64 } else { 0.0 };
    let waiting = views().filter(|view| !view.state.is_final() && view.state != RunState::Running);
    let epochs_waiting: usize = waiting.map(|view| view.planned_epochs.saturating_sub(view.epochs)).sum();
    let all = of_running.iter().sum::<f64>() + per_epoch * epochs_waiting as f64;
    Some(longest.max(all / of_running.len() as f64))
}
