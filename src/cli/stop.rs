//! `sweep stop`: a run is to go no further.

use std::path::PathBuf;

use crate::exit_code::ExitCode;
use crate::store::Request;

use super::CliError;
use super::asking::ask_of;
use super::context::Context;

/// Stops runs, while the others go on: what they have is kept, and `sweep extend` has them go on.
///
/// Whoever trains a run sees the request within seconds, on this machine or another one that shares the folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep stop 'learning_rate=0.1, seed=1'
  sweep stop 3f9a 8c12 --results results/ablation

Exit codes:
  0  asked for, or done already
  2  no such run, several, or one that has ended")]
pub struct Stop {
    /// The beginning of a run's id, its label, or its folder.
    #[arg(required = true)]
    runs: Vec<String>,
    /// Where to look: a results folder, or the folder of a sweep.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

impl Stop {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        ask_of(&self.results, &self.runs, |run| Request::Stop { run })
    }
}
