//! `sweep send`: tells other tools afterwards what stands in results.

use std::path::PathBuf;

use clap::ArgGroup;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::store::{Store, sweep_folders};
use crate::tracking::mlflow::Server;
use crate::tracking::track;
use crate::words::counted;

use super::CliError;
use super::context::Context;
use super::tracking::{Named, trackers};

/// Sends results to an MLflow server, or writes them as TensorBoard's event files.
///
/// Each PATH is a results folder (every sweep in it) or the folder of a sweep. What was sent before is not sent again, so that it
/// can be repeated, and goes on where `sweep run` with the same option could not.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("to").args(["tensorboard", "mlflow"]).multiple(true).required(true),
    after_help = "\
Examples:
  sweep send results/quickstart --mlflow http://127.0.0.1:5000
  sweep send --tensorboard runs/

Exit codes:
  0  everything is there
  1  something could not be sent; the same command goes on
  2  no results there"
)]
pub struct Send {
    /// Results to send.
    #[arg(default_value = "results")]
    path: Vec<PathBuf>,
    /// The folder of TensorBoard's event files.
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
    /// The address of an MLflow server.
    #[arg(long, value_name = "URI")]
    mlflow: Option<Server>,
}

impl Send {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let mut folders = Vec::new();
        for path in &self.path {
            let found = sweep_folders(path)?;
            if found.is_empty() {
                return Err(CliError::NoResults { path: path.clone() });
            }
            folders.extend(found);
        }
        let mut trackers = trackers(self.tensorboard.as_ref(), self.mlflow.as_ref())?;
        for folder in &folders {
            let store = Store::open(folder)?;
            for Named { tracker, .. } in &mut trackers {
                let runs = track(tracker.as_mut(), &store)?;
                print(&format!("{}: {} sent to {}\n", folder.display(), counted(runs, "run"), tracker.name()))?;
            }
        }
        Ok(ExitCode::Success)
    }
}
