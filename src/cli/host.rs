//! `sweep host`: what a host that is reached by `ssh` says of itself. Not for people.

use std::path::PathBuf;

use crate::execute::cuda_devices;
use crate::exit_code::ExitCode;
use crate::launch::Seen;

use super::context::Context;
use super::streams::print;
use super::{CliError, machine};

/// Says what this machine has, as a line of JSON.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Host {
    /// A file that is there where the folder is shared.
    #[arg(long)]
    sees: PathBuf,
}

impl Host {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let gpus = cuda_devices();
        let seen = Seen {
            sweep: env!("CARGO_PKG_VERSION").to_owned(),
            shared: self.sees.exists(),
            gpus,
            memory: machine::nvidia().iter().map(|device| device.total).min().filter(|_| gpus > 0),
        };
        // Numbers and texts always have a form.
        let line = serde_json::to_string(&seen).map_err(|error| CliError::Output(error.into()))?;
        print(&format!("{line}\n"))?;
        Ok(ExitCode::Success)
    }
}
