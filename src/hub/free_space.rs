//! Whether the disk of a download has enough free space.

use std::path::Path;

use super::HubError;

/// Kept free: other things are written meanwhile.
const SPARE: u64 = 16 << 20;

/// Whether so many bytes fit into a folder. Where the system does not tell, the writing of the file does.
///
/// # Errors
/// Too little free space.
pub(super) fn check(folder: &Path, needed: u64) -> Result<(), HubError> {
    let Ok(disk) = rustix::fs::statvfs(folder) else {
        return Ok(());
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if needed == 0 || needed.saturating_add(SPARE) <= free {
        return Ok(());
    }
    Err(HubError::DiskFull { path: folder.to_path_buf(), needed, free })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h3_a_disk_without_space_is_told_before() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path(), 1).unwrap();
        let error = check(folder.path(), u64::MAX).unwrap_err().to_string();
        assert!(error.contains("room for") && error.contains("HF_HOME"), "{error}");
    }
}
