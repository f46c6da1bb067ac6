//! `sweep add-seeds`: every configuration is to have more seeds.

use std::path::PathBuf;

use crate::exit_code::ExitCode;
use crate::store::{Request, Store, sweep_folders};

use super::CliError;
use super::asking::ask;
use super::context::Context;

/// Adds seeds to every configuration of a sweep, beside those of its file, for good.
///
/// `sweep run` plans them: one that works on the sweep now when it has trained what is planned, else the next one. Seeds that
/// are added after results could be compared decide nothing: verdicts rest on those planned before.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep add-seeds results/ablation 4 5

Exit codes:
  0  asked for
  2  no sweep there, a search, or seeds that are there already")]
pub struct AddSeeds {
    /// The folder of a sweep.
    path: PathBuf,
    /// The seeds.
    #[arg(required = true)]
    seeds: Vec<u64>,
}

impl AddSeeds {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let folders = sweep_folders(&self.path)?;
        match folders.as_slice() {
            [folder] => ask(vec![(Store::open(folder)?, Request::AddSeeds { seeds: self.seeds })]),
            [] => Err(CliError::NoResults { path: self.path }),
            _ => Err(CliError::SeveralSweeps { path: self.path }),
        }
    }
}
