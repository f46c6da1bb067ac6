//! `sweep cancel`: ends what was handed over.

use std::path::{Path, PathBuf};

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::launch::{self, Handed, LaunchError, Launcher};
use crate::store::{LaunchRecord, Store, sweep_folders};

use super::CliError;
use super::context::Context;
use super::streams::tell;

/// Cancels what was handed to Slurm, to hosts or to Kubernetes to work on sweeps. Tasks save their state first; `sweep run` goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep cancel results/ablation
  sweep cancel results               the jobs of all sweeps there

Exit codes:
  0  no job of these sweeps is left in the queue
  1  whoever runs the tasks refused
  2  no sweep there was handed over")]
pub struct Cancel {
    /// The folder of a sweep, or a results folder.
    path: PathBuf,
}

impl Cancel {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let mut jobs = Vec::new();
        for folder in sweep_folders(&self.path)? {
            let store = Store::open(&folder)?;
            let launches = store.launches(&launch::names())?;
            launches.notices.iter().for_each(tell);
            jobs.extend(launches.records.into_iter().map(|record| (store.layout().launches(&record.launcher), record)));
        }
        if jobs.is_empty() {
            return Err(CliError::NoLaunch { path: self.path });
        }
        // All of them: what fails with one, or cannot be told, must not leave the others in the queue.
        let mut cancelled = String::new();
        let mut failure = None;
        for (folder, record) in &jobs {
            let Some(launcher) = launch::launcher(&record.launcher) else { continue };
            match cancel(launcher, record, folder) {
                Ok(true) => cancelled.push_str(&format!("cancelled {} job {}\n", launcher.title(), record.job)),
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
fn cancel(launcher: &dyn Launcher, record: &LaunchRecord, folder: &Path) -> Result<bool, LaunchError> {
    let handed = Handed { job: &record.job, settings: &record.settings, folder };
    let active = launcher.queue(&handed)?.is_active();
    if active {
        launcher.cancel(&handed)?;
    }
    Ok(active)
}
