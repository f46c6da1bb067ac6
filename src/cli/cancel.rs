//! `sweep cancel`: takes a sweep's jobs out of the batch system.

use std::path::PathBuf;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::launch;
use crate::store::{Store, sweep_folders};

use super::CliError;
use super::context::Context;
use super::streams::tell;

/// Cancels the Slurm jobs that work on sweeps. Tasks save their state first; `sweep run` goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep cancel results/ablation
  sweep cancel results               the jobs of all sweeps there

Exit codes:
  0  no job of these sweeps is left in the queue
  1  Slurm refused
  2  no sweep there was handed to Slurm")]
pub struct Cancel {
    /// The folder of a sweep, or a results folder.
    path: PathBuf,
}

impl Cancel {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let mut jobs = Vec::new();
        for folder in sweep_folders(&self.path)? {
            let launches = Store::open(&folder)?.launches()?;
            launches.notices.iter().for_each(tell);
            jobs.extend(launches.records.into_iter().map(|record| record.job));
        }
        if jobs.is_empty() {
            return Err(CliError::NoLaunch { path: self.path });
        }
        // All of them: what fails with one, or cannot be told, must not leave the others in the queue.
        let mut cancelled = String::new();
        let mut failure = None;
        for job in jobs {
            match cancel(&job) {
                Ok(true) => cancelled.push_str(&format!("cancelled Slurm job {job}\n")),
                Ok(false) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if cancelled.is_empty() && failure.is_none() {
            cancelled.push_str("no job of it is left in the queue\n");
        }
        print(&cancelled)?;
        failure.map_or(Ok(ExitCode::Success), |error| Err(error.into()))
    }
}

/// Whether there was something to cancel.
fn cancel(job: &str) -> Result<bool, launch::LaunchError> {
    let active = launch::queue(job)?.is_active();
    if active {
        launch::cancel(job)?;
    }
    Ok(active)
}
