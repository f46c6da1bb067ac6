//! What is known about tasks that were handed over.

use serde::Serialize;

/// A task as whoever runs it sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueuedTask {
    /// `12_0`; several that wait together are one line: `12_[1-3]`.
    pub task: String,
    /// In lower case: `pending`, `running`, `completed`, `cancelled`, `timeout` ...
    pub state: String,
    /// How long it runs or ran, as Slurm writes times (`3:20`); empty where nobody tells.
    pub elapsed: String,
    /// Empty where there is none.
    pub time_limit: String,
    pub nodes: Option<String>,
    /// Why it waits.
    pub reason: Option<String>,
}

/// States of tasks that are over (Slurm's: squeue(1), "JOB STATE CODES"; those of `ssh` besides).
const OVER: [&str; 12] = [
    "boot_fail",
    "cancelled",
    "completed",
    "deadline",
    "failed",
    "left_alone",
    "lost",
    "node_fail",
    "out_of_memory",
    "preempted",
    "stopped",
    "timeout",
];

impl QueuedTask {
    /// Whether it is in the queue or at work.
    pub fn is_active(&self) -> bool {
        !OVER.contains(&self.state.as_str())
    }
}

/// The tasks that were handed over at once. Empty where nobody knows of them any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Queue {
    pub job: String,
    pub tasks: Vec<QueuedTask>,
}

impl Queue {
    /// Whether a task of it is in the queue or at work.
    pub fn is_active(&self) -> bool {
        self.tasks.iter().any(QueuedTask::is_active)
    }
}
