//! Which sweeps and runs the given paths mean.

use std::path::{Path, PathBuf};

use crate::spec::RunId;
use crate::store::{Store, sweep_folders};

use super::ReportError;

/// One thing to report on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The sweep's folder.
    pub(super) folder: PathBuf,
    /// Only this run.
    pub(super) run: Option<RunId>,
}

/// A results folder means all sweeps in it, a sweep's folder that sweep, a run's folder that run. In the order given;
/// nothing twice.
///
/// # Errors
/// [`ReportError::NoResults`] for a path that is none of these.
pub(super) fn targets(paths: &[PathBuf]) -> Result<Vec<Target>, ReportError> {
    let mut targets: Vec<Target> = Vec::new();
    for path in paths {
        for target in of_path(path)? {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    Ok(targets)
}

fn of_path(path: &Path) -> Result<Vec<Target>, ReportError> {
    if is_sweep(path) {
        return Ok(vec![Target { folder: path.to_owned(), run: None }]);
    }
    if let Some(target) = run_of(path) {
        return Ok(vec![target]);
    }
    let folders = if path.is_dir() { sweep_folders(path)? } else { Vec::new() };
    if folders.is_empty() {
        return Err(ReportError::NoResults { path: path.to_owned() });
    }
    Ok(folders.into_iter().map(|folder| Target { folder, run: None }).collect())
}

fn is_sweep(folder: &Path) -> bool {
    folder.join("sweep.json").is_file()
}

/// `<sweep>/runs/<id>`, also through links and from inside.
fn run_of(path: &Path) -> Option<Target> {
    let real = path.canonicalize().ok()?;
    let id = real.file_name()?.to_str()?.to_owned();
    let runs = real.parent()?;
    let sweep = runs.parent()?;
    let fits = runs.file_name()? == "runs" && is_sweep(sweep);
    fits.then(|| Target { folder: sweep.to_owned(), run: Some(RunId(id)) })
}

/// Opens a target's sweep.
pub(super) fn open(target: &Target) -> Result<Store, ReportError> {
    Ok(Store::open(&target.folder)?)
}

/// The folder's name and not the sweep's: a rehearsal has a folder of its own.
pub(super) fn folder_name(target: &Target) -> String {
    let real = target.folder.canonicalize().unwrap_or_else(|_| target.folder.clone());
    real.file_name().map_or_else(|| "sweep".to_string(), |name| name.to_string_lossy().into_owned())
}
