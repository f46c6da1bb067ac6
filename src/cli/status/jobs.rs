//! The jobs that were handed to Slurm, as its queue has them.

use serde::Serialize;

use crate::cli::CliError;
use crate::launch::{self, Queue, QueuedTask};
use crate::store::Store;

/// Older jobs are not asked about: every question is a process.
const NEWEST: usize = 5;

/// A job array with the states of its tasks.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    job: String,
    submitted: String,
    workers: usize,
    /// None where Slurm cannot be asked.
    tasks: Option<Vec<QueuedTask>>,
    error: Option<String>,
}

/// The jobs of a sweep, oldest first.
pub fn jobs(store: &Store) -> Result<Vec<Job>, CliError> {
    let records = store.launches()?.records;
    let newest = records.into_iter().rev().take(NEWEST).rev();
    Ok(newest
        .map(|record| {
            let (tasks, error) = match launch::queue(&record.job) {
                Ok(Queue { tasks, .. }) => (Some(tasks), None),
                Err(error) => (None, Some(error.to_string())),
            };
            Job { job: record.job, submitted: record.submitted, workers: record.workers, tasks, error }
        })
        .collect())
}

/// What people read: a line per job, and one per task in the queue.
pub fn show(jobs: &[Job]) -> String {
    jobs.iter().map(Job::show).collect()
}

impl Job {
    fn show(&self) -> String {
        let head = format!("  slurm job {}, submitted {}: ", self.job, self.submitted);
        let tasks = match (&self.tasks, &self.error) {
            (_, Some(error)) => return format!("{head}{error}\n"),
            (None, None) => return format!("{head}unknown\n"),
            (Some(tasks), None) if tasks.is_empty() => return format!("{head}no longer in the queue\n"),
            (Some(tasks), None) => tasks,
        };
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for task in tasks {
            match counts.iter_mut().find(|(state, _)| *state == task.state) {
                Some((_, count)) => *count += 1,
                None => counts.push((&task.state, 1)),
            }
        }
        let counts: Vec<String> = counts.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
        let active = tasks.iter().filter(|task| task.is_active());
        let lines = active.map(|task| {
            let particulars = match (&task.nodes, &task.reason) {
                (Some(nodes), _) => format!("{} of {} on {nodes}", task.elapsed, task.time_limit),
                (None, Some(reason)) => format!("({reason})"),
                (None, None) => String::new(),
            };
            format!("    {}  {}  {particulars}\n", task.task, task.state)
        });
        format!("{head}{}\n{}", counts.join(", "), lines.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_as_people_read_them() {
        let task = |task: &str, state: &str, nodes: Option<&str>, reason: Option<&str>| QueuedTask {
            task: task.into(),
            state: state.into(),
            elapsed: "3:20".into(),
            time_limit: "4:00:00".into(),
            nodes: nodes.map(str::to_owned),
            reason: reason.map(str::to_owned),
        };
        let job =
            |tasks, error| Job { job: "12".into(), submitted: "2026-01-02T03:04:05Z".into(), workers: 3, tasks, error };
        let tasks = vec![
            task("12_0", "running", Some("node7"), None),
            task("12_1", "completed", Some("node8"), None),
            task("12_2", "pending", None, Some("Resources")),
        ];
        let jobs =
            [job(Some(tasks), None), job(Some(Vec::new()), None), job(None, Some("squeue was not found".into()))];
        insta::assert_snapshot!(show(&jobs), @r"
  slurm job 12, submitted 2026-01-02T03:04:05Z: 1 running, 1 completed, 1 pending
    12_0  running  3:20 of 4:00:00 on node7
    12_2  pending  (Resources)
  slurm job 12, submitted 2026-01-02T03:04:05Z: no longer in the queue
  slurm job 12, submitted 2026-01-02T03:04:05Z: squeue was not found
");
    }
}
