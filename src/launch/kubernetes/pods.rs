//! What Kubernetes says about a Job and its pods.

use std::time::SystemTime;

use serde::Deserialize;

use crate::launch::queue::QueuedTask;

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
    deletion_timestamp: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    node_name: Option<String>,
    completions: Option<usize>,
    suspend: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: Option<String>,
    reason: Option<String>,
    start_time: Option<String>,
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct ContainerStatus {
    #[serde(default)]
    state: ContainerState,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerState {
    waiting: Option<Reason>,
    terminated: Option<Reason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reason {
    reason: Option<String>,
    exit_code: Option<i32>,
}

/// Tasks of `kubectl get jobs,pods -o json`; what is no such list is said.
pub fn tasks(json: &str, now: SystemTime) -> Result<Vec<QueuedTask>, serde_json::Error> {
    let list: List = serde_json::from_str(json)?;
    let mut tasks: Vec<QueuedTask> =
        list.items.iter().filter(|item| item.kind == "Pod").map(|pod| pod.task(now)).collect();
    tasks.sort_by(|a, b| (a.task.len(), &a.task).cmp(&(b.task.len(), &b.task)));
    let jobs = || list.items.iter().filter(|item| item.kind == "Job");
    if tasks.is_empty() {
        tasks.extend(jobs().map(|job| job.job("no pod yet")));
    } else if !tasks.iter().any(QueuedTask::is_active) {
        // Pods that failed are followed by others, after a while.
        tasks.extend(jobs().map(|job| job.job("between two pods")).filter(QueuedTask::is_active));
    }
    Ok(tasks)
}

impl Item {
    /// A Job as a whole, which goes on until it says that it does not; `waiting`: why no pod of it runs.
    fn job(&self, waiting: &str) -> QueuedTask {
        let holds = |kind: &str| {
            self.status.conditions.iter().find(|condition| condition.kind == kind && condition.status == "True")
        };
        let (state, reason) = if let Some(failed) = holds("Failed") {
            ("failed", failed.message.clone().or(failed.reason.clone()))
        } else if holds("Complete").is_some() {
            ("completed", None)
        } else if self.metadata.deletion_timestamp.is_some() {
            ("leaving", None)
        } else if self.spec.suspend == Some(true) {
            ("pending", Some("suspended".to_owned()))
        } else {
            ("pending", Some(waiting.to_owned()))
        };
        let last = self.spec.completions.unwrap_or(1).saturating_sub(1);
        QueuedTask {
            task: format!("{}_[0-{last}]", self.metadata.name),
            state: state.to_owned(),
            elapsed: String::new(),
            time_limit: String::new(),
            nodes: None,
            reason,
        }
    }

    fn task(&self, now: SystemTime) -> QueuedTask {
        let index = self.metadata.annotations.get("batch.kubernetes.io/job-completion-index");
        let state = match self.status.phase.as_deref() {
            Some("Running") if self.metadata.deletion_timestamp.is_some() => "leaving",
            Some("Running") => "running",
            Some("Succeeded") => "completed",
            Some("Failed") => "failed",
            Some("Pending") => "pending",
            _ => "unknown",
        };
        QueuedTask {
            task: index.map_or_else(|| self.metadata.name.clone(), |index| format!("pod {index}")),
            state: state.to_owned(),
            elapsed: self.elapsed(state, now).unwrap_or_default(),
            time_limit: String::new(),
            nodes: self.spec.node_name.clone(),
            reason: self.reason(),
        }
    }

    /// Of pods that run.
    fn elapsed(&self, state: &str, now: SystemTime) -> Option<String> {
        if !matches!(state, "running" | "leaving") {
            return None;
        }
        let since = humantime::parse_rfc3339(self.status.start_time.as_deref()?).ok()?;
        let seconds = now.duration_since(since).ok()?.as_secs();
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        Some(if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") })
    }

    /// Why it does not run (`ImagePullBackOff`, what the scheduler says) or how it ended.
    fn reason(&self) -> Option<String> {
        let containers = self.status.container_statuses.iter();
        let of_container = |status: &ContainerStatus| {
            let state = &status.state;
            let ended = state.terminated.as_ref().filter(|ended| ended.exit_code != Some(0));
            ended
                .map(|ended| match (&ended.reason, ended.exit_code) {
                    (Some(reason), Some(code)) => format!("{reason}, exit code {code}"),
                    (Some(reason), None) => reason.clone(),
                    (None, code) => format!("exit code {}", code.unwrap_or_default()),
                })
                .or_else(|| state.waiting.as_ref()?.reason.clone())
        };
        let unscheduled = || {
            let condition = self
                .status
                .conditions
                .iter()
                .find(|condition| condition.kind == "PodScheduled" && condition.status == "False")?;
            condition.message.clone().or(condition.reason.clone())
        };
        self.status.reason.clone().or_else(|| containers.filter_map(of_container).next()).or_else(unscheduled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-02T04:00:00Z";

    /// Task, state, time, node and reason; `-` where there is none.
    fn read(items: &str) -> Vec<[String; 5]> {
        let now = humantime::parse_rfc3339(NOW).unwrap();
        let tasks = tasks(&format!("{{\"kind\": \"List\", \"items\": [{items}]}}"), now).unwrap();
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let fields =
            |task: QueuedTask| [task.task, task.state, task.elapsed, or_none(task.nodes), or_none(task.reason)];
        tasks.into_iter().map(fields).collect()
    }

    fn pod(index: usize, spec: &str, status: &str) -> String {
        format!(
            "{{\"kind\": \"Pod\", \"metadata\": {{\"name\": \"p-{index}\", \"annotations\": \
             {{\"batch.kubernetes.io/job-completion-index\": \"{index}\"}}}}, \"spec\": {spec}, \"status\": {status}}}"
        )
    }

    #[test]
    fn pods_by_their_number() {
        let running = pod(10, r#"{"nodeName": "n1"}"#, r#"{"phase": "Running", "startTime": "2026-01-02T02:59:57Z"}"#);
        let unscheduled = pod(
            2,
            "{}",
            r#"{"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]}"#,
        );
        let killed = pod(
            1,
            r#"{"nodeName": "n2"}"#,
            r#"{"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]}"#,
        );
        assert_eq!(
            read(&[running, unscheduled, killed].join(",")),
            [
                ["pod 1", "failed", "", "n2", "OOMKilled, exit code 137"],
                ["pod 2", "pending", "", "-", "0/3 nodes are available"],
                ["pod 10", "running", "1:00:03", "n1", "-"],
            ]
        );
    }

    /// Between a pod that failed and the next one, for up to six minutes.
    #[test]
    fn a_job_whose_pods_have_ended_goes_on_until_it_says_that_it_does_not() {
        let failed = pod(0, r#"{"nodeName": "n1"}"#, r#"{"phase": "Failed"}"#);
        let running = pod(1, r#"{"nodeName": "n2"}"#, r#"{"phase": "Running"}"#);
        let job = |conditions: &str| {
            format!(
                "{{\"kind\": \"Job\", \"metadata\": {{\"name\": \"j\"}}, \"spec\": {{\"completions\": 2}}, \"status\": {{\"failed\": \
                 1, \"conditions\": [{conditions}]}}}}"
            )
        };
        let tasks = |items: &[&str]| -> Vec<[String; 3]> {
            read(&items.join(",")).into_iter().map(|[task, state, _, _, reason]| [task, state, reason]).collect()
        };
        let backs_off = tasks(&[&job(r#"{"type": "FailureTarget", "status": "False"}"#), &failed]);
        assert_eq!(backs_off, [["pod 0", "failed", "-"], ["j_[0-1]", "pending", "between two pods"]]);
        assert_eq!(tasks(&[&job(""), &failed, &running]), [["pod 0", "failed", "-"], ["pod 1", "running", "-"]]);
        for end in ["Failed", "Complete"] {
            let ended = job(&format!(r#"{{"type": "{end}", "status": "True"}}"#));
            assert_eq!(tasks(&[&ended, &failed]), [["pod 0", "failed", "-"]], "{end}");
        }
    }

    #[test]
    fn a_job_without_pods() {
        let job = |spec: &str, status: &str| {
            let item = format!(
                "{{\"kind\": \"Job\", \"metadata\": {{\"name\": \"j\"}}, \"spec\": {spec}, \"status\": {status}}}"
            );
            let [task, state, _, _, reason] = read(&item).remove(0);
            (task, state, reason)
        };
        assert_eq!(
            job(r#"{"completions": 3, "suspend": true}"#, "{}"),
            ("j_[0-2]".into(), "pending".into(), "suspended".into())
        );
        let late = r#"{"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "Job was active longer than specified deadline"}]}"#;
        assert_eq!(job(r#"{"completions": 1}"#, late).1, "failed");
        assert!(read("").is_empty());
    }
}
