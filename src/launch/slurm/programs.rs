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

/// A job array, and the cluster that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// `12`
    pub id: String,
    /// None: the one that these programs ask where nobody names any.
    pub cluster: Option<String>,
}

impl Job {
    /// As sbatch names it: `12`, or `12;cluster`.
    fn parse(answer: &str) -> Option<Self> {
        let mut parts = answer.trim().splitn(2, ';');
        let id = parts.next().filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))?;
        let plain = |cluster: &str| !cluster.is_empty() && cluster.bytes().all(|byte| byte.is_ascii_graphic());
        let cluster = match parts.next() {
            Some(cluster) if plain(cluster) => Some(cluster.to_owned()),
            Some(_) => return None,
            None => None,
        };
        Some(Self { id: id.to_owned(), cluster })
    }

    /// One of Slurm's programs, which is to ask the cluster of the job: another one may have a job of the same number.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.args(self.cluster.as_ref().map(|cluster| format!("--clusters={cluster}")));
        command
    }
}

/// Submits a script and gives its job.
///
/// # Errors
/// sbatch is not there or refuses.
pub fn submit(script: &Path) -> Result<Job, LaunchError> {
    let answer = ask("sbatch", Command::new("sbatch").arg("--parsable").arg(script))?;
    Job::parse(&answer).ok_or(LaunchError::Answer { program: "sbatch", answer })
}

/// What Slurm knows about the tasks of a job array: the queue, and the accounting where the queue has forgotten it.
///
/// # Errors
/// squeue is not there, or the controller does not answer.
pub fn queue(job: &Job) -> Result<Queue, LaunchError> {
    let mut squeue = job.program("squeue");
    squeue.args(["--noheader", "--array", "--states=all", "--jobs", &job.id, "--format", SQUEUE_FORMAT]);
    let tasks = match ask("squeue", &mut squeue) {
        Ok(answer) => from_squeue(&answer),
        Err(LaunchError::Refused { message, .. }) if message.contains("Invalid job id") => Vec::new(),
        Err(error) => return Err(error),
    };
    if !tasks.is_empty() {
        return Ok(Queue { job: job.id.clone(), tasks });
    }
    let mut sacct = job.program("sacct");
    sacct.args(["--allocations", "--noheader", "--parsable2", "--jobs", &job.id, "--format", SACCT_FORMAT]);
    // Many clusters keep no accounts.
    let tasks = ask("sacct", &mut sacct).map(|answer| from_sacct(&answer)).unwrap_or_default();
    Ok(Queue { job: job.id.clone(), tasks })
}

/// Cancels all tasks of a job array; they save their state.
///
/// # Errors
/// scancel is not there or refuses.
pub fn cancel(job: &Job) -> Result<(), LaunchError> {
    ask("scancel", job.program("scancel").arg(&job.id)).map(drop)
}

fn ask(program: &'static str, command: &mut Command) -> Result<String, LaunchError> {
    ask::ask(program, command, "is this a machine of a Slurm cluster? --launch slurm --dry-run prints the script")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sbatch_answers() {
        let read = |answer| Job::parse(answer).map(|job| (job.id, job.cluster));
        assert_eq!(read("12\n"), Some(("12".into(), None)));
        assert_eq!(read("12;other\n"), Some(("12".into(), Some("other".into()))));
        for odd in ["", "Submitted batch job 12", "12;", "12;two words", ";other"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
