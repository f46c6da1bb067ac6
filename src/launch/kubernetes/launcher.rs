//! Kubernetes as a launcher.

use std::path::Path;
use std::time::SystemTime;

use super::kubectl::{Place, kubectl};
use super::manifest::{self, LABEL};
use super::pods;
use super::settings::KubernetesSettings;
use crate::launch::error::{LaunchError, SettingError};
use crate::launch::launcher::{Handed, Hardware, Launch, Launcher, Script, Submitted, Work};
use crate::launch::queue::Queue;

/// Indexed Jobs of Kubernetes.
pub struct Kubernetes;

impl Launcher for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn title(&self) -> &'static str {
        "Kubernetes"
    }

    fn configure(&self, settings: &[String]) -> Result<Box<dyn Launch>, SettingError> {
        Ok(Box::new(KubernetesSettings::parse(settings)?))
    }

    fn queue(&self, handed: &Handed<'_>) -> Result<Queue, LaunchError> {
        let selector = format!("--selector={LABEL}={}", handed.job);
        let answer = kubectl(handed.settings, &["get", "jobs,pods", &selector, "--output=json"])?;
        let tasks = pods::tasks(&answer, SystemTime::now())
            .map_err(|error| LaunchError::Answer { program: "kubectl", answer: error.to_string() })?;
        Ok(Queue { job: handed.job.to_owned(), tasks })
    }

    fn cancel(&self, handed: &Handed<'_>) -> Result<(), LaunchError> {
        // Its pods end with it, and are given their time.
        kubectl(handed.settings, &["delete", "job", handed.job, "--wait=false", "--ignore-not-found"]).map(drop)
    }
}

impl Launch for KubernetesSettings {
    fn assumed(&self) -> Hardware {
        Hardware { gpus: self.gpus > 0, memory: None }
    }

    fn script(&self, work: &Work<'_>) -> Result<Script, LaunchError> {
        let text = manifest::manifest(self, work)?;
        Ok(Script { text, extension: "yaml", tasks: manifest::workers(self, work) })
    }

    fn submit(&self, work: &Work<'_>, path: &Path) -> Result<Submitted, LaunchError> {
        let mut place = Place::new();
        for (key, value) in [("context", &self.context), ("namespace", &self.namespace)] {
            place.extend(value.clone().map(|value| (key.to_owned(), value)));
        }
        // Another Job of this name is another's.
        kubectl(&place, &["create", &format!("--filename={}", path.display())])?;
        Ok(Submitted { job: manifest::name(work), settings: place, attached: None })
    }
}
