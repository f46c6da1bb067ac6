//! Names of files and folders in a results folder.

use std::path::{Path, PathBuf};

use crate::spec::{PackId, RunId};

use super::StoreError;

/// The folder of one sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    folder: PathBuf,
}

impl Layout {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder of a sweep called `name` inside `results_root`; rehearsals have their own.
    ///
    /// # Errors
    /// [`StoreError::Name`] where the name is not a plain file name.
    pub fn for_sweep(results_root: &Path, name: &str, rehearsal: bool) -> Result<Self, StoreError> {
        if !is_plain_name(name) {
            return Err(StoreError::Name { name: name.to_owned() });
        }
        let folder = if rehearsal { format!("{name}-rehearsal") } else { name.to_owned() };
        Ok(Self::new(results_root.join(folder)))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The sweep file as run, byte for byte.
    pub fn sweep_yaml(&self) -> PathBuf {
        self.folder.join("sweep.yaml")
    }

    /// The plan.
    /// Of searches.
    pub fn search_json(&self) -> PathBuf {
        self.folder.join("search.json")
    }

    pub fn sweep_json(&self) -> PathBuf {
        self.folder.join("sweep.json")
    }

    /// The index of runs.
    pub fn runs_csv(&self) -> PathBuf {
        self.folder.join("runs.csv")
    }

    /// The epochs of all runs.
    pub fn metrics_csv(&self) -> PathBuf {
        self.folder.join("metrics.csv")
    }

    /// What was found at every start.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log.txt")
    }

    /// Held while the plan or the index is changed.
    pub(super) fn plan_claim(&self) -> PathBuf {
        self.folder.join("plan-claim.json")
    }

    pub(super) fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    pub(super) fn packs(&self) -> PathBuf {
        self.folder.join("packs")
    }

    /// What a launcher (`slurm`, `ssh`, `kubernetes`) was handed to work on the sweep: records, scripts, and the logs of its
    /// tasks.
    pub fn launches(&self, launcher: &str) -> PathBuf {
        self.folder.join(launcher)
    }

    /// What people ask for while the sweep is worked on, a file each.
    pub fn requests(&self) -> PathBuf {
        self.folder.join("requests")
    }

    /// The same with what came of it.
    pub(super) fn answered_requests(&self) -> PathBuf {
        self.requests().join("answered")
    }

    /// Held while requests are applied.
    pub(super) fn requests_claim(&self) -> PathBuf {
        self.folder.join("requests-claim.json")
    }

    pub fn run(&self, run: &RunId) -> RunFolder {
        RunFolder { folder: self.runs().join(&run.0) }
    }

    pub fn pack(&self, pack: &PackId) -> PackFolder {
        PackFolder { folder: self.packs().join(&pack.0) }
    }
}

/// The folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    folder: PathBuf,
}

impl RunFolder {
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the run is; written before its first step.
    pub fn run_json(&self) -> PathBuf {
        self.folder.join("run.json")
    }

    /// One line per epoch.
    pub fn metrics_csv(&self) -> PathBuf {
        self.folder.join("metrics.csv")
    }

    /// One line per evaluation example, at the best epoch.
    pub fn predictions_csv(&self) -> PathBuf {
        self.folder.join("predictions.csv")
    }

    /// The same at the last epoch, where that is not the best one.
    pub fn last_predictions_csv(&self) -> PathBuf {
        self.folder.join("last_predictions.csv")
    }

    /// One line per test example, at the best epoch; where there is a test.
    pub fn test_predictions_csv(&self) -> PathBuf {
        self.folder.join("test_predictions.csv")
    }

    /// The same at the last epoch, where that is not the best one.
    pub fn last_test_predictions_csv(&self) -> PathBuf {
        self.folder.join("last_test_predictions.csv")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log.txt")
    }

    /// What a run that stopped goes on from, in the format of a pack's checkpoints.
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint.bin")
    }

    /// How the run ended; written last.
    pub fn result_json(&self) -> PathBuf {
        self.folder.join("result.json")
    }

    /// The adapter's folder, in PEFT's format.
    pub fn adapter(&self) -> PathBuf {
        self.folder.join("adapter")
    }

    pub fn adapter_config(&self) -> PathBuf {
        self.adapter().join("adapter_config.json")
    }

    pub fn adapter_weights(&self) -> PathBuf {
        self.adapter().join("adapter_model.safetensors")
    }
}

/// The folder of one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackFolder {
    folder: PathBuf,
}

impl PackFolder {
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who works on the pack.
    pub fn claim(&self) -> PathBuf {
        self.folder.join("claim.json")
    }

    /// One of the two checkpoints.
    pub fn checkpoint(&self, slot: usize) -> PathBuf {
        self.folder.join(format!("checkpoint-{slot}.bin"))
    }

    /// Into which packs this one was taken apart.
    pub fn replan(&self) -> PathBuf {
        self.folder.join("replan.json")
    }

    /// How far the pack's runs are, for people who watch.
    pub fn progress(&self) -> PathBuf {
        self.folder.join("progress.json")
    }

    /// What the pack took of the device's memory.
    pub fn memory(&self) -> PathBuf {
        self.folder.join("memory.json")
    }

    /// One file per fault that ended an attempt at the pack.
    pub fn faults(&self) -> PathBuf {
        self.folder.join("faults")
    }

    /// Says that the pack's runs had ended after these faults.
    pub fn overcome(&self) -> PathBuf {
        self.faults().join("overcome")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log.txt")
    }
}

/// Whether a name can be that of a file inside a folder and nothing else.
pub(super) fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.len() <= 200 && name.starts_with(char::is_alphanumeric) && name.chars().all(plain)
}
