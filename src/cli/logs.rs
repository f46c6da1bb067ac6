//! `sweep logs`: what a run's log says.

use std::path::PathBuf;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::spec::RunId;
use crate::store::{Store, StoreError, find_runs};

use super::CliError;
use super::context::Context;

/// Shows the log of a run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep logs 3f9a                          a run by the beginning of its id
  sweep logs 'epochs=8, seed=1'            by its label
  sweep logs base --results results/quickstart

Exit codes:
  0  the log is shown
  2  no such run, or several")]
pub struct Logs {
    /// The beginning of the run's id, its label, or its folder.
    run: String,
    /// Where to look: a results folder, or the folder of a sweep.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

impl Logs {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let found = find_runs(&self.results, &self.run)?;
        match found.as_slice() {
            [(store, run)] => {
                let lines = lines(store, run)?;
                print(&lines)?;
                Ok(ExitCode::Success)
            }
            [] => Err(CliError::NoRun { results: self.results, run: self.run }),
            several => {
                let line = |(store, run): &(Store, RunId)| {
                    let label = store.entry(run).map(|entry| entry.label.clone()).unwrap_or_default();
                    format!("{run}  {label}  in {}", store.layout().folder().display())
                };
                Err(CliError::SeveralRuns { run: self.run, candidates: several.iter().map(line).collect() })
            }
        }
    }
}

fn lines(store: &Store, run: &RunId) -> Result<String, StoreError> {
    let label = &store.entry(run)?.label;
    let mut text = format!("{label} [{run}], {}\n", store.layout().run(run).folder().display());
    let lines = store.log(run)?;
    if lines.is_empty() {
        text.push_str("nothing was logged yet\n");
    }
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}
