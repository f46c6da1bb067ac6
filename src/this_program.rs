//! The program that is running. Sweeps run for hours, and meanwhile its file may be replaced by a newer version, or removed.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What starts this very program once more, whatever has become of its file (proc(5)).
pub const IMAGE: &str = "/proc/self/exe";

/// Where its file is, or was.
///
/// # Errors
/// The system does not say.
pub fn path() -> io::Result<PathBuf> {
    std::env::current_exe().map(|path| without_mark(&path).to_owned())
}

/// The kernel marks the path of a file that is no longer there (proc(5)).
fn without_mark(path: &Path) -> &Path {
    let marked = path.as_os_str().as_bytes().strip_suffix(b" (deleted)").filter(|_| !path.exists());
    marked.map_or(path, |path| Path::new(OsStr::from_bytes(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_removed_file_is_no_part_of_its_path() {
        assert_eq!(without_mark(Path::new("/no/such/sweep (deleted)")), Path::new("/no/such/sweep"));
        assert_eq!(without_mark(Path::new("/no/such/sweep")), Path::new("/no/such/sweep"));
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("sweep (deleted)");
        std::fs::write(&odd, "").unwrap();
        assert_eq!(without_mark(&odd), odd);
    }
}
