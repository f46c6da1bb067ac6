//! `sweep retry`: a run that failed is to be done again.

use std::path::PathBuf;

use crate::exit_code::ExitCode;
use crate::store::{Request, RunState, Store, sweep_folders};

use super::CliError;
use super::asking::{ask, ask_of};
use super::context::Context;

/// Has failed runs done again, and completed ones whose files are damaged: in the sweep that is worked on, or at the next
/// `sweep run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep retry 'rank=8, seed=1'
  sweep retry --failed --results results/ablation

Exit codes:
  0  pending again, or asked for
  1  refused by whoever came to it
  2  no such run, several, or one that has not failed")]
pub struct Retry {
    /// The beginning of a run's id, its label, or its folder.
    runs: Vec<String>,
    /// All runs that failed.
    #[arg(long, conflicts_with = "runs")]
    failed: bool,
    /// Where to look: a results folder, or the folder of a sweep.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

impl Retry {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        if self.failed {
            return ask(self.all_failed()?);
        }
        if self.runs.is_empty() {
            return Err(CliError::NoRunsNamed);
        }
        ask_of(&self.results, &self.runs, |run| Request::Retry { run })
    }

    fn all_failed(&self) -> Result<Vec<(Store, Request)>, CliError> {
        let mut asked = Vec::new();
        for folder in sweep_folders(&self.results)? {
            let store = Store::open(&folder)?;
            let failed = store.runs()?.into_iter().filter(|view| !view.removed && view.state == RunState::Failed);
            asked.extend(failed.map(|view| (store.clone(), Request::Retry { run: view.run.id })));
        }
        Ok(asked)
    }
}
