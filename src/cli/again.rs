//! How what did not come out well is done again.

use crate::store::{RunState, RunView};

use super::text::count;

/// What to do about runs that failed, diverged or are damaged: a line for each of the three; nothing where all is well.
pub fn advice(views: &[RunView]) -> String {
    let of = |is: fn(&RunView) -> bool| views.iter().filter(|view| is(view)).count();
    let mut text = String::new();
    let mut line = |number: usize, what: &str| {
        if number > 0 {
            text.push_str(&format!("{} {what}\n", count(number, "run")));
        }
    };
    line(
        of(|view| view.state == RunState::Failed),
        "failed, and not tried again by itself: the same command with --retry-failed does that.",
    );
    line(
        of(RunView::is_damaged),
        "completed or stopped, but damaged since: the same command with --retry-failed does it again.",
    );
    line(
        of(|view| view.state == RunState::Diverged),
        "diverged, and would do so again: change what makes it diverge in the sweep file (a lower learning_rate or \
         max_grad_norm, a higher warmup_ratio, precision: fp32), which makes a new run of it. To have the very same tried \
         again, delete its folder in runs/.",
    );
    text
}
