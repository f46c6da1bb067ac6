//! Why a batch system did not do what it was asked.

use std::io;

/// A `--slurm` setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    #[error("`{setting}`: there is no setting `{key}`{hint}; any other option of sbatch: line=--{key}=...")]
    Unknown { setting: String, key: String, hint: String },
    #[error("`{setting}`: {key} is set by sweep; {instead}")]
    Ours { setting: String, key: String, instead: &'static str },
    #[error("`{setting}`: {reason}")]
    Value { setting: String, reason: &'static str },
}

/// Text that cannot stand in a job script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot stand in a job script of Slurm: {reason}; use a folder with another name")]
pub struct WordError {
    /// Without what cannot be shown.
    pub(super) text: String,
    pub(super) reason: &'static str,
}

/// A program of the batch system that could not be run, or refused.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error(
        "{program} was not found: is this a machine of a Slurm cluster? --launch slurm --dry-run prints the script"
    )]
    Absent { program: &'static str },
    #[error("{program} cannot be run: {source}")]
    Run { program: &'static str, source: io::Error },
    #[error("{program} refused: {message}")]
    Refused { program: &'static str, message: String },
    #[error("{program} answered something else than expected: {answer}")]
    Answer { program: &'static str, answer: String },
}
