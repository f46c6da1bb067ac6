//! `sweep worker`: what the processes that `sweep run` starts do. Not for people.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::execute::{
    JsonLines, Stop, WhenBusy, WorkerOptions, WorkerProcess, stop_on_signals, worker_exit_code, worker_main,
};
use crate::exit_code::ExitCode;
use crate::launch::task_name;
use crate::spec::RunId;
use crate::store::{ClaimOptions, Store};

use super::CliError;
use super::context::Context;
use super::numbers;
use super::streams::tell;
use super::versions::versions;

/// Works on a sweep's packs; its events are lines of JSON on standard output.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Worker {
    /// The folder of the sweep.
    #[arg(long)]
    results: PathBuf,
    #[arg(long)]
    device: String,
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::threads)]
    threads: Option<usize>,
    /// Leave when standard input ends.
    #[arg(long)]
    supervised: bool,
    /// Seconds.
    #[arg(long, default_value_t = 300.0, allow_negative_numbers = true, value_parser = numbers::seconds)]
    checkpoint_every: f64,
    #[arg(long, default_value_t = 2, allow_negative_numbers = true)]
    attempts: usize,
    #[arg(long)]
    leave_when_busy: bool,
    #[arg(long)]
    fail_fast: bool,
    /// Only these runs.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
}

impl Worker {
    pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
        let stop = Stop::default();
        stop_on_signals(&stop).map_err(CliError::Signals)?;
        let only: BTreeSet<RunId> = self.only.iter().cloned().map(RunId).collect();
        let usual = ClaimOptions::default();
        let worker = task_name().unwrap_or(usual.worker.clone());
        let claims = ClaimOptions { worker, device: Some(self.device.clone()), ..usual };
        let store = Store::open_with(&self.results, claims.clone())?;
        let mut executor = context.executors.open(&self.device, self.threads, &store)?;
        let process = WorkerProcess {
            folder: self.results.clone(),
            claims,
            supervised: self.supervised,
            options: WorkerOptions {
                versions: versions(&self.device, self.threads),
                checkpoint_every: Duration::from_secs_f64(self.checkpoint_every),
                attempts: self.attempts,
                fail_fast: self.fail_fast,
                only: Some(only).filter(|only| !only.is_empty()),
                when_busy: if self.leave_when_busy { WhenBusy::Leave } else { WhenBusy::Wait },
            },
        };
        let mut sink = JsonLines::new(std::io::stdout());
        let end = worker_main(&process, executor.as_mut(), &mut sink, &stop);
        if let Err(error) = &end {
            tell(error);
        }
        Ok(worker_exit_code(&end, &stop))
    }
}
