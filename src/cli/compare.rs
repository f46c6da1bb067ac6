//! `sweep compare`: whether two runs or configurations differ.

use std::path::PathBuf;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::report;

use super::CliError;
use super::context::Context;

/// Compares two runs or configurations of a sweep: effect, interval and p-value, paired by seed and by example.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep compare base epochs=6 --results results/quickstart
  sweep compare 'base, seed=42' 'all_layers, seed=42' --results results/quickstart

Exit codes:
  0  compared
  2  no such run or configuration, or the two cannot be compared")]
pub struct Compare {
    /// A run's label, the beginning of its id or its folder, or a configuration's label; SWEEP/NAME looks in one sweep.
    a: String,
    /// What A is compared with.
    b: String,
    /// A results folder, or the folder of a sweep.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

impl Compare {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        print(&report::compare(&self.results, &self.a, &self.b)?)?;
        Ok(ExitCode::Success)
    }
}
