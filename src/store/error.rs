//! What can go wrong with a results folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::spec::RunId;
use crate::train::RecordError;

use super::executor_kind::ExecutorKind;

/// An operation on a results folder that could not be done. Whatever was recorded before is intact.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: cannot {action}: {source}")]
    Io {
        path: PathBuf,
        /// `write`, `read`, `create` ...
        action: &'static str,
        source: io::Error,
    },
    #[error("{path}: damaged: {reason}")]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "{path}: has format version {found}, this program reads version {supported}: use the version of sweep that wrote it"
    )]
    Version { path: PathBuf, found: u64, supported: u32 },
    #[error("{path}: in use by {holder}: wait until it is done, or stop it")]
    InUse { path: PathBuf, holder: String },
    #[error("{path}: taken over by {holder}")]
    ClaimLost { path: PathBuf, holder: String },
    #[error(
        "`{name}` cannot name a results folder: use letters, digits, `-`, `_` and `.`, beginning with a letter or a digit, at most 200 bytes"
    )]
    Name { name: String },
    #[error("{path}: no results of a sweep here (there is no sweep.json)")]
    NotASweep { path: PathBuf },
    #[error("{path}: holds {}, and this is {}: use another results folder or another name", kind(*.found), kind(!*.found))]
    Rehearsal { path: PathBuf, found: bool },
    #[error("{path}: holds {found}, and this would add {given}: use another results folder or another name")]
    Executor { path: PathBuf, found: ExecutorKind, given: ExecutorKind },
    #[error("{path}: the sweep has no run `{run}`")]
    NoSuchRun { path: PathBuf, run: RunId },
    #[error("{path}: the runs cannot be planned like this: {reason}")]
    Plan { path: PathBuf, reason: String },
}

fn kind(rehearsal: bool) -> &'static str {
    if rehearsal { "a rehearsal" } else { "a sweep proper" }
}

impl StoreError {
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, source: advise(source) }
    }

    pub(crate) fn damaged(path: &Path, reason: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// For `map_err`: the error of doing `action` on `path`.
pub(crate) fn failed_to<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |source| StoreError::io(path, action, source)
}

/// Adds what a person can do about an error, where that is known.
fn advise(source: io::Error) -> io::Error {
    use io::ErrorKind as Kind;
    let advice = match source.kind() {
        Kind::StorageFull => "free some space and run the same command again",
        Kind::QuotaExceeded => "free some of your quota and run the same command again",
        Kind::FileTooLarge => "raise the limit on file sizes (`ulimit -f`) and run the same command again",
        Kind::ReadOnlyFilesystem | Kind::PermissionDenied => "choose a results folder that you can write to",
        Kind::NotFound => "was the results folder moved or deleted?",
        _ => return source,
    };
    io::Error::new(source.kind(), format!("{source} ({advice})"))
}

impl From<StoreError> for RecordError {
    fn from(error: StoreError) -> Self {
        let (path, action, source) = match error {
            StoreError::Io { path, action, source } => (path, action, source),
            StoreError::Damaged { path, reason } => (path, "read", io::Error::new(io::ErrorKind::InvalidData, reason)),
            StoreError::ClaimLost { path, holder } => {
                (path, "go on", io::Error::other(format!("taken over by {holder}")))
            }
            StoreError::Version { ref path, .. }
            | StoreError::InUse { ref path, .. }
            | StoreError::NotASweep { ref path }
            | StoreError::Rehearsal { ref path, .. }
            | StoreError::Executor { ref path, .. }
            | StoreError::NoSuchRun { ref path, .. }
            | StoreError::Plan { ref path, .. } => (path.clone(), "use", io::Error::other(error.to_string())),
            StoreError::Name { ref name } => (PathBuf::from(name), "use", io::Error::other(error.to_string())),
        };
        RecordError { path, action, source }
    }
}
