//! The manifest of a sweep.

use serde_json::{Map, Value, json};

use super::settings::KubernetesSettings;
use crate::launch::error::{LaunchError, WordError};
use crate::launch::launcher::Work;
use crate::launch::task::TASK_VARIABLE;
use crate::launch::word::Word;

/// Pods where nobody says how many.
const MOST_WORKERS: usize = 4;
/// Names of pods have at most 63 characters, the number and five random ones among them.
const LONGEST_NAME: usize = 30;
/// By this label the Job and its pods are found.
pub const LABEL: &str = "sweep/job";

const EXPLANATION: &str = "\
# Every pod is a worker on the same results folder. Told to end (SIGTERM), it saves its state; evicted pods are started again,
# and so are others that die. One whose work ended with failures (1) or whose input is wrong (2) is not: it would again.
";

/// The pods of the Job.
pub fn workers(settings: &KubernetesSettings, work: &Work<'_>) -> usize {
    settings.workers.unwrap_or(MOST_WORKERS).min(work.packs).max(1)
}

/// `sweep-little-3f2a91c0`
pub fn name(work: &Work<'_>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let sweep: String = work.sweep.chars().map(plain).take(LONGEST_NAME).collect();
    let token: String = work.token.chars().take(8).collect();
    let sweep = sweep.trim_matches('-');
    if sweep.is_empty() { format!("sweep-{token}") } else { format!("sweep-{sweep}-{token}") }
}

/// The Job, as YAML.
///
/// # Errors
/// Folders that pods would not find, or that cannot be said.
pub fn manifest(settings: &KubernetesSettings, work: &Work<'_>) -> Result<String, LaunchError> {
    for path in [&work.results, &work.folder] {
        if !path.starts_with(&settings.mount) {
            return Err(LaunchError::NotShared { path: path.clone(), mount: settings.mount.clone() });
        }
    }
    let yaml = serde_yaml::to_string(&job(settings, work)?);
    // Numbers, texts, lists and maps with keys that are texts always have a form.
    let yaml = yaml.map_err(|error| LaunchError::Answer { program: "the manifest", answer: error.to_string() })?;
    Ok(format!("{EXPLANATION}{yaml}"))
}

fn job(settings: &KubernetesSettings, work: &Work<'_>) -> Result<Value, WordError> {
    let (name, workers) = (name(work), workers(settings, work));
    let mut labels = Map::new();
    labels.insert("app.kubernetes.io/name".into(), "sweep".into());
    labels.insert(LABEL.into(), name.as_str().into());
    let mut job_labels = labels.clone();
    job_labels.extend(settings.labels.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))));
    let mut metadata = json!({"name": name, "labels": job_labels});
    if let Some(namespace) = &settings.namespace {
        metadata["namespace"] = json!(namespace);
    }
    let mut spec = json!({
        "completions": workers,
        "parallelism": workers,
        "completionMode": "Indexed",
        "backoffLimitPerIndex": settings.retries,
        "podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"action": "FailIndex", "onExitCodes": {"containerName": "task", "operator": "In", "values": [1, 2]}},
        ]},
    });
    if let Some(time) = settings.time {
        spec["activeDeadlineSeconds"] = json!(time.as_secs());
    }
    spec["template"] = json!({"metadata": {"labels": labels}, "spec": pod(settings, work, &name)?});
    Ok(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}))
}

fn pod(settings: &KubernetesSettings, work: &Work<'_>, name: &str) -> Result<Value, WordError> {
    let mut pod = json!({
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": settings.grace,
        // Tasks ask nothing of the cluster.
        "automountServiceAccountToken": false,
        "containers": [container(settings, work, name)?],
        "volumes": [{"name": "shared", "persistentVolumeClaim": {"claimName": settings.claim}}],
    });
    if !settings.node.is_empty() {
        pod["nodeSelector"] = pairs(&settings.node);
    }
    if !settings.tolerate.is_empty() {
        let all = settings.tolerate.iter().map(|key| json!({"key": key, "operator": "Exists"}));
        pod["tolerations"] = all.collect();
    }
    if let Some((user, group)) = settings.user {
        let mut context = json!({"runAsUser": user});
        if let Some(group) = group {
            context["runAsGroup"] = json!(group);
            context["fsGroup"] = json!(group);
        }
        pod["securityContext"] = context;
    }
    if let Some(secret) = &settings.pull_secret {
        pod["imagePullSecrets"] = json!([{"name": secret}]);
    }
    if let Some(account) = &settings.service_account {
        pod["serviceAccountName"] = json!(account);
    }
    if let Some(class) = &settings.priority_class {
        pod["priorityClassName"] = json!(class);
    }
    Ok(pod)
}

fn container(settings: &KubernetesSettings, work: &Work<'_>, name: &str) -> Result<Value, WordError> {
    let mut command = vec![settings.program.clone().unwrap_or_else(|| "sweep".to_owned())];
    for argument in &work.arguments {
        command.push(Word::new(argument)?.text().to_owned());
    }
    // A variable of Kubernetes begins with `$(`; `$$` is a dollar sign.
    command.iter_mut().for_each(|part| *part = part.replace('$', "$$"));
    let mut env = vec![json!({"name": TASK_VARIABLE, "value": format!("kubernetes task {name}")})];
    env.extend(settings.env.iter().map(|(name, value)| json!({"name": name, "value": value})));
    let mut container = json!({
        "name": "task",
        "image": settings.image,
        "command": command,
        "workingDir": Word::new(&work.folder)?.text(),
        "env": env,
        "volumeMounts": [{"name": "shared", "mountPath": Word::new(&settings.mount)?.text()}],
    });
    let mut limits = Map::new();
    let mut limit = |name: &str, value: &str| drop(limits.insert(name.to_owned(), value.into()));
    if settings.gpus > 0 {
        limit("nvidia.com/gpu", &settings.gpus.to_string());
    }
    if let Some(cpus) = &settings.cpus {
        limit("cpu", cpus);
    }
    if let Some(memory) = &settings.memory {
        limit("memory", memory);
    }
    if !limits.is_empty() {
        // What is limited and not requested is requested as well.
        container["resources"] = json!({"limits": limits});
    }
    Ok(container)
}

fn pairs(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>().into()
}
