//! Runs and sweeps by what people call them.

use std::path::Path;

use crate::report::ReportError;
use crate::report::error::Candidates;
use crate::spec::RunId;
use crate::store::{RunEntry, Store, find_runs, sweep_folders};

/// What a name means.
pub(super) enum Named {
    Run(Box<NamedRun>),
    Sweep(Store),
}

/// A run with its place.
pub(super) struct NamedRun {
    pub store: Store,
    pub entry: RunEntry,
}

impl NamedRun {
    pub fn title(&self) -> String {
        format!("{}/{} [{}]", sweep_name(&self.store), self.entry.label, self.entry.id)
    }
}

impl Named {
    pub fn find(results: &Path, name: &str) -> Result<Named, ReportError> {
        let folders = if results.is_dir() { sweep_folders(results)? } else { Vec::new() };
        let called = folders.iter().find(|folder| folder.file_name().is_some_and(|own| own == name));
        // The folder of a sweep, wherever it lies.
        let given = sweep_folders(Path::new(name)).ok().filter(|found| found.as_slice() == [Path::new(name)]);
        if let Some(folder) = called.cloned().or_else(|| given.and_then(|found| found.into_iter().next())) {
            return Ok(Named::Sweep(Store::open(&folder)?));
        }
        if folders.is_empty() {
            return Err(ReportError::NoResults { path: results.to_owned() });
        }
        let found = if name.is_empty() { Vec::new() } else { find_runs(results, name)? };
        // A run that is no longer in the sweep file goes by its id where another one has its label now.
        let is_present = |(store, run): &(Store, RunId)| store.entry(run).is_ok_and(|entry| !entry.removed);
        let present: Vec<(Store, RunId)> = found.iter().filter(|found| is_present(found)).cloned().collect();
        let found = if present.len() == 1 { present } else { found };
        match found.as_slice() {
            [(store, run)] => Ok(Named::Run(Box::new(named(store, run)?))),
            [] => {
                let place = results.display();
                let hint = format!("give a run's label, id or folder, or a sweep's name, of {place}");
                Err(ReportError::Unknown { name: name.to_owned(), hint })
            }
            several => {
                let titles = several.iter().map(|(store, run)| Ok(named(store, run)?.title()));
                let titles = titles.collect::<Result<_, ReportError>>()?;
                Err(ReportError::Ambiguous { name: name.to_owned(), found: Candidates(titles) })
            }
        }
    }

    pub fn title(&self) -> String {
        match self {
            Named::Run(run) => run.title(),
            Named::Sweep(store) => sweep_name(store),
        }
    }
}

fn named(store: &Store, run: &RunId) -> Result<NamedRun, ReportError> {
    Ok(NamedRun { entry: store.entry(run)?.clone(), store: store.clone() })
}

pub(super) fn sweep_name(store: &Store) -> String {
    let name = store.layout().folder().file_name();
    name.map_or_else(|| store.record().name.clone(), |name| name.to_string_lossy().into_owned())
}
