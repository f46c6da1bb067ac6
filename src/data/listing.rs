//! The files of a folder or a repository, by their names alone.

use std::path::{Path, PathBuf};

use super::DataError;
use super::table::Format;

/// Folders deeper than this hold no split: `configuration/split/file`.
const DEPTH: usize = 3;

/// A file that can be read.
#[derive(Clone, Debug)]
pub(super) struct DataFile {
    /// Relative to the listing's folder.
    pub path: PathBuf,
    /// In small letters.
    pub stem: String,
    pub format: Format,
}

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

    /// Of what lies below `inside` in a repository called `name`.
    pub(super) fn from_names(name: &str, inside: &Path, files: &[String]) -> Self {
        let hidden = |file: &&Path| file.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
        let below = files.iter().filter_map(|file| Path::new(file).strip_prefix(inside).ok());
        let mut files: Vec<PathBuf> = below.filter(|file| !hidden(file)).map(Path::to_owned).collect();
        files.retain(|file| file.components().count() <= DEPTH);
        files.sort();
        Self { folder: below_folder(Path::new(name), inside), files }
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

/// The data files of a folder by format and name; none where there is no such folder.
pub(super) fn data_files(listing: &Listing, folder: &Path) -> Vec<DataFile> {
    let inside = listing.files().iter().filter(|path| path.parent() == Some(folder));
    let mut files: Vec<DataFile> = inside
        .filter_map(|path| {
            let format = Format::from_path(path)?;
            let stem = path.file_stem()?.to_str()?.to_lowercase();
            Some(DataFile { path: path.clone(), stem, format })
        })
        .collect();
    files.sort_by(|a, b| (a.format, &a.path).cmp(&(b.format, &b.path)));
    files
}

/// Those of the most preferred format among them: the same rows may lie there in several.
pub(super) fn preferred(mut files: Vec<DataFile>) -> Vec<DataFile> {
    let best = files.iter().map(|file| file.format).min();
    files.retain(|file| Some(file.format) == best);
    files
}

/// As it is shown in messages, without an empty part at its end.
pub(super) fn below_folder(folder: &Path, inside: &Path) -> PathBuf {
    if inside.as_os_str().is_empty() { folder.to_owned() } else { folder.join(inside) }
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
