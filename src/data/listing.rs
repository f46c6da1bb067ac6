//! The files of a folder or a repository, by their names alone.

use std::path::{Path, PathBuf};

use super::DataError;

/// Folders deeper than this hold no split: `configuration/split/file`.
const DEPTH: usize = 3;

/// Files below a folder, hidden things left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    folder: PathBuf,
    /// Relative to the folder, sorted.
    files: Vec<PathBuf>,
}

impl Listing {
    /// # Errors
    /// A folder that cannot be listed.
    pub(super) fn read_folder(folder: &Path) -> Result<Self, DataError> {
        let mut files = Vec::new();
        collect(folder, Path::new(""), &mut files)?;
        files.sort();
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// Of a repository called `name`.
    pub(super) fn from_names(name: &str, files: &[String]) -> Self {
        let hidden = |file: &&String| file.split('/').any(|part| part.starts_with('.'));
        let mut files: Vec<PathBuf> = files.iter().filter(|file| !hidden(file)).map(PathBuf::from).collect();
        files.retain(|file| file.components().count() <= DEPTH);
        files.sort();
        Self { folder: name.into(), files }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The folders directly inside that hold files, at any depth.
    pub(super) fn subfolders(&self) -> Vec<PathBuf> {
        let first = |file: &PathBuf| {
            let mut parts = file.components();
            let first = parts.next().map(|part| PathBuf::from(part.as_os_str()));
            parts.next().and(first)
        };
        let mut folders: Vec<PathBuf> = self.files.iter().filter_map(first).collect();
        folders.dedup();
        folders
    }
}

fn collect(root: &Path, inside: &Path, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    let folder = root.join(inside);
    for entry in std::fs::read_dir(&folder).map_err(DataError::io(&folder, "list"))? {
        let entry = entry.map_err(DataError::io(&folder, "list"))?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let (path, relative) = (entry.path(), inside.join(entry.file_name()));
        if path.is_file() {
            files.push(relative);
        } else if path.is_dir() && relative.components().count() < DEPTH {
            collect(root, &relative, files)?;
        }
    }
    Ok(())
}
