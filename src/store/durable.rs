//! Durable or absent: files are replaced whole, and have reached the disk when a call returns.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::replace_file::{self, Durability, TEMPORARY_SUFFIX, discard, rename_into_place, temporary_name};

use super::StoreError;
use super::error::failed_to;

/// Replaces the contents of `path`: temporary file in the same folder, write, fsync, rename, fsync of the folder. After
/// a crash at any moment the file has its old contents or its new ones. The folder must exist.
///
/// # Errors
/// The path and the step that failed; the old contents are intact then, and the temporary file is gone.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), StoreError> {
    write_atomically_with(path, |file| file.write_all(contents))
}

/// [`write_atomically`] for contents too large to hold twice.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_atomically_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), StoreError> {
    let temporary = write_temporary(path, write)?;
    rename_into_place(&temporary, path).map_err(failed_to("write", path))?;
    sync_folder(parent(path))
}

/// Writes and syncs a temporary file beside `path` and returns its name. What is left of one is removed at the next start.
pub(super) fn write_temporary(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<PathBuf, StoreError> {
    replace_file::write_temporary(path, Durability::Durable, write).map_err(failed_to("write", path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes renames and new names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network file systems cannot sync a folder; there the server decides when names are durable.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other.map_err(failed_to("sync", folder)),
    }
}

/// Creates a folder, durably, unless it exists. Its parent must exist: a results folder that was deleted under us must
/// not come back with a hole in it.
pub(super) fn create_folder(folder: &Path) -> Result<(), StoreError> {
    match fs::create_dir(folder) {
        Ok(()) => sync_folder(parent(folder)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(StoreError::io(folder, "create", error)),
    }
}

/// Removes a file, durably, unless it is absent.
pub(super) fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(parent(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io(path, "remove", error)),
    }
}

/// The contents of a file; none where there is no file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path, "read", error)),
    }
}

/// Removes what writers that died left in a folder: temporary files at least this old by the file system's own clock.
/// An age of zero is for folders that only the caller writes.
///
/// # Errors
/// The folder cannot be read or written. An absent folder has no leftovers.
pub fn remove_leftovers(folder: &Path, age: Duration) -> Result<(), StoreError> {
    leftovers(folder, age)?.iter().try_for_each(|path| remove_file(path))
}

/// What [`remove_leftovers`] removes.
pub(super) fn leftovers(folder: &Path, age: Duration) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(folder, "read", error)),
    };
    let mut leftovers: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_temporary(path)).collect();
    if leftovers.is_empty() {
        return Ok(leftovers);
    }
    let now = file_system_time(folder)?;
    leftovers.retain(|path| {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
        modified.is_ok_and(|modified| now.duration_since(modified).unwrap_or_default() >= age)
    });
    Ok(leftovers)
}

fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(TEMPORARY_SUFFIX)
}

/// What the clock of the file system that holds `folder` says, read off a freshly written file: the times of files on
/// a network file system come from its server, whose clock need not agree with ours.
pub(super) fn file_system_time(folder: &Path) -> Result<SystemTime, StoreError> {
    let probe = temporary_name(&folder.join("clock"));
    let time = File::create_new(&probe).and_then(|mut file| {
        file.write_all(b"\n")?;
        file.metadata()?.modified()
    });
    discard(&probe);
    time.map_err(failed_to("write", &probe))
}
