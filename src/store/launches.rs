//! `slurm/` of a sweep's folder: the job arrays that were submitted to work on it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::durable::{create_folder, write_atomically};
use super::json::{FORMAT_VERSION, read_json, write_json};
use super::records::now;
use super::{Store, StoreError};
use crate::replace_file::unique_token;

/// `slurm/<job>.json`: a job array whose tasks are workers on this folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchRecord {
    pub format_version: u32,
    /// The array's job id.
    pub job: String,
    /// Tasks of the array.
    pub workers: usize,
    /// RFC 3339, UTC.
    pub submitted: String,
    /// The command line.
    pub command: Vec<String>,
    /// The file of the job script, beside the record.
    pub script: String,
}

/// The submitted job arrays, oldest first, and what cannot be read of them.
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
    pub fn write_script(&self, script: &str) -> Result<PathBuf, StoreError> {
        let folder = self.layout().launches();
        create_folder(&folder)?;
        let path = folder.join(format!("{}.sh", unique_token()));
        write_atomically(&path, script.as_bytes())?;
        Ok(path)
    }

    /// Records a job array that was submitted with a script that [`Store::write_script`] wrote.
    ///
    /// # Errors
    /// `job` is no job's id, or the folder cannot be written.
    pub fn record_launch(
        &self,
        job: &str,
        workers: usize,
        command: &[String],
        script: &Path,
    ) -> Result<LaunchRecord, StoreError> {
        if !is_job(job) {
            return Err(StoreError::Name { name: job.to_owned() });
        }
        let record = LaunchRecord {
            format_version: FORMAT_VERSION,
            job: job.to_owned(),
            workers,
            submitted: now(),
            command: command.to_vec(),
            script: script.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        };
        write_json(&self.layout().launches().join(format!("{job}.json")), &record)?;
        Ok(record)
    }

    /// The job arrays that were submitted to work on this sweep.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn launches(&self) -> Result<Launches, StoreError> {
        let folder = self.layout().launches();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Launches::default()),
            Err(error) => return Err(StoreError::io(&folder, "read", error)),
        };
        let mut launches = Launches::default();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            match read_json::<LaunchRecord>(&path) {
                Ok(Some(record)) if is_job(&record.job) => launches.records.push(record),
                Ok(Some(record)) => launches.notices.push(format!("{}: `{}` is no job", path.display(), record.job)),
                Ok(None) => {}
                Err(error @ StoreError::Io { .. }) => return Err(error),
                Err(error) => launches.notices.push(error.to_string()),
            }
        }
        // By number, so that job 10 comes after job 9.
        launches.records.sort_by(|a, b| (a.job.len(), &a.job).cmp(&(b.job.len(), &b.job)));
        launches.notices.sort();
        Ok(launches)
    }
}

/// Job ids are given to other programs as arguments and name files.
fn is_job(job: &str) -> bool {
    !job.is_empty() && job.bytes().all(|byte| byte.is_ascii_digit())
}
