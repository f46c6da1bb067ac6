//! Tasks on other machines that live as long as this process looks after them.

use std::time::{Duration, Instant};

use signal_hook::consts::SIGTERM;

use crate::execute::{Stop, stop_on_signals};
use crate::exit_code::ExitCode;
use crate::launch::Attached;
use crate::store::Store;

use super::chosen::Chosen;
use super::{plan, summary};
use crate::cli::CliError;
use crate::cli::streams::{print, tell};

/// Between two looks at the tasks.
const TICK: Duration = Duration::from_millis(100);
/// Between two looks at the results.
const LOOK: Duration = Duration::from_secs(2);

/// Starts the tasks, says what becomes of them and of the runs, and sums up.
pub fn look_after(tasks: &mut dyn Attached, chosen: &Chosen<'_>, store: &Store) -> Result<ExitCode, CliError> {
    let stop = Stop::default();
    stop_on_signals(&stop).map_err(CliError::Signals)?;
    tasks.start()?;
    let (mut is_told, mut looked, mut shown) = (false, Instant::now(), String::new());
    while !tasks.is_over() {
        tasks.look().iter().for_each(tell);
        if stop.requested() && !is_told {
            is_told = true;
            tell("stopping: tasks save their state; once more leaves at once");
            tasks.stop();
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            let counts = summary::counts(&plan::runs(&opened(store)?, chosen)?);
            if counts != shown {
                tell(&counts);
                shown = counts;
            }
        }
        std::thread::sleep(TICK);
    }
    let store = opened(store)?;
    let views = store.refresh_index().and_then(|_| plan::runs(&store, chosen)).map_err(CliError::AfterTraining)?;
    let shown = print(&summary::summary(&store, &views));
    let signal = if stop.requested() { Some(stop.signal()) } else { None };
    let cancelled = tasks.is_cancelled().then_some(SIGTERM.unsigned_abs() as usize);
    match signal.or(cancelled) {
        Some(signal) if summary::exit_code(&views) != ExitCode::Success => {
            tell("Interrupted with everything saved; the same command continues.");
            Ok(ExitCode::signal(signal))
        }
        _ => {
            shown?;
            Ok(summary::exit_code(&views))
        }
    }
}

/// With what tasks planned since.
fn opened(store: &Store) -> Result<Store, CliError> {
    Store::open(store.layout().folder()).map_err(CliError::AfterTraining)
}
