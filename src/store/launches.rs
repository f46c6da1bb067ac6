//! `slurm/`, `ssh/`, `kubernetes/` of a sweep's folder: what was handed to launchers to work on it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::durable::{create_folder, write_atomically};
use super::json::{FORMAT_VERSION, read_json, write_json};
use super::records::now;
use super::{Store, StoreError};
use crate::replace_file::unique_token;

/// `slurm/<job>.json`: something whose tasks are workers on this folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchRecord {
    pub format_version: u32,
    /// Who was handed it, as the folder is called.
    #[serde(default = "first_launcher")]
    pub launcher: String,
    /// What it is called there: a number of Slurm, a name of Kubernetes.
    pub job: String,
    /// Tasks of it.
    pub workers: usize,
    /// RFC 3339, UTC.
    pub submitted: String,
    /// The command line.
    pub command: Vec<String>,
    /// The file of the job script, beside the record.
    pub script: String,
    /// What it is found again by, beside its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// Older records name none.
fn first_launcher() -> String {
    "slurm".to_owned()
}

/// What is going to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Launched<'a> {
    pub launcher: &'a str,
    pub job: &'a str,
    pub workers: usize,
    pub settings: &'a BTreeMap<String, String>,
    pub command: &'a [String],
    /// What [`Store::write_script`] wrote.
    pub script: &'a Path,
}

/// What was handed over, oldest first, and what cannot be read of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launches {
    pub records: Vec<LaunchRecord>,
    pub notices: Vec<String>,
}

impl Store {
    /// Writes a job script, durably, where its record is going to be.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_script(&self, launcher: &str, script: &str, extension: &str) -> Result<PathBuf, StoreError> {
        let folder = self.layout().launches(launcher);
        create_folder(&folder)?;
        let path = folder.join(format!("{}.{extension}", unique_token()));
        write_atomically(&path, script.as_bytes())?;
        Ok(path)
    }

    /// Records what was handed over.
    ///
    /// # Errors
    /// `job` is no job's name, or the folder cannot be written.
    pub fn record_launch(&self, launched: &Launched<'_>) -> Result<LaunchRecord, StoreError> {
        let Launched { launcher, job, workers, settings, command, script } = *launched;
        if !is_job(job) {
            return Err(StoreError::Name { name: job.to_owned() });
        }
        let record = LaunchRecord {
            format_version: FORMAT_VERSION,
            launcher: launcher.to_owned(),
            job: job.to_owned(),
            workers,
            submitted: now(),
            command: command.to_vec(),
            script: script.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            settings: settings.clone(),
        };
        let folder = self.layout().launches(launcher);
        let path = folder.join(format!("{job}.json"));
        // Numbers of jobs are given again: by another cluster, or when they have come to their end.
        let path = if path.exists() { folder.join(format!("{job}-{}.json", unique_token())) } else { path };
        write_json(&path, &record)?;
        Ok(record)
    }

    /// What these launchers were handed to work on this sweep.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn launches(&self, launchers: &[&str]) -> Result<Launches, StoreError> {
        let mut launches = Launches::default();
        for launcher in launchers {
            self.launches_of(launcher, &mut launches)?;
        }
        // Then by number, so that job 10 comes after job 9.
        launches.records.sort_by(|a, b| (&a.submitted, a.job.len(), &a.job).cmp(&(&b.submitted, b.job.len(), &b.job)));
        launches.notices.sort();
        Ok(launches)
    }

    fn launches_of(&self, launcher: &str, launches: &mut Launches) -> Result<(), StoreError> {
        let folder = self.layout().launches(launcher);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StoreError::io(&folder, "read", error)),
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            match read_json::<LaunchRecord>(&path) {
                Ok(Some(record)) if is_job(&record.job) && record.launcher == launcher => launches.records.push(record),
                Ok(Some(record)) => launches.notices.push(format!("{}: `{}` is no job", path.display(), record.job)),
                Ok(None) => {}
                Err(error @ StoreError::Io { .. }) => return Err(error),
                Err(error) => launches.notices.push(error.to_string()),
            }
        }
        Ok(())
    }
}

/// Job ids are given to other programs as arguments and name files.
fn is_job(job: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !job.is_empty() && job.len() <= 128 && !job.starts_with('-') && job.bytes().all(plain)
}
