//! What was handed over, as whoever runs it has it.

use serde::Serialize;

use crate::cli::CliError;
use crate::launch::{self, Handed, LaunchError, Queue, QueuedTask};
use crate::store::{LaunchRecord, Store};

/// Older jobs are not asked about: every question is a process.
const NEWEST: usize = 5;

/// Something that was handed over, with the states of its tasks.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    launcher: String,
    job: String,
    submitted: String,
    workers: usize,
    /// None where nobody can be asked.
    tasks: Option<Vec<QueuedTask>>,
    error: Option<String>,
}

/// The jobs of a sweep, oldest first.
pub fn jobs(store: &Store) -> Result<Vec<Job>, CliError> {
    let records = store.launches(&launch::names())?.records;
    let newest = records.into_iter().rev().take(NEWEST).rev();
    Ok(newest
        .map(|record| {
            let (tasks, error) = match queue(store, &record) {
                Ok(Queue { tasks, .. }) => (Some(tasks), None),
                Err(error) => (None, Some(error.to_string())),
            };
            Job {
                launcher: record.launcher,
                job: record.job,
                submitted: record.submitted,
                workers: record.workers,
                tasks,
                error,
            }
        })
        .collect())
}

fn queue(store: &Store, record: &LaunchRecord) -> Result<Queue, LaunchError> {
    let folder = store.layout().launches(&record.launcher);
    let handed = Handed { job: &record.job, settings: &record.settings, folder: &folder };
    // Records name launchers that there are: their folders were looked into by name.
    let nothing = Queue { job: record.job.clone(), tasks: Vec::new() };
    launch::launcher(&record.launcher).map_or(Ok(nothing), |launcher| launcher.queue(&handed))
}

/// What people read: a line per job, and one per task in the queue.
pub fn show(jobs: &[Job]) -> String {
    jobs.iter().map(Job::show).collect()
}

impl Job {
    fn show(&self) -> String {
        let head = format!("  {} job {}, submitted {}: ", self.launcher, self.job, self.submitted);
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
                (Some(nodes), _) => match (task.elapsed.as_str(), task.time_limit.as_str()) {
                    ("", _) => format!("on {nodes}"),
                    (elapsed, "") => format!("{elapsed} on {nodes}"),
                    (elapsed, limit) => format!("{elapsed} of {limit} on {nodes}"),
                },
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
        let job = |tasks, error| Job {
            launcher: "slurm".into(),
            job: "12".into(),
            submitted: "2026-01-02T03:04:05Z".into(),
            workers: 3,
            tasks,
            error,
        };
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
