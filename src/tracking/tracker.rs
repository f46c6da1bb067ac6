//! What a tool must be able to be told.

use crate::spec::RunId;
use crate::store::{Store, StoreError};

use super::TrackingError;

/// Tells another tool what stands in a results folder. Every call may be repeated: what was told before is not told again.
pub trait Tracker: Send {
    /// As notices call it: `MLflow`.
    fn name(&self) -> &'static str;

    /// Tells what is new of a run; nothing of one that has not begun.
    ///
    /// # Errors
    /// The tool does not take it, or the run's files cannot be read.
    fn update(&mut self, store: &Store, run: &RunId) -> Result<(), TrackingError>;

    /// Tells what is known of the sweep as a whole once nothing is trained any more.
    ///
    /// # Errors
    /// As [`Self::update`].
    fn conclude(&mut self, store: &Store) -> Result<(), TrackingError>;
}

/// The runs of the sweep that have begun, removed ones left out.
///
/// # Errors
/// The folder cannot be read.
pub fn begun_runs(store: &Store) -> Result<Vec<RunId>, StoreError> {
    let entries = store.record().runs.iter().filter(|entry| !entry.removed);
    let begun = entries.filter(|entry| store.layout().run(&entry.id).run_json().is_file());
    Ok(begun.map(|entry| entry.id.clone()).collect())
}

/// Tells everything that is there; returns how many runs that were.
///
/// # Errors
/// The first thing that could not be told.
pub fn track(tracker: &mut dyn Tracker, store: &Store) -> Result<usize, TrackingError> {
    let runs = begun_runs(store)?;
    runs.iter().try_for_each(|run| tracker.update(store, run))?;
    tracker.conclude(store)?;
    Ok(runs.len())
}
