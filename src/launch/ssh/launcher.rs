//! Hosts as a launcher.

use std::collections::BTreeMap;
use std::path::Path;

use super::attached::Tasks;
use super::settings::SshSettings;
use super::{command, look, record};
use crate::launch::error::{LaunchError, SettingError};
use crate::launch::launcher::{Handed, Hardware, Launch, Launcher, Script, Submitted, Work};
use crate::launch::queue::Queue;

const EXPLANATION: &str = "\
# Every line is a task, a worker on the same results folder, which leaves when its standard input ends. `sweep run` starts
# them all, says how they end, and sums up.
";

/// Hosts that share the results folder.
pub struct Ssh;

impl Launcher for Ssh {
    fn name(&self) -> &'static str {
        "ssh"
    }

    fn title(&self) -> &'static str {
        "ssh"
    }

    fn configure(&self, settings: &[String]) -> Result<Box<dyn Launch>, SettingError> {
        Ok(Box::new(SshSettings::parse(settings)?))
    }

    fn queue(&self, handed: &Handed<'_>) -> Result<Queue, LaunchError> {
        record::queue(handed.folder, handed.job)
    }

    fn cancel(&self, handed: &Handed<'_>) -> Result<(), LaunchError> {
        record::cancel(handed.folder, handed.job)
    }
}

impl Launch for SshSettings {
    fn assumed(&self) -> Hardware {
        Hardware::default()
    }

    fn hardware(&self, work: &Work<'_>) -> Result<Hardware, LaunchError> {
        look::look(self, work)
    }

    fn script(&self, work: &Work<'_>) -> Result<Script, LaunchError> {
        let (mut text, mut tasks) = (format!("#!/bin/sh\n{EXPLANATION}"), 0);
        for host in &self.hosts {
            for share in 0..host.tasks {
                let remote = command::task(self, host, share, work)?;
                text.push_str(&format!("{}\n", command::line(self, host, &remote)));
                tasks += 1;
            }
        }
        Ok(Script { text, extension: "sh", tasks })
    }

    fn submit(&self, work: &Work<'_>, _: &Path) -> Result<Submitted, LaunchError> {
        let tasks = Tasks::new(self, work)?;
        Ok(Submitted { job: command::job(work), settings: BTreeMap::new(), attached: Some(Box::new(tasks)) })
    }
}
