//! Whether what a completed or stopped run left is still there, and agrees with its result.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::spec::RunId;
use crate::words::counted;

use super::epochs::{epoch_fields, read_epochs};
use super::json::read_json;
use super::layout::RunFolder;
use super::predictions::read_predictions;
use super::records::{ResultRecord, RunRecord};
use super::{Store, StoreError};

/// Bytes of a safetensors file before its header: the header's length.
const LENGTH_BYTES: u64 = size_of::<u64>() as u64;

/// Files of a completed or stopped run that are not there: a look at names alone.
pub(super) fn missing(files: &RunFolder, result: &ResultRecord) -> Vec<String> {
    let predictions = predictions(files, result).map(|(path, _)| path);
    let expected = [files.run_json(), files.metrics_csv(), files.adapter_config(), files.adapter_weights()];
    let expected: Vec<PathBuf> = expected.into_iter().chain(predictions).collect();
    let absent = expected.iter().filter(|path| !path.is_file());
    absent.map(|path| format!("{} is missing", path.display())).collect()
}

/// Which examples a file of predictions is of.
#[derive(Clone, Copy, Debug)]
enum Examples {
    Evaluation,
    Test,
}

/// The files of predictions that the run left.
fn predictions(files: &RunFolder, result: &ResultRecord) -> impl Iterator<Item = (PathBuf, Examples)> {
    let test = result.test.as_ref();
    [
        (true, files.predictions_csv(), Examples::Evaluation),
        (result.last_predictions, files.last_predictions_csv(), Examples::Evaluation),
        (test.is_some(), files.test_predictions_csv(), Examples::Test),
        (test.is_some_and(|test| test.last.is_some()), files.last_test_predictions_csv(), Examples::Test),
    ]
    .into_iter()
    .filter(|(left, ..)| *left)
    .map(|(_, path, part)| (path, part))
}

impl Store {
    /// What is wrong with the files of a completed or stopped run: what is missing, cannot be read, or does not agree with its
    /// result. Nothing of any other run. All tables are read; of the adapter's weights only what the file says of
    /// itself.
    ///
    /// # Errors
    /// The result itself cannot be read.
    pub fn examine(&self, run: &RunId) -> Result<Vec<String>, StoreError> {
        let Some(result) = self.result(run)?.filter(ResultRecord::has_adapter) else {
            return Ok(Vec::new());
        };
        let files = self.layout().run(run);
        let mut faults = missing(&files, &result);
        let facts = match read_json::<RunRecord>(&files.run_json()) {
            Ok(Some(record)) if record.run.id != *run => {
                faults.push(format!("{} is that of run {}", files.run_json().display(), record.run.id));
                None
            }
            Ok(record) => record.map(|record| record.facts),
            Err(error) => {
                faults.push(error.to_string());
                None
            }
        };
        faults.extend(fault_of_epochs(&files, &result));
        for (path, part) in predictions(&files, &result) {
            let examples = facts.as_ref().and_then(|facts| match part {
                Examples::Evaluation => Some(facts.eval_examples),
                Examples::Test => facts.test_examples,
            });
            faults.extend(fault_of_predictions(&path, part, examples));
        }
        faults.extend(fault_of_config(&files.adapter_config()));
        faults.extend(fault_of_weights(&files.adapter_weights()));
        Ok(faults)
    }
}

fn fault_of_epochs(files: &RunFolder, result: &ResultRecord) -> Option<String> {
    let path = files.metrics_csv();
    let epochs = match read_epochs(&path) {
        Ok(epochs) if epochs.is_empty() && !path.exists() => return None,
        Ok(epochs) => epochs,
        Err(error) => return Some(error.to_string()),
    };
    if epochs.len() != result.epochs {
        return Some(format!(
            "{} has {}, the result {}",
            path.display(),
            counted(epochs.len(), "epoch"),
            result.epochs
        ));
    }
    let best = result.best.as_ref()?;
    let there = epochs.iter().find(|record| record.epoch == best.epoch);
    // As written: numbers that are none are not equal.
    let agrees = there.is_some_and(|record| epoch_fields(record) == epoch_fields(best));
    (!agrees).then(|| format!("{} does not agree with the result in epoch {}", path.display(), best.epoch))
}

fn fault_of_predictions(path: &Path, part: Examples, examples: Option<usize>) -> Option<String> {
    match read_predictions(path) {
        Ok(None) => None,
        Ok(Some(predictions)) => {
            let (found, expected) = (predictions.rows.len(), examples?);
            let differ = || {
                let examples = match part {
                    Examples::Evaluation => counted(expected, "evaluation example"),
                    Examples::Test => counted(expected, "test example"),
                };
                format!("{} has {} for {examples}", path.display(), counted(found, "prediction"))
            };
            (found != expected).then(differ)
        }
        Err(error) => Some(error.to_string()),
    }
}

fn fault_of_config(path: &Path) -> Option<String> {
    let contents = read_unless_absent(path)?;
    let object = contents.map(|contents| serde_json::from_slice::<serde_json::Map<String, Value>>(&contents).is_ok());
    match object {
        Ok(true) => None,
        Ok(false) => Some(format!("{} is no JSON object", path.display())),
        Err(error) => Some(format!("{}: cannot read: {error}", path.display())),
    }
}

fn read_unless_absent(path: &Path) -> Option<io::Result<Vec<u8>>> {
    let read = std::fs::read(path);
    let absent = read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    (!absent).then_some(read)
}

/// Whether a safetensors file is as long as its header says.
fn fault_of_weights(path: &Path) -> Option<String> {
    match expected_length(path) {
        Ok((expected, found)) if expected == Some(found) => None,
        Ok((Some(expected), found)) => Some(format!("{} has {found} bytes instead of {expected}", path.display())),
        Ok((None, _)) => Some(format!("{} is no safetensors file", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("{}: cannot read: {error}", path.display())),
    }
}

/// The length by the header (8 bytes of its length, little endian; a JSON object with the place of each tensor; the
/// tensors), none where there is no such header; and the length that there is.
fn expected_length(path: &Path) -> io::Result<(Option<u64>, u64)> {
    let mut file = File::open(path)?;
    let found = file.metadata()?.len();
    let mut length = [0; LENGTH_BYTES as usize];
    if found < LENGTH_BYTES {
        return Ok((None, found));
    }
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > found - LENGTH_BYTES {
        return Ok((None, found));
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header)?;
    let tensors = serde_json::from_slice::<serde_json::Map<String, Value>>(&header).ok();
    let end = |tensor: &Value| tensor.get("data_offsets")?.get(1)?.as_u64();
    let ends = tensors.map(|tensors| tensors.values().filter_map(end).max().unwrap_or(0));
    Ok((ends.and_then(|end| (LENGTH_BYTES + length).checked_add(end)), found))
}
