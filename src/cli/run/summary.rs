//! What a person reads when the sweep is over: one line per run, and where to look next.

use std::time::Duration;

use super::best;
use crate::cli::again;
use crate::cli::text::{Align, Table, clock, count, percent};
use crate::exit_code::ExitCode;
use crate::report::ranking_metric;
use crate::report::search::ended;
use crate::spec::Metric;
use crate::store::{ExecutorKind, RunState, RunView, Store};
use crate::words::shell_path;

/// More runs than this are summed up by the best of them.
const MOST_ROWS: usize = 40;
const BEST_ROWS: usize = 20;

/// The table of runs and the closing lines.
pub fn summary(store: &Store, views: &[RunView]) -> String {
    let mut text = match search(store) {
        Some(search) => format!("\n{search}\n"),
        None => runs(store, views),
    };
    for view in views.iter().filter(|view| view.state == RunState::Failed || view.state == RunState::Diverged) {
        let reason = view.reason.as_deref().unwrap_or("no reason recorded");
        let log = store.layout().run(&view.run.id).log();
        text.push_str(&format!("{} {}: {reason} ({})\n", view.state, view.run.label, log.display()));
    }
    for view in views.iter().filter(|view| view.is_damaged()) {
        text.push_str(&format!("damaged {}: {}\n", view.run.label, view.damage.as_deref().unwrap_or_default()));
    }
    text.push_str(&again::advice(views));
    let folder = shell_path(store.layout().folder());
    if store.record().executor == ExecutorKind::Mock {
        text.push_str("INVENTED: the mock executor made these results; nothing was trained.\n");
    }
    if store.record().rehearsal {
        text.push_str("This was a rehearsal: its figures say nothing about the sweep itself.\n");
    }
    text.extend(best::line(store, views).map(|line| format!("{line}.\n")));
    text.push_str(&format!("{}. Next: sweep report {folder}\n", counts(views)));
    text
}

/// The table of runs.
fn runs(store: &Store, views: &[RunView]) -> String {
    let mut text = format!("\n{}", table(views));
    if views.len() > MOST_ROWS {
        let all = store.layout().runs_csv();
        text.push_str(&format!("The best {BEST_ROWS} of {}; all of them: {}\n", views.len(), all.display()));
    }
    text.push('\n');
    text
}

/// What a search has found, instead of a list of its luckiest runs; none where there is no search, or its results cannot be
/// read, which the lines about runs tell.
fn search(store: &Store) -> Option<String> {
    let ended = ended(store).ok().flatten()?;
    let fresh = format!("{}, fresh seeds", ended.metric);
    let columns = vec![("best samples", Align::Left), (ended.metric.as_str(), Align::Right), (&fresh, Align::Right)];
    let mut table = Table::with_columns(columns);
    ended.best.into_iter().for_each(|cells| table.row(cells));
    Some(format!("{table}\nSearch: {}.\n{}\n", ended.method, ended.conclusion.join("\n")))
}

/// Whether every run is completed, or stopped as it was to be, and all that it left is there.
pub fn exit_code(views: &[RunView]) -> ExitCode {
    let well = |view: &RunView| matches!(view.state, RunState::Completed | RunState::Stopped) && !view.is_damaged();
    ExitCode::success_if(views.iter().all(well))
}

/// `5 runs: 4 completed, 1 failed`
pub fn counts(views: &[RunView]) -> String {
    const STATES: [RunState; 8] = [
        RunState::Completed,
        RunState::Stopped,
        RunState::Failed,
        RunState::Diverged,
        RunState::Running,
        RunState::Interrupted,
        RunState::Waiting,
        RunState::Pending,
    ];
    let of = |state: RunState| views.iter().filter(|view| view.state == state).count();
    let parts = STATES.map(|state| (of(state), state)).into_iter().filter(|(number, _)| *number > 0);
    let mut parts: Vec<String> = parts.map(|(number, state)| format!("{number} {state}")).collect();
    let damaged = views.iter().filter(|view| view.is_damaged()).count();
    if damaged > 0 {
        parts.push(format!("{damaged} of them damaged"));
    }
    let all = count(views.len(), "run");
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}

fn table(views: &[RunView]) -> Table {
    let mut table = Table::new([
        ("run", Align::Left),
        ("status", Align::Left),
        ("best epoch", Align::Right),
        ("accuracy", Align::Right),
        ("F1", Align::Right),
        ("time", Align::Right),
    ]);
    let mut shown: Vec<&RunView> = views.iter().collect();
    if shown.len() > MOST_ROWS {
        let metric = ranking_metric(views);
        shown.sort_by(|a, b| standing(b, metric).total_cmp(&standing(a, metric)));
        shown.truncate(BEST_ROWS);
    }
    for view in shown {
        let figure = |show: &dyn Fn(&crate::event::EpochRecord) -> String| {
            view.best.as_ref().map_or_else(|| "-".to_string(), show)
        };
        table.row([
            view.run.label.clone(),
            view.state.to_string(),
            figure(&|best| best.epoch.to_string()),
            figure(&|best| percent(best.metric(Metric::ACCURACY))),
            figure(&|best| format!("{:.4}", best.metric(Metric::F1))),
            if view.epochs == 0 {
                "-".to_string()
            } else {
                clock(Duration::try_from_secs_f64(view.seconds).unwrap_or_default())
            },
        ]);
    }
    table
}

/// Higher for better runs; below every other where there is no number.
fn standing(view: &RunView, metric: Metric) -> f64 {
    let value = view.best.as_ref().map(|best| best.metric(metric)).filter(|value| !value.is_nan());
    value.map_or(f64::NEG_INFINITY, |value| if metric.lower_is_better() { -value } else { value })
}
