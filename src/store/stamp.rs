//! Tells one version of a file from another without reading it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use super::StoreError;
use super::error::failed_to;

/// A version of a file that is replaced whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: SystemTime,
    length: u64,
    inode: u64,
}

impl Stamp {
    /// To be taken before the file is read: what is replaced meanwhile is read again at the next look.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        let read = |metadata: fs::Metadata| {
            Ok(Stamp { modified: metadata.modified()?, length: metadata.len(), inode: metadata.ino() })
        };
        fs::metadata(path).and_then(read).map_err(failed_to("read", path))
    }
}
