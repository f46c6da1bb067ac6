//! Slurm as a launcher.

use std::collections::BTreeMap;
use std::path::Path;

use super::programs::{self, Job};
use super::script::JobScript;
use super::settings::SlurmSettings;
use crate::launch::error::{LaunchError, SettingError};
use crate::launch::launcher::{Handed, Hardware, Launch, Launcher, Script, Submitted, Work};
use crate::launch::queue::Queue;
use crate::launch::word::Word;

/// The setting of a record that names the job's cluster.
const CLUSTER: &str = "cluster";
/// Tasks of the array where nobody says how many.
const MOST_WORKERS: usize = 4;

/// Job arrays of Slurm. Warned before its time is over, a task saves its state and goes back into the queue.
pub struct Slurm;

impl Launcher for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn title(&self) -> &'static str {
        "Slurm"
    }

    fn configure(&self, settings: &[String]) -> Result<Box<dyn Launch>, SettingError> {
        Ok(Box::new(SlurmSettings::parse(settings)?))
    }

    fn queue(&self, handed: &Handed<'_>) -> Result<Queue, LaunchError> {
        programs::queue(&job(handed))
    }

    fn cancel(&self, handed: &Handed<'_>) -> Result<(), LaunchError> {
        programs::cancel(&job(handed))
    }
}

fn job(handed: &Handed<'_>) -> Job {
    Job { id: handed.job.to_owned(), cluster: handed.settings.get(CLUSTER).cloned() }
}

impl Launch for SlurmSettings {
    fn assumed(&self) -> Hardware {
        Hardware { gpus: self.wants_gpus(), memory: None }
    }

    fn script(&self, work: &Work<'_>) -> Result<Script, LaunchError> {
        // More tasks than packs would find nothing to do.
        let tasks = self.workers.unwrap_or(MOST_WORKERS).min(work.packs).max(1);
        let program = [Word::new(&work.program)];
        let script = JobScript {
            sweep: work.sweep,
            settings: self,
            workers: tasks,
            folder: Word::folder(&work.folder)?,
            logs: Word::folder(&work.launches)?,
            command: program.into_iter().chain(work.arguments.iter().map(Word::new)).collect::<Result<_, _>>()?,
        };
        Ok(Script { text: script.to_string(), extension: "sh", tasks })
    }

    fn submit(&self, _: &Work<'_>, path: &Path) -> Result<Submitted, LaunchError> {
        let Job { id, cluster } = programs::submit(path)?;
        let settings: BTreeMap<String, String> =
            cluster.into_iter().map(|cluster| (CLUSTER.to_owned(), cluster)).collect();
        Ok(Submitted { job: id, settings, attached: None })
    }
}
