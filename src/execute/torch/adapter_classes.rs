//! What the classes of a saved adapter's head are called.

use std::path::{Path, absolute};

use crate::model::configured_names;
use crate::store::{RunRecord, StoreError};

/// The names of an adapter's classes that are said beside it: those that an exported folder has, or those that the run
/// recorded whose adapter it is. None where neither says so many; they may be the model's then.
///
/// # Errors
/// A record of a run that is damaged.
pub fn adapter_class_names(folder: &Path, classes: usize) -> Result<Option<Vec<String>>, StoreError> {
    if let Some(names) = configured_names(folder, classes) {
        return Ok(Some(names));
    }
    // `.` has a folder above it as well.
    let folder = absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let run = folder.parent().map(RunRecord::read).transpose()?.flatten();
    let recorded = run.map(|record| record.facts.targets.names().to_vec());
    Ok(recorded.filter(|names| names.len() == classes))
}
