//! What a report consists of on disk.

use std::path::PathBuf;

/// A report that was made.
#[derive(Clone, Debug)]
pub struct Written {
    pub sweep: String,
    pub folder: PathBuf,
    pub files: Vec<PathBuf>,
    /// What the results lack, and what therefore cannot be concluded.
    pub remarks: Vec<String>,
}
