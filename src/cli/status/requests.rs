//! What people asked for and nobody has done yet.

use crate::cli::CliError;
use crate::cli::asking::line;
use crate::store::{RequestView, Store};

/// The requests that wait.
pub fn waiting(store: &Store) -> Result<Vec<RequestView>, CliError> {
    let mut views = store.requests()?;
    views.retain(|view| view.answer.is_none());
    Ok(views)
}

/// What people read: a line each.
pub fn show(store: &Store) -> String {
    // Where they cannot be read now, the runs can.
    let waiting = waiting(store).unwrap_or_default();
    waiting.iter().map(|view| format!("  waits: {}\n", line(store, view))).collect()
}
