//! Why a launcher did not do what it was asked.

use std::io;
use std::path::PathBuf;

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    #[error("`{setting}`: there is no setting `{key}`{hint}{more}")]
    Unknown { setting: String, key: String, hint: String, more: String },
    #[error("`{setting}`: {key} is set by sweep; {instead}")]
    Ours { setting: String, key: String, instead: &'static str },
    #[error("`{setting}`: {reason}")]
    Value { setting: String, reason: String },
    #[error("`{key}` is missing: {reason}")]
    Missing { key: &'static str, reason: &'static str },
    #[error("{path}: cannot read the list of hosts: {reason}")]
    Hosts { path: PathBuf, reason: String },
}

/// Text that cannot stand in a job script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot stand in a job script: {reason}; use a folder with another name")]
pub struct WordError {
    /// Without what cannot be shown.
    pub(super) text: String,
    pub(super) reason: &'static str,
}

/// Tasks that could not be handed over, or not be asked about.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("{program} was not found: {advice}")]
    Absent { program: &'static str, advice: &'static str },
    #[error("{program} cannot be run: {source}")]
    Run { program: &'static str, source: io::Error },
    #[error("{program} refused: {message}")]
    Refused { program: &'static str, message: String },
    #[error("{program} answered something else than expected: {answer}")]
    Answer { program: &'static str, answer: String },
    #[error(transparent)]
    Word(#[from] WordError),
    #[error("{path}: cannot {what}: {source}")]
    File { path: PathBuf, what: &'static str, source: io::Error },
    /// Machines on which tasks cannot run: a line each.
    #[error("{}", .0.join("\n"))]
    Hosts(Vec<String>),
    #[error("{path}: this folder is not inside {mount}, where the claim is mounted: pods would not find it")]
    NotShared { path: PathBuf, mount: PathBuf },
}

impl LaunchError {
    /// Whether others failed at what they were rightly asked for.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Answer { .. } | Self::File { .. })
    }
}
