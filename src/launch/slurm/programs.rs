//! Slurm's programs.

use std::path::Path;
use std::process::Command;

use super::queue::{SACCT_FORMAT, SQUEUE_FORMAT, from_sacct, from_squeue};
use crate::launch::ask;
use crate::launch::error::LaunchError;
use crate::launch::queue::Queue;

/// The task of a job array that this process runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmTask {
    /// `12_0`
    name: String,
}

impl SlurmTask {
    /// As the environment says; none outside of a job array.
    pub fn current() -> Option<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (job, task) = (variable("SLURM_ARRAY_JOB_ID")?, variable("SLURM_ARRAY_TASK_ID")?);
        Some(Self { name: format!("{job}_{task}") })
    }

    /// Puts the task back into the queue. Slurm ends what still runs of it.
    ///
    /// # Errors
    /// scontrol is not there or refuses.
    pub fn requeue(&self) -> Result<(), LaunchError> {
        // By its place in the array: the job id of one task is that of the whole array as well.
        ask("scontrol", Command::new("scontrol").args(["requeue", &self.name])).map(drop)
    }
}

impl std::fmt::Display for SlurmTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// Submits a script and gives the id of its job.
///
/// # Errors
/// sbatch is not there or refuses.
pub fn submit(script: &Path) -> Result<String, LaunchError> {
    let answer = ask("sbatch", Command::new("sbatch").arg("--parsable").arg(script))?;
    // `12`, or `12;cluster`
    let job = answer.trim().split(';').next().unwrap_or_default();
    if job.is_empty() || !job.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LaunchError::Answer { program: "sbatch", answer });
    }
    Ok(job.to_owned())
}

/// What Slurm knows about the tasks of a job array: the queue, and the accounting where the queue has forgotten it.
///
/// # Errors
/// squeue is not there, or the controller does not answer.
pub fn queue(job: &str) -> Result<Queue, LaunchError> {
    let mut squeue = Command::new("squeue");
    squeue.args(["--noheader", "--array", "--states=all", "--jobs", job, "--format", SQUEUE_FORMAT]);
    let tasks = match ask("squeue", &mut squeue) {
        Ok(answer) => from_squeue(&answer),
        Err(LaunchError::Refused { message, .. }) if message.contains("Invalid job id") => Vec::new(),
        Err(error) => return Err(error),
    };
    if !tasks.is_empty() {
        return Ok(Queue { job: job.to_owned(), tasks });
    }
    let mut sacct = Command::new("sacct");
    sacct.args(["--allocations", "--noheader", "--parsable2", "--jobs", job, "--format", SACCT_FORMAT]);
    // Many clusters keep no accounts.
    let tasks = ask("sacct", &mut sacct).map(|answer| from_sacct(&answer)).unwrap_or_default();
    Ok(Queue { job: job.to_owned(), tasks })
}

/// Cancels all tasks of a job array; they save their state.
///
/// # Errors
/// scancel is not there or refuses.
pub fn cancel(job: &str) -> Result<(), LaunchError> {
    ask("scancel", Command::new("scancel").arg(job)).map(drop)
}

fn ask(program: &'static str, command: &mut Command) -> Result<String, LaunchError> {
    ask::ask(program, command, "is this a machine of a Slurm cluster? --launch slurm --dry-run prints the script")
}
