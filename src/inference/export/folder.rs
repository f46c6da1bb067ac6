//! A folder that appears when it is complete.

use std::fs;
use std::path::{Path, PathBuf};

use crate::inference::{ClassifierSource, InferenceError, tokenizer_files};
use crate::store::write_atomically;

/// A folder that is being written; it is removed when it is dropped before it came into its place.
pub(super) struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // Once it is in its place nothing is left to remove.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Beside {
    /// A new folder in the same parent, which is made where it is missing.
    pub(super) fn of(folder: &Path) -> Result<Self, InferenceError> {
        let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if folder.exists() && !empty {
            return Err(InferenceError::Exists { path: folder.to_path_buf() });
        }
        let path = std::path::absolute(folder).map_err(InferenceError::io(folder, "create"))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        fs::create_dir_all(&beside).map_err(InferenceError::io(&beside, "create"))?;
        Ok(Beside(beside))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<(), InferenceError> {
        Ok(write_atomically(&self.path(name), contents)?)
    }

    pub(super) fn write_card(&self, card: Option<&str>) -> Result<(), InferenceError> {
        card.map_or(Ok(()), |card| self.write("README.md", card.as_bytes()))
    }

    pub(super) fn write_tokenizer(&self, source: &ClassifierSource) -> Result<(), InferenceError> {
        let files = tokenizer_files::read(&source.model, source.max_length)?;
        files.into_iter().try_for_each(|(name, contents)| self.write(name, &contents))
    }

    /// Those of these files that are there.
    pub(super) fn copy(&self, from: &Path, names: &[&str]) -> Result<(), InferenceError> {
        for name in names {
            let file = from.join(name);
            if file.is_file() {
                let contents = fs::read(&file).map_err(InferenceError::io(&file, "read"))?;
                self.write(name, &contents)?;
            }
        }
        Ok(())
    }

    pub(super) fn into_place(self, folder: &Path) -> Result<(), InferenceError> {
        fs::rename(&self.0, folder).map_err(InferenceError::io(folder, "write"))
    }
}
