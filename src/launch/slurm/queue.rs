//! What Slurm says about submitted tasks.

use crate::launch::queue::QueuedTask;

/// The format given to squeue for [`from_squeue`]: task, state, time, limit, nodes, reason.
pub const SQUEUE_FORMAT: &str = "%i|%T|%M|%l|%N|%r";
/// The format given to sacct for [`from_sacct`].
pub const SACCT_FORMAT: &str = "JobID,State,Elapsed,Timelimit,NodeList";

pub fn from_squeue(text: &str) -> Vec<QueuedTask> {
    text.lines().filter_map(|line| task(line.split('|'))).collect()
}

pub fn from_sacct(text: &str) -> Vec<QueuedTask> {
    text.lines().filter_map(|line| task(line.split('|').chain([""]))).collect()
}

fn task<'a>(fields: impl Iterator<Item = &'a str>) -> Option<QueuedTask> {
    let fields: Vec<&str> = fields.map(str::trim).collect();
    let [task, state, elapsed, time_limit, nodes, reason] = fields[..] else {
        return None;
    };
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && text != "None");
    Some(QueuedTask {
        task: task.to_owned(),
        // `CANCELLED by 1000`
        state: state.split(' ').next()?.to_lowercase(),
        elapsed: elapsed.to_owned(),
        time_limit: time_limit.to_owned(),
        nodes: said(nodes).filter(|nodes| nodes != "None assigned"),
        reason: said(reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::Queue;

    #[test]
    fn what_squeue_says() {
        let text = "12_0|RUNNING|3:20|4:00:00|node7|None\n12_[1-3]|PENDING|0:00|4:00:00||Resources\n";
        let tasks = from_squeue(text);
        assert_eq!(tasks.len(), 2);
        assert_eq!(
            (tasks[0].state.as_str(), tasks[0].nodes.as_deref(), &tasks[0].reason),
            ("running", Some("node7"), &None)
        );
        assert_eq!(
            (tasks[1].task.as_str(), &tasks[1].nodes, tasks[1].reason.as_deref()),
            ("12_[1-3]", &None, Some("Resources"))
        );
        assert!(Queue { job: "12".into(), tasks }.is_active());
    }

    #[test]
    fn what_sacct_says() {
        let tasks =
            from_sacct("12_0|COMPLETED|00:03:20|04:00:00|node7\n12_1|CANCELLED by 0|00:00:00|04:00:00|None assigned\n");
        assert_eq!(
            (tasks[0].state.as_str(), tasks[1].state.as_str(), &tasks[1].nodes),
            ("completed", "cancelled", &None)
        );
        assert!(!Queue { job: "12".into(), tasks }.is_active());
        assert_eq!(from_sacct("slurm accounting storage is disabled\n"), []);
    }
}
