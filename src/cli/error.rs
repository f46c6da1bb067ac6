//! Why a verb could not do its work, and the exit code that says so.

use std::process::ExitCode;

use crate::hub::HubError;

/// A verb's failure. What a sweep's runs end with is no failure of the verb.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Hub(#[from] HubError),
    /// Options that contradict each other or what is there.
    #[error("{0}")]
    Input(String),
    #[error("cannot write to standard output: {0}")]
    Output(std::io::Error),
}

impl CliError {
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(2)
    }
}
