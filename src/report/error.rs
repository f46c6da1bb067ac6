//! Why a report could not be made.

use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

use super::charts::{DrawError, RasterError};

/// A report could not be made. What the results lack is no error: the report says it.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{path}: no results here: give a results folder, the folder of a sweep in it, or the folder of a run")]
    NoResults { path: PathBuf },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: cannot {action}: {source}")]
    Io {
        path: PathBuf,
        /// `write`, `create` ...
        action: &'static str,
        source: io::Error,
    },
    #[error("cannot draw the charts of {sweep}: {source}")]
    Draw { sweep: String, source: DrawError },
    #[error("cannot write {path} as a picture: {source}")]
    Raster { path: PathBuf, source: RasterError },
    #[error("{name}: no such run or configuration: {hint}")]
    Unknown { name: String, hint: String },
    #[error("{a} and {b} cannot be compared: {reason}")]
    Incomparable { a: String, b: String, reason: String },
}
