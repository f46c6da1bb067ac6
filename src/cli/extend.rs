//! `sweep extend`: a run that stopped is to go on.

use std::path::PathBuf;

use crate::exit_code::ExitCode;
use crate::store::Request;

use super::CliError;
use super::asking::ask_of;
use super::context::Context;
use super::numbers;

/// Has runs go on that stopped before their last epoch, without early stopping: in the sweep that is worked on, or at the next
/// `sweep run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep extend 'rank=8, seed=1'
  sweep extend 3f9a --epochs 6

Exit codes:
  0  planned, or asked for
  1  refused by whoever came to it
  2  no such run, several, or one that cannot be extended")]
pub struct Extend {
    /// The beginning of a run's id, its label, or its folder.
    #[arg(required = true)]
    runs: Vec<String>,
    /// The epoch up to which they are trained [default: the last one].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = numbers::epochs)]
    epochs: Option<usize>,
    /// Where to look: a results folder, or the folder of a sweep.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

impl Extend {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        ask_of(&self.results, &self.runs, |run| Request::Extend { run, epochs: self.epochs })
    }
}
