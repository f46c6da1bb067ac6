//! Replacing files whole: written beside under a name of their own, then renamed. A reader sees the old contents or the new ones.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What names of files that are being written end in; they begin with a dot.
pub const TEMPORARY_SUFFIX: &str = ".tmp";

/// Whether a replaced file has reached the disk when the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After a crash of the machine at any moment the file has its old contents or its new ones.
    Durable,
    /// The file can be made again, so nothing waits for the disk.
    Cached,
}

/// Replaces the contents of `path`, whose folder must exist.
///
/// # Errors
/// The old contents are intact then, and what was written is gone.
pub fn replace_file(path: &Path, contents: &[u8], durability: Durability) -> io::Result<()> {
    let temporary = write_temporary(path, durability, |file| file.write_all(contents))?;
    rename_into_place(&temporary, path)
}

/// Gives a temporary file its name, or removes it.
///
/// # Errors
/// The file that was there is intact then.
pub fn rename_into_place(temporary: &Path, path: &Path) -> io::Result<()> {
    fs::rename(temporary, path).inspect_err(|_| discard(temporary))
}

/// Writes a temporary file beside `path` and returns its name.
///
/// # Errors
/// The temporary file is gone then.
pub fn write_temporary(
    path: &Path,
    durability: Durability,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let temporary = temporary_name(path);
    let written = OpenOptions::new().write(true).create_new(true).open(&temporary).and_then(|file| {
        let mut file = BufWriter::with_capacity(1 << 16, file);
        write(&mut file)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        match durability {
            Durability::Durable => file.sync_all(),
            Durability::Cached => Ok(()),
        }
    });
    match written {
        Ok(()) => Ok(temporary),
        Err(error) => {
            discard(&temporary);
            Err(error)
        }
    }
}

/// Removes a temporary file. That this fails must not hide the error which made it necessary.
pub fn discard(temporary: &Path) {
    fs::remove_file(temporary).ok();
}

/// A name beside `path` that nobody else uses.
pub fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}{TEMPORARY_SUFFIX}", unique_token()))
}

/// 16 hexadecimal digits that no other call returns, in this process or another.
pub fn unique_token() -> String {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (contents, durability) in [("one", Durability::Durable), ("two", Durability::Cached)] {
            replace_file(&path, contents.as_bytes(), durability).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
        }
        // A folder is in the way.
        let taken = folder.path().join("b");
        fs::create_dir(&taken).unwrap();
        assert!(replace_file(&taken, b"x", Durability::Cached).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
