//! `run.json` and `result.json`: what a run is and how it ended.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::event::{EpochRecord, Figures, Outcome, StopReason, best_epoch};
use crate::spec::{ExtendedFile, PackPlan, PlannedRun, RunId};
use crate::train::{RunFacts, RunResult, TestResult};

use super::StoreError;
use super::executor_kind::ExecutorKind;
use super::json::{FORMAT_VERSION, read_json};

/// The programs behind a run and the machine that they ran on, as the caller names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    pub sweep: String,
    /// Of the folder in which the sweep was started, where that is a repository.
    pub git_commit: Option<String>,
    pub libtorch: Option<String>,
    /// What they ran on; none in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
}

/// The machine that a run was trained on, as far as its system tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Its name.
    pub processor: Option<String>,
    /// The widest vector instructions of the processor.
    pub instructions: Option<String>,
    /// Threads that worked on the processor.
    pub threads: Option<usize>,
    /// The name of the GPU that the run was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
}

/// A file that the sweep file extends; `sweep.json` has its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    pub path: String,
    /// blake3 of its text, as hexadecimal digits.
    pub digest: String,
}

impl FileDigest {
    pub(super) fn of(file: &ExtendedFile) -> Self {
        Self { path: file.path.clone(), digest: blake3::hash(file.text.as_bytes()).to_hex().to_string() }
    }
}

/// `run.json`, written before a run's first step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    pub format_version: u32,
    #[serde(default, skip_serializing_if = "ExecutorKind::is_torch")]
    pub executor: ExecutorKind,
    pub run: PlannedRun,
    pub facts: RunFacts,
    pub versions: Versions,
    /// The files that the sweep file extends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extends: Vec<FileDigest>,
    /// When the run was started first (RFC 3339, UTC).
    pub started: String,
}

impl RunRecord {
    /// Of the run whose folder this is; none where it has not begun.
    ///
    /// # Errors
    /// The record is damaged or cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        read_json(&folder.join("run.json"))
    }
}

/// `result.json`, written last: a run with a sound one is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRecord {
    pub format_version: u32,
    #[serde(default, skip_serializing_if = "ExecutorKind::is_torch")]
    pub executor: ExecutorKind,
    pub run: RunId,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The best epoch's record; of a diverged, failed or stopped run the best that it got to.
    pub best: Option<EpochRecord>,
    /// Whether the predictions of the last epoch are recorded as well, which is not the best one; not in records of older
    /// versions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last_predictions: bool,
    /// What the run gives on the test examples; none where there is no test, or it paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestRecord>,
    /// The epoch after which it had stopped, where it went on because somebody asked for it: without its early stopping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_from: Option<usize>,
    /// How often somebody had the run stopped, this time included; 0 where it ended otherwise.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stops: usize,
    /// Epochs recorded.
    pub epochs: usize,
    /// Wall-clock seconds of all recorded epochs together.
    pub seconds: f64,
    /// None where the run failed before it was known.
    pub trainable_parameters: Option<usize>,
    pub device: Option<String>,
    /// When the run ended (RFC 3339, UTC).
    pub finished: String,
}

/// What a completed run gives on examples that choose nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestRecord {
    /// At the best epoch.
    pub best: Figures,
    /// At the last epoch; none where that is the best one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Figures>,
}

impl TestRecord {
    fn new(test: &TestResult) -> Self {
        Self { best: test.best.figures, last: test.last.as_ref().map(|last| last.figures) }
    }
}

impl ResultRecord {
    /// Of the run whose folder this is; none where it has not ended.
    ///
    /// # Errors
    /// The record is damaged or cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        read_json(&folder.join("result.json"))
    }

    pub fn is_completed(&self) -> bool {
        matches!(self.outcome, Outcome::Completed { .. })
    }

    /// Whether the run has left its adapter and its predictions: it completed, or stopped after an epoch at least.
    pub fn has_adapter(&self) -> bool {
        match self.outcome {
            Outcome::Completed { .. } => true,
            // On request it may have stopped in its first epoch.
            Outcome::Stopped { epoch, .. } => epoch > 0,
            Outcome::Diverged { .. } | Outcome::Failed { .. } => false,
        }
    }

    /// Whether the run stopped because somebody asked for it.
    pub fn is_stopped_on_request(&self) -> bool {
        matches!(self.outcome, Outcome::Stopped { because: StopReason::Request, .. })
    }

    /// Why the run stopped, where it did so before its last epoch.
    pub fn stopped_because(&self) -> Option<StopReason> {
        match self.outcome {
            Outcome::Stopped { because, .. } => Some(because),
            _ => None,
        }
    }

    /// The epoch after which the run stopped, where it did so before its last one.
    pub fn stopped_after(&self) -> Option<usize> {
        match self.outcome {
            Outcome::Stopped { epoch, .. } => Some(epoch),
            _ => None,
        }
    }

    /// Whether no further epoch of the run can come to anything: it completed or diverged.
    pub(super) fn has_come_to_its_end(&self) -> bool {
        matches!(self.outcome, Outcome::Completed { .. } | Outcome::Diverged { .. })
    }

    /// Whether the run, which has so many `epochs` in all, is not to be trained any further in a pack that has it, as far as
    /// that pack alone tells: [`Store::is_done_in`](super::Store::is_done_in) knows the others.
    pub(super) fn ends_in(&self, pack: &PackPlan, epochs: usize) -> bool {
        match self.outcome {
            Outcome::Completed { .. } | Outcome::Diverged { .. } | Outcome::Failed { .. } => true,
            Outcome::Stopped { because: StopReason::EarlyStopping, .. } if !pack.extended.contains(&self.run) => true,
            Outcome::Stopped { because: StopReason::Request, .. }
                if pack.resumed.get(&self.run).is_none_or(|stops| *stops < self.stops) =>
            {
                true
            }
            Outcome::Stopped { epoch, .. } => epoch >= pack.last_epoch(&self.run, epochs),
        }
    }

    pub(super) fn new(
        executor: ExecutorKind,
        run: &PlannedRun,
        outcome: &Outcome,
        epochs: &[EpochRecord],
        facts: Option<&RunFacts>,
        finished: String,
    ) -> Self {
        let best = match outcome {
            Outcome::Completed { best_epoch } => epochs.iter().find(|record| record.epoch == *best_epoch),
            _ => best_epoch(epochs, run.spec.metric_for_best),
        };
        Self {
            format_version: FORMAT_VERSION,
            executor,
            run: run.id.clone(),
            outcome: outcome.clone(),
            best: best.cloned(),
            last_predictions: false,
            test: None,
            extended_from: None,
            stops: 0,
            epochs: epochs.len(),
            seconds: epochs.iter().map(|record| record.seconds).sum(),
            trainable_parameters: facts.map(|facts| facts.trainable_parameters),
            device: facts.map(|facts| facts.device.clone()),
            finished,
        }
    }
}

impl ResultRecord {
    /// The same with what a completed or stopped run leaves beside its best epoch.
    pub(super) fn with(self, result: &RunResult) -> Self {
        Self {
            last_predictions: result.last_predictions.is_some(),
            test: result.test.as_ref().map(TestRecord::new),
            ..self
        }
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The time now, as records have it (RFC 3339, UTC, seconds).
pub(super) fn now() -> String {
    // A clock can be set to a time that has no such form.
    humantime::format_rfc3339_seconds(SystemTime::now().max(SystemTime::UNIX_EPOCH)).to_string()
}
