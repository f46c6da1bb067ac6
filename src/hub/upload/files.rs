//! What a folder holds.

use std::fs::File;
use std::io::{Read, Take};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::hub::HubError;
use crate::hub::name::FileName;

/// Bytes of a file's beginning by which the hub tells what it is.
const SAMPLE: u64 = 512;

/// A file that is to be in the repository.
pub(super) struct LocalFile {
    pub path: PathBuf,
    /// In the repository.
    pub name: String,
    pub size: u64,
    pub sample: Vec<u8>,
    /// SHA-256, as hexadecimal digits.
    pub digest: String,
}

/// The files of a folder and those below it, by name.
///
/// # Errors
/// One that cannot be read, or has a name that repositories do not take.
pub(super) fn of_folder(folder: &Path) -> Result<Vec<LocalFile>, HubError> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    let mut files = paths.into_iter().map(|path| read(folder, path)).collect::<Result<Vec<_>, _>>()?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), HubError> {
    let failed = |source| HubError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() { collect(&path, found)? } else { found.push(path) }
    }
    Ok(())
}

fn read(folder: &Path, path: PathBuf) -> Result<LocalFile, HubError> {
    let relative = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
    let name = FileName::parse(&relative).ok_or_else(|| HubError::BadLocalName { path: path.clone() })?;
    let contents = || -> std::io::Result<(u64, Vec<u8>, String)> {
        let mut sample = Vec::new();
        File::open(&path)?.take(SAMPLE).read_to_end(&mut sample)?;
        let mut sum = Sha256::new();
        let size = std::io::copy(&mut File::open(&path)?, &mut sum)?;
        Ok((size, sample, format!("{:x}", sum.finalize())))
    };
    let (size, sample, digest) = contents().map_err(|source| HubError::Read { path: path.clone(), source })?;
    Ok(LocalFile { name: name.as_str().to_owned(), path, size, sample, digest })
}

impl LocalFile {
    pub fn contents(&self) -> Result<Vec<u8>, HubError> {
        std::fs::read(&self.path).map_err(|source| HubError::Read { path: self.path.clone(), source })
    }

    /// A piece of it.
    pub fn part(&self, from: u64, length: u64) -> std::io::Result<Take<File>> {
        use std::io::{Seek, SeekFrom};
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(from))?;
        Ok(file.take(length))
    }
}
