//! Why another tool could not be told.

use std::path::PathBuf;

use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum TrackingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: cannot {action}: {source}")]
    Io { path: PathBuf, action: &'static str, source: std::io::Error },
    #[error("{server}: {reason}")]
    Unreachable { server: String, reason: String },
    #[error(
        "{server} refuses access (status {status}): {message}; set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    )]
    Refused { server: String, status: u16, message: String },
    #[error("{server} answers {path} with status {status}: {message}")]
    Status { server: String, path: String, status: u16, message: String },
    #[error("{server} answers {path} with something else than expected: {reason}")]
    Odd { server: String, path: String, reason: String },
}

impl TrackingError {
    /// For `map_err` on a file operation.
    pub(super) fn io(path: &std::path::Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
