//! Why a report could not be made.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::store::StoreError;
use crate::words::counted;

use super::charts::{DrawError, RasterError};

/// Everything that a name can mean.
#[derive(Debug)]
pub struct Candidates(pub(super) Vec<String>);

impl fmt::Display for Candidates {
    /// `a`, `a or b`, `a, b or c`; of many the first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 5;
        let shown = &self.0[..self.0.len().min(MOST)];
        match shown {
            [] => Ok(()),
            [one] => f.write_str(one),
            _ if self.0.len() > MOST => write!(f, "{} and {} more", shown.join(", "), self.0.len() - MOST),
            [first @ .., last] => write!(f, "{} or {last}", first.join(", ")),
        }
    }
}

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
    #[error("{name}: this is the name of {}: {found}; write SWEEP/NAME or an id", counted(found.0.len(), "thing"))]
    Ambiguous { name: String, found: Candidates },
    #[error("{a} and {b} cannot be compared: {reason}")]
    Incomparable { a: String, b: String, reason: String },
}
