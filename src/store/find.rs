//! Runs by what people call them.

use std::path::Path;

use crate::spec::RunId;

use super::{Store, StoreError, sweep_folders};

/// The runs that `name` means in a results folder (or in that of one sweep): those of exactly this label or id; else those
/// whose id begins so. A path to a run's folder means the run of that id; `SWEEP/NAME` looks in one sweep only.
///
/// # Errors
/// A folder that cannot be read.
pub fn find_runs(results: &Path, name: &str) -> Result<Vec<(Store, RunId)>, StoreError> {
    let mut found = Vec::new();
    let folders = sweep_folders(results)?;
    let called = |folder: &Path, name: &str| folder.file_name().is_some_and(|own| own == name);
    let scope = name.split_once('/').filter(|(sweep, _)| folders.iter().any(|folder| called(folder, sweep)));
    let (sweep, name) = scope.map_or((None, name), |(sweep, rest)| (Some(sweep), rest));
    for folder in folders.iter().filter(|folder| sweep.is_none_or(|sweep| called(folder, sweep))) {
        let store = Store::open(folder)?;
        let matching = matches(&store, name);
        found.extend(matching.into_iter().map(|run| (store.clone(), run)));
    }
    Ok(found)
}

fn matches(store: &Store, name: &str) -> Vec<RunId> {
    let name = name.trim_end_matches('/');
    let id = name.rsplit('/').next().unwrap_or(name);
    let runs = &store.record().runs;
    let exact: Vec<RunId> =
        runs.iter().filter(|run| run.label == name || run.id.0 == id).map(|run| run.id.clone()).collect();
    if !exact.is_empty() {
        return exact;
    }
    runs.iter().filter(|run| run.id.0.starts_with(id)).map(|run| run.id.clone()).collect()
}
