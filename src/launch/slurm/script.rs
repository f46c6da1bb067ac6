//! The job script of a sweep.

use std::fmt;

use super::settings::SlurmSettings;
use crate::launch::word::Word;

const EXPLANATION: [&str; 2] = [
    "# Every task is a worker on the same results folder. Warned before its time is over (USR2), it saves its",
    "# state and puts itself back into the queue; a task that finds nothing left to do ends at once.",
];

/// One job array whose tasks are workers on one results folder.
#[derive(Clone, Debug)]
pub struct JobScript<'a> {
    /// Names the job.
    pub sweep: &'a str,
    pub settings: &'a SlurmSettings,
    /// Tasks of the array; at least 1.
    pub workers: usize,
    /// Where tasks start: relative names in the sweep file count from here.
    pub folder: Word,
    /// Where tasks' output goes.
    pub logs: Word,
    /// The program and its arguments.
    pub command: Vec<Word>,
}

impl fmt::Display for JobScript<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings;
        let mut lines = vec!["#!/bin/bash".to_owned()];
        if !settings.options.iter().any(|(name, _)| name == "job-name") {
            lines.push(sbatch(&format!("--job-name=sweep-{}", self.sweep)));
        }
        lines.push(sbatch(&format!("--array=0-{}", self.workers.saturating_sub(1))));
        lines.extend(["--nodes=1", "--ntasks=1"].map(sbatch));
        lines.push(sbatch(&format!("--chdir={}", quoted(self.folder.text()))));
        // A percent sign begins a pattern: %A is the array's job id, %a the task's number.
        let logs = self.logs.text().replace('%', "%%");
        lines.push(sbatch(&format!("--output={}", quoted(&format!("{logs}/%A_%a.log")))));
        lines.extend(["--open-mode=append", "--requeue"].map(sbatch));
        lines.push(sbatch(&format!("--signal=B:USR2@{}", settings.warning)));
        for (name, value) in &settings.options {
            let value = value.as_ref().map(|value| format!("={}", quoted(value))).unwrap_or_default();
            lines.push(sbatch(&format!("--{name}{value}")));
        }
        lines.extend(settings.directives.iter().map(|directive| sbatch(directive)));
        lines.push(String::new());
        lines.extend(EXPLANATION.map(str::to_owned));
        lines.extend(settings.commands.iter().cloned());
        let command: Vec<String> = self.command.iter().map(Word::quoted).collect();
        lines.push(format!("exec {}", command.join(" ")));
        lines.into_iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn sbatch(directive: &str) -> String {
    format!("#SBATCH {directive}")
}

/// A value as sbatch reads it from a directive: blanks end it and `#` begins a comment, unless in quotes.
fn quoted(value: &str) -> String {
    if value.contains([' ', '\t', '#', '\'', '"', '\\']) {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}
