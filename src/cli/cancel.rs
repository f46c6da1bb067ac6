//! `sweep cancel`: takes a sweep's jobs out of the batch system.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::launch;
use crate::store::{Store, sweep_folders};

use super::CliError;

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
    pub fn run(self) -> Result<ExitCode, CliError> {
        let mut jobs = Vec::new();
        for folder in sweep_folders(&self.path)? {
            let launches = Store::open(&folder)?.launches()?;
            launches.notices.iter().for_each(|notice| eprintln!("{notice}"));
            jobs.extend(launches.records.into_iter().map(|record| record.job));
        }
        if jobs.is_empty() {
            return Err(CliError::NoLaunch { path: self.path });
        }
        let mut cancelled = 0;
        for job in jobs {
            if launch::queue(&job)?.is_active() {
                launch::cancel(&job)?;
                super::print(&format!("cancelled Slurm job {job}\n"))?;
                cancelled += 1;
            }
        }
        if cancelled == 0 {
            super::print("no job of it is left in the queue\n")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
