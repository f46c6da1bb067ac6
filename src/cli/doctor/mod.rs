//! `sweep doctor`: what this machine has, and what is missing with the command that mends it.

mod checks;
mod finding;

use super::CliError;
use super::context::Context;
use crate::cli::streams::print;
use crate::exit_code::ExitCode;

use finding::{Finding, render};

/// Says what was found on this machine and what is missing, with the command that mends it.
///
/// Checks libtorch and its devices, processor, memory, the cache folders, the model and corpus of the quickstart, Slurm.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0  everything needed is there
  1  something needed is missing")]
pub struct Doctor {}

impl Doctor {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let findings = checks::all();
        print(&render(&findings))?;
        Ok(ExitCode::success_if(!findings.iter().any(Finding::is_missing)))
    }
}
