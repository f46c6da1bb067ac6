//! TensorBoard's event files: scalars by epoch and the HParams plug-in.
//!
//! ```text
//! messages   the protocol buffers, as far as they are written here
//! records    how messages stand in a file: length, checksums
//! events     a run -> the bytes of its file
//! folder     which file a run has, and how it is brought up to date
//! ```
//!
//! The bytes of a file follow from the run's files alone. So a file that is there is the beginning of the one that is to be, or
//! is corrected from the first byte that differs, and no step is in it twice.

mod events;
mod folder;
mod messages;
mod records;

use std::path::{Path, PathBuf};

use crate::spec::RunId;
use crate::store::Store;

use super::{Subject, Tracker, TrackingError};

pub use events::event_file;
pub use folder::{FILE_NAME, folder_name};

/// Writes event files below a folder: `<folder>/<sweep>/<run>/`.
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
}

impl TensorBoard {
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: &Path) -> Result<Self, TrackingError> {
        std::fs::create_dir_all(folder).map_err(TrackingError::io(folder, "create"))?;
        Ok(Self { folder: folder.to_owned() })
    }
}

impl Tracker for TensorBoard {
    fn name(&self) -> &'static str {
        "TensorBoard"
    }

    fn update(&mut self, store: &Store, run: &RunId) -> Result<(), TrackingError> {
        let Some(subject) = Subject::read(store, run)? else {
            return Ok(());
        };
        // A rehearsal's folder has a name of its own.
        let sweep = store.layout().folder().file_name().unwrap_or_default();
        folder::bring_up_to_date(&self.folder.join(sweep), &subject, &event_file(&subject))
    }

    fn conclude(&mut self, _: &Store) -> Result<(), TrackingError> {
        Ok(())
    }
}
