//! What is written about tasks on hosts while they are looked after.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::launch::error::LaunchError;
use crate::launch::queue::{Queue, QueuedTask};
use crate::replace_file::{Durability, replace_file};
use crate::store::{Liveness, Owner};

/// `ssh/<job>/tasks.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TasksRecord {
    /// Who looks after them.
    pub owner: Owner,
    pub tasks: Vec<TaskRecord>,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// `node7`, or `node7_0` where there are several.
    pub name: String,
    pub host: String,
    pub state: TaskState,
}

/// How it stands with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Running,
    /// Nothing was left to do.
    Completed,
    /// It left as it was told to, with everything saved.
    Stopped,
    /// It ended with an error.
    Failed,
    /// The connection or the host died.
    Lost,
}

impl TaskState {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }
}

/// The folder of what was handed over: records of tasks, their logs.
pub fn folder(launches: &Path, job: &str) -> PathBuf {
    launches.join(job)
}

/// The file that tells tasks to leave.
pub fn cancelled(launches: &Path, job: &str) -> PathBuf {
    folder(launches, job).join("cancelled")
}

fn tasks(launches: &Path, job: &str) -> PathBuf {
    folder(launches, job).join("tasks.json")
}

/// Writes how tasks stand.
///
/// # Errors
/// The file cannot be written.
pub fn write(launches: &Path, job: &str, record: &TasksRecord) -> Result<(), LaunchError> {
    let path = tasks(launches, job);
    let json = serde_json::to_vec_pretty(record).map_err(std::io::Error::from);
    let written = json.and_then(|json| replace_file(&path, &json, Durability::Cached));
    written.map_err(|source| LaunchError::File { path, what: "write", source })
}

/// Reads how they stand. Those whose keeper is known to be dead have been left alone: they leave by themselves.
///
/// # Errors
/// The file cannot be read.
pub fn queue(launches: &Path, job: &str) -> Result<Queue, LaunchError> {
    let path = tasks(launches, job);
    let failed = |source| LaunchError::File { path: path.clone(), what: "read", source };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Queue { job: job.to_owned(), tasks: Vec::new() });
        }
        Err(error) => return Err(failed(error)),
    };
    let record: TasksRecord = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
    let alone = record.owner.liveness(&Owner::current()) == Liveness::Dead;
    let task = |task: TaskRecord| QueuedTask {
        task: task.name,
        state: if alone && task.state == TaskState::Running { "left_alone" } else { task.state.name() }.to_owned(),
        elapsed: String::new(),
        time_limit: String::new(),
        nodes: Some(task.host),
        reason: None,
    };
    Ok(Queue { job: job.to_owned(), tasks: record.tasks.into_iter().map(task).collect() })
}

/// Leaves the file that tells tasks to leave.
///
/// # Errors
/// It cannot be written.
pub fn cancel(launches: &Path, job: &str) -> Result<(), LaunchError> {
    let path = cancelled(launches, job);
    let written = replace_file(&path, b"Tasks save their state and leave.\n", Durability::Durable);
    written.map_err(|source| LaunchError::File { path, what: "write", source })
}
