//! `--slurm key=value`: what is asked of Slurm.

use crate::launch::error::SettingError;
use crate::launch::setting::Setting;

/// Seconds before the time limit at which a task is told to save its state and leave.
const WARNING: u32 = 120;

/// Slurm's own limit of tasks in an array, where nobody set another (MaxArraySize).
const MOST_WORKERS: usize = 1000;

/// Options of sbatch that are passed on as they are.
const PASSED_ON: [&str; 34] = [
    "account",
    "begin",
    "bell",
    "clusters",
    "comment",
    "constraint",
    "cpus-per-gpu",
    "cpus-per-task",
    "deadline",
    "dependency",
    "exclude",
    "exclusive",
    "gpus",
    "gpus-per-node",
    "gpus-per-task",
    "gres",
    "hold",
    "job-name",
    "licenses",
    "mail-type",
    "mail-user",
    "mem",
    "mem-per-cpu",
    "mem-per-gpu",
    "nice",
    "nodelist",
    "partition",
    "prefer",
    "priority",
    "qos",
    "reservation",
    "time",
    "tmp",
    "wckey",
];

/// Options of sbatch on which resuming depends, and what to say instead.
const OURS: [(&str, &str); 12] = [
    ("array", "say how many tasks with workers=N"),
    ("signal", "say how many seconds before the time limit with warning=N"),
    ("requeue", "tasks go back into the queue"),
    ("no-requeue", "tasks go back into the queue"),
    ("output", "it goes into the results folder"),
    ("error", "it goes into the results folder"),
    ("open-mode", "it is append"),
    ("chdir", "it is the folder in which sweep is started"),
    ("nodes", "a task is one process on one node"),
    ("ntasks", "say how many tasks with workers=N"),
    ("ntasks-per-node", "say how many tasks with workers=N"),
    ("wrap", "sweep writes the script"),
];

/// What is asked of Slurm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmSettings {
    /// Tasks of the array; none where nobody says.
    pub workers: Option<usize>,
    /// Seconds before the time limit at which a task is told to save its state and leave.
    pub warning: u32,
    /// Options of sbatch with their values, in the order given; the last one of a name counts.
    pub(super) options: Vec<(String, Option<String>)>,
    /// Further directives, without `#SBATCH`.
    pub(super) directives: Vec<String>,
    /// Shell lines before the worker starts.
    pub(super) commands: Vec<String>,
}

impl Default for SlurmSettings {
    fn default() -> Self {
        Self { workers: None, warning: WARNING, options: Vec::new(), directives: Vec::new(), commands: Vec::new() }
    }
}

impl SlurmSettings {
    /// Reads `key=value` settings: `workers`, `warning` (seconds), `line` (a directive of sbatch, or a shell line that
    /// runs before the worker), and options of sbatch by their long names.
    ///
    /// # Errors
    /// The first setting that is unknown, sweep's own, or has no such value.
    pub fn parse<S: AsRef<str>>(given: &[S]) -> Result<Self, SettingError> {
        let mut settings = Self::default();
        for setting in given {
            settings.set(setting.as_ref())?;
        }
        Ok(settings)
    }

    /// Whether GPUs are asked for.
    pub fn wants_gpus(&self) -> bool {
        self.options.iter().any(|(name, value)| {
            name.starts_with("gpus") || (name == "gres" && value.as_ref().is_some_and(|value| value.starts_with("gpu")))
        })
    }

    fn set(&mut self, setting: &str) -> Result<(), SettingError> {
        let setting = Setting::new(setting)?;
        match setting.key.as_str() {
            "workers" => self.workers = Some(setting.number(1, MOST_WORKERS)?),
            // Slurm's own limit.
            "warning" => {
                let seconds = setting.value.and_then(|value| value.parse().ok()).filter(|&seconds| seconds <= 65_535);
                self.warning = seconds.ok_or_else(|| setting.wrong("warning is a number of seconds, at most 65535"))?;
            }
            "line" => {
                let line = setting.value.unwrap_or_default();
                self.line(line).ok_or_else(|| setting.wrong("the line is empty"))?;
            }
            _ => self.option(&setting)?,
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let directive = line.strip_prefix("#SBATCH").map(str::trim_start).or(line.starts_with("--").then_some(line));
        match directive {
            Some(directive) => self.directives.push(directive.to_owned()),
            None if line.is_empty() => return None,
            None => self.commands.push(line.to_owned()),
        }
        Some(())
    }

    fn option(&mut self, setting: &Setting<'_>) -> Result<(), SettingError> {
        let key = setting.key.as_str();
        if let Some((_, instead)) = OURS.iter().find(|(name, _)| *name == key) {
            return Err(setting.ours(instead));
        }
        if !PASSED_ON.contains(&key) {
            let known: Vec<&str> = PASSED_ON.into_iter().chain(["workers", "warning", "line"]).collect();
            return Err(setting.unknown(&known, &format!("; any other option of sbatch: line=--{key}=...")));
        }
        if setting.value == Some("") {
            return Err(setting.wrong("the value is missing"));
        }
        self.options.retain(|(name, _)| name != key);
        self.options.push((key.to_owned(), setting.value.map(str::to_owned)));
        Ok(())
    }
}
