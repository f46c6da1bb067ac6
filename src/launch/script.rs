//! The job script of a sweep.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use super::{SlurmSettings, WordError};

const EXPLANATION: [&str; 2] = [
    "# Every task is a worker on the same results folder. Warned before its time is over (USR2), it saves its",
    "# state and puts itself back into the queue; a task that finds nothing left to do ends at once.",
];

/// Text that stands in a job script and adds no line of its own to it: UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(String);

impl Word {
    /// # Errors
    /// [`WordError`] where the text is none, or holds a line break or another control character.
    pub fn new(text: impl AsRef<OsStr>) -> Result<Self, WordError> {
        let text = text.as_ref();
        let wrong = |reason| WordError { text: text.to_string_lossy().escape_debug().to_string(), reason };
        match text.to_str() {
            None => Err(wrong("it is no UTF-8 text")),
            Some(text) if text.contains(char::is_control) => {
                Err(wrong("it holds a line break or another control character"))
            }
            Some(text) => Ok(Self(text.to_owned())),
        }
    }

    /// A folder for which Slurm fills in patterns.
    ///
    /// # Errors
    /// As [`Word::new`]; and a backslash, with which Slurm fills in none.
    pub fn folder(path: &Path) -> Result<Self, WordError> {
        let word = Self::new(path)?;
        if word.0.contains('\\') {
            let reason = "it holds a backslash, which Slurm does not take for a part of a name";
            return Err(WordError { text: word.0, reason });
        }
        Ok(word)
    }
}

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
        lines.push(sbatch(&format!("--chdir={}", quoted(&self.folder.0))));
        // A percent sign begins a pattern: %A is the array's job id, %a the task's number.
        let logs = self.logs.0.replace('%', "%%");
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
        let command: Vec<String> = self.command.iter().map(|part| for_shell(&part.0)).collect();
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

/// A word as a shell reads it.
fn for_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
