//! The results folder of one sweep: what is read from it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::event::EpochRecord;
use crate::spec::{PackId, RunId};

use super::StoreError;
use super::claim::ClaimOptions;
use super::epochs::read_epochs;
use super::error::failed_to;
use super::executor_kind::ExecutorKind;
use super::json::read_json;
use super::layout::Layout;
use super::log::{append_log, read_log};
use super::packs::{CurrentPacks, FaultRecord, current_packs, read_faults};
use super::plan::{RunEntry, SweepRecord, read_plan};
use super::predictions::{Predictions, read_predictions};
use super::records::{ResultRecord, RunRecord};
use super::stamp::Stamp;

/// The results folder of one sweep, with its plan as last read. Clones share the plan.
#[derive(Clone, Debug)]
pub struct Store {
    layout: Layout,
    record: Arc<SweepRecord>,
    /// Positions in the plan's list of runs.
    positions: Arc<HashMap<RunId, usize>>,
    stamp: Stamp,
    claims: ClaimOptions,
}

impl Store {
    /// Opens a folder that has a plan.
    ///
    /// # Errors
    /// [`StoreError::NotASweep`] where there is none; [`StoreError::Damaged`] or [`StoreError::Version`] where it cannot
    /// be used.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, ClaimOptions::default())
    }

    /// [`Store::open`] for a worker, or for judging claims by other times.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(folder: &Path, claims: ClaimOptions) -> Result<Self, StoreError> {
        let layout = Layout::new(folder);
        let (record, stamp) = read(&layout)?;
        let positions = Arc::new(positions(&record));
        Ok(Self { layout, record: Arc::new(record), positions, stamp, claims })
    }

    /// Reads the plan again if it changed, and says whether it did.
    ///
    /// # Errors
    /// As [`Store::open`]; the plan as read before stays then.
    pub fn reload(&mut self) -> Result<bool, StoreError> {
        let is_new = Stamp::of(&self.layout.sweep_json())? != self.stamp;
        if is_new {
            let (record, stamp) = read(&self.layout)?;
            self.positions = Arc::new(positions(&record));
            self.record = Arc::new(record);
            self.stamp = stamp;
        }
        Ok(is_new)
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The plan.
    pub fn record(&self) -> &SweepRecord {
        &self.record
    }

    pub fn claim_options(&self) -> &ClaimOptions {
        &self.claims
    }

    /// A run in the plan.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`].
    pub fn entry(&self, run: &RunId) -> Result<&RunEntry, StoreError> {
        let found = self.positions.get(run).and_then(|&position| self.record.runs.get(position));
        found.ok_or_else(|| StoreError::NoSuchRun { path: self.layout.sweep_json(), run: run.clone() })
    }

    /// Whether results of this kind may be added.
    ///
    /// # Errors
    /// [`StoreError::Executor`].
    pub fn accepts(&self, given: ExecutorKind) -> Result<(), StoreError> {
        let found = self.record.executor;
        if found == given {
            return Ok(());
        }
        Err(StoreError::Executor { path: self.layout.folder().to_owned(), found, given })
    }

    /// All packs as they are to be executed.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn packs(&self) -> Result<CurrentPacks, StoreError> {
        current_packs(&self.layout, &self.record.packs)
    }

    /// The faults that ended attempts at a pack, oldest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn faults(&self, pack: &PackId) -> Result<Vec<FaultRecord>, StoreError> {
        read_faults(&self.layout.pack(pack))
    }

    /// The value of a run's `metric_for_best` at every recorded epoch, the first one first; NaN where it is no number.
    ///
    /// # Errors
    /// There is no such run in the plan; what is recorded is damaged or cannot be read.
    pub fn values(&self, run: &RunId) -> Result<Vec<f64>, StoreError> {
        let metric = self.entry(run)?.spec.metric_for_best;
        Ok(self.epochs(run)?.iter().map(|record| record.metric(metric)).collect())
    }

    /// How a run ended, or where it stopped last; none while it has not.
    ///
    /// # Errors
    /// The record is damaged or cannot be read.
    pub fn result(&self, run: &RunId) -> Result<Option<ResultRecord>, StoreError> {
        let path = self.layout.run(run).result_json();
        match read_json::<ResultRecord>(&path)? {
            Some(result) if &result.run != run => {
                Err(StoreError::damaged(&path, format!("it is the result of run {}", result.run)))
            }
            result => Ok(result),
        }
    }

    /// What was known when a run started; none before.
    ///
    /// # Errors
    /// The record is damaged or cannot be read.
    pub fn run_record(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
        read_json(&self.layout.run(run).run_json())
    }

    /// The epochs recorded of a run.
    ///
    /// # Errors
    /// The file is damaged or cannot be read.
    pub fn epochs(&self, run: &RunId) -> Result<Vec<EpochRecord>, StoreError> {
        read_epochs(&self.layout.run(run).metrics_csv())
    }

    /// A run's predictions at its best epoch; none before it completed.
    ///
    /// # Errors
    /// The file is damaged or cannot be read.
    pub fn predictions(&self, run: &RunId) -> Result<Option<Predictions>, StoreError> {
        read_predictions(&self.layout.run(run).predictions_csv())
    }

    /// A run's predictions at its last epoch, on the evaluation examples; none where that is the best one, or they are not there.
    ///
    /// # Errors
    /// They are damaged or cannot be read.
    pub fn last_predictions(&self, run: &RunId) -> Result<Option<Predictions>, StoreError> {
        read_predictions(&self.layout.run(run).last_predictions_csv())
    }

    /// A run's predictions on the test examples, at its best epoch; none where there are none.
    ///
    /// # Errors
    /// They are damaged or cannot be read.
    pub fn test_predictions(&self, run: &RunId) -> Result<Option<Predictions>, StoreError> {
        read_predictions(&self.layout.run(run).test_predictions_csv())
    }

    /// A run's predictions on the test examples, at its last epoch; none where that is the best one, or they are not there.
    ///
    /// # Errors
    /// They are damaged or cannot be read.
    pub fn last_test_predictions(&self, run: &RunId) -> Result<Option<Predictions>, StoreError> {
        read_predictions(&self.layout.run(run).last_test_predictions_csv())
    }

    /// Adds an entry to the log of the sweep.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append_log(&self, message: &str) -> Result<(), StoreError> {
        append_log(&self.layout.log(), message)
    }

    /// The lines of a run's log.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn log(&self, run: &RunId) -> Result<Vec<String>, StoreError> {
        read_log(&self.layout.run(run).log())
    }

    /// The lines of a pack's log.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn pack_log(&self, pack: &PackId) -> Result<Vec<String>, StoreError> {
        read_log(&self.layout.pack(pack).log())
    }
}

/// The folders of sweeps below a results folder, by name; the folder itself where it is that of a sweep.
///
/// # Errors
/// The folder cannot be read.
pub fn sweep_folders(results: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let is_sweep = |folder: &Path| Layout::new(folder).sweep_json().is_file();
    if is_sweep(results) {
        return Ok(vec![results.to_owned()]);
    }
    let entries = fs::read_dir(results).map_err(failed_to("read", results))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|folder| is_sweep(folder)).collect();
    folders.sort();
    Ok(folders)
}

fn positions(record: &SweepRecord) -> HashMap<RunId, usize> {
    record.runs.iter().enumerate().map(|(position, entry)| (entry.id.clone(), position)).collect()
}

fn read(layout: &Layout) -> Result<(SweepRecord, Stamp), StoreError> {
    let path = layout.sweep_json();
    let not_a_sweep = || StoreError::NotASweep { path: layout.folder().to_owned() };
    if !path.exists() {
        return Err(not_a_sweep());
    }
    // Before reading: a plan that is replaced meanwhile is read again at the next look.
    let stamp = Stamp::of(&path)?;
    let record = read_plan(&path)?.ok_or_else(not_a_sweep)?;
    Ok((record, stamp))
}
