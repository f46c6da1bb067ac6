//! The runs of a sweep as they stand, derived from files alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{EpochRecord, Outcome, StopReason, best_epoch};
use crate::spec::{PackId, PackPlan, PlannedRun, RunId, RunSpec};
use crate::words::counted;

use super::claim::{Found, inspect};
use super::epochs::read_epochs;
use super::json::read_json;
use super::layout::RunFolder;
use super::plan::RunEntry;
use super::progress::{PackProgress, RunProgress};
use super::records::{ResultRecord, RunRecord, TestRecord};
use super::soundness::missing;
use super::{Store, StoreError};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Not started.
    Pending,
    /// Started, and a live worker has its pack.
    Running,
    /// Started, and no live worker has its pack: `sweep run` goes on with it.
    Interrupted,
    /// It stopped before its last epoch and is planned further: `sweep run` goes on with it.
    Waiting,
    Completed,
    Diverged,
    Failed,
    /// It ended before its last epoch, given up by its search or by its early stopping; it goes on only where that is asked
    /// for.
    Stopped,
}

impl RunState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the run has an outcome, and is not trained any further by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Diverged | Self::Failed | Self::Stopped)
    }

    /// Whether it is known what the run comes to. What a stopped one would have come to is not: who leaves out runs because they
    /// began badly judges a selection.
    pub fn is_settled(self) -> bool {
        self.is_final() && self != Self::Stopped
    }
}

impl std::fmt::Display for RunState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A run with what its files say.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    pub run: PlannedRun,
    /// No longer in the sweep file.
    pub removed: bool,
    /// Parameters that differ from the baseline configuration's; none where the sweep has no baseline.
    pub changes: Option<BTreeMap<String, Value>>,
    pub state: RunState,
    /// The pack it is trained in; none where it is not planned into one.
    pub pack: Option<PackId>,
    /// Who works on it, and on which device, while it runs.
    pub worker: Option<String>,
    pub device: Option<String>,
    /// What computes there; none for runs that have ended.
    pub backend: Option<String>,
    /// The record of the best epoch, or of the best so far.
    pub best: Option<EpochRecord>,
    /// What the completed run gives on the test examples; none where there is no test.
    pub test: Option<TestRecord>,
    /// The epoch after which it stopped, where it did so before its last one: for good, or until it goes on.
    pub stopped_after: Option<usize>,
    /// Why it stopped, where it is stopped.
    pub stopped_because: Option<StopReason>,
    /// Epochs recorded.
    pub epochs: usize,
    /// The epoch up to which it is planned: its last one, or the one after which it pauses.
    pub planned_epochs: usize,
    /// Wall-clock seconds of the recorded epochs together.
    pub seconds: f64,
    pub trainable_parameters: Option<usize>,
    /// While it runs.
    pub progress: Option<RunProgress>,
    /// Why it did not complete.
    pub reason: Option<String>,
    /// What cannot be read of its records, or is missing of what it left. Other runs are not touched by it.
    pub damage: Option<String>,
}

impl Store {
    /// All runs of the sweep in its order, removed ones after them. A record that cannot be read is told in the run's
    /// `damage`.
    ///
    /// # Errors
    /// The folder itself cannot be read.
    pub fn runs(&self) -> Result<Vec<RunView>, StoreError> {
        let packs = self.packs()?;
        let by_run = packs.by_run();
        let started = self.folders_of_runs()?;
        let mut activities = Activities::new(self);
        let mut views = Vec::with_capacity(self.record().runs.len());
        for entry in &self.record().runs {
            let packs = by_run.get(&entry.id).map_or(&[][..], Vec::as_slice);
            let view = if started.contains(&entry.id.0) {
                self.started_run(entry, packs, &mut activities)?
            } else {
                blank(entry, packs)
            };
            views.push(view);
        }
        Ok(views)
    }

    /// One run as it stands.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`]; the folder itself cannot be read.
    pub fn run_view(&self, run: &RunId) -> Result<RunView, StoreError> {
        let (entry, packs) = (self.entry(run)?, self.packs()?);
        let by_run = packs.by_run();
        let packs = by_run.get(run).map_or(&[][..], Vec::as_slice);
        if !self.layout().run(run).folder().exists() {
            return Ok(blank(entry, packs));
        }
        self.started_run(entry, packs, &mut Activities::new(self))
    }

    pub(super) fn started_run(
        &self,
        entry: &RunEntry,
        packs: &[&PackPlan],
        activities: &mut Activities<'_>,
    ) -> Result<RunView, StoreError> {
        let files = self.layout().run(&entry.id);
        let mut view = blank(entry, packs);
        let mut pack = packs.first().copied();
        match self.result(&entry.id) {
            Ok(Some(result)) => {
                let epochs = entry.spec.epochs;
                let is_open = |pack: &&&PackPlan| !self.is_done_in(&result, pack, epochs);
                let open = packs.iter().find(is_open).copied();
                pack = open.or(packs.last().copied());
                view.pack = pack.map(|pack| pack.id.clone());
                view.note_missing(&files, &result);
                view.stopped_after = result.stopped_after();
                let further = packs.iter().filter(is_open).map(|pack| pack.last_epoch(&entry.id, epochs)).max();
                let Some(planned_epochs) = further else {
                    view.take_result(result);
                    return Ok(view);
                };
                // An extension may end before what was planned of the run first.
                view.planned_epochs = planned_epochs;
            }
            Ok(None) => {}
            Err(error) => view.add_damage(&error),
        }
        view.take_partial(&files);
        if view.state == RunState::Pending {
            return Ok(view);
        }
        if view.stopped_after.is_some_and(|stopped| view.epochs <= stopped) {
            view.state = RunState::Waiting;
        }
        let activity = pack.map(|pack| activities.on(pack)).transpose()?.flatten();
        let has_place = |activity: &&Activity| activity.progress.contains_key(&entry.id);
        // One that waits may go on waiting for a place in the pack.
        if let Some(activity) = activity.filter(|activity| view.state != RunState::Waiting || has_place(activity)) {
            view.state = RunState::Running;
            view.worker = Some(activity.found.holder());
            if let Some(record) = &activity.found.record {
                view.device.clone_from(&record.device);
            }
            view.progress = activity.progress.get(&entry.id).cloned();
        }
        Ok(view)
    }

    /// Names of the folders below `runs/`.
    pub(super) fn folders_of_runs(&self) -> Result<BTreeSet<String>, StoreError> {
        let folder = self.layout().runs();
        let entries = std::fs::read_dir(&folder).map_err(|error| StoreError::io(&folder, "read", error))?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }
}

impl RunView {
    /// Whether it came to the end that it was to come to: its last epoch, or the one at which its `early_stopping` ended it. What
    /// a run would have come to that its search gave up, or that somebody stopped, is not known.
    pub fn ended_by_itself(&self) -> bool {
        self.state == RunState::Completed || self.stopped_because == Some(StopReason::EarlyStopping)
    }

    fn take_result(&mut self, result: ResultRecord) {
        self.stopped_because = result.stopped_because();
        (self.state, self.reason) = match result.outcome {
            Outcome::Completed { .. } => (RunState::Completed, None),
            Outcome::Diverged { epoch, step } => {
                let reason = format!("the loss was no finite number in epoch {epoch}, step {step}");
                (RunState::Diverged, Some(reason))
            }
            Outcome::Failed { reason } => (RunState::Failed, Some(reason)),
            Outcome::Stopped { epoch, because } if result.extended_from.is_some() && because != StopReason::Request => {
                let epochs = self.run.spec.epochs;
                (RunState::Stopped, Some(format!("after epoch {epoch} of {epochs}, to which it was extended")))
            }
            Outcome::Stopped { epoch, because } => {
                (RunState::Stopped, Some(stopped_because(&self.run.spec, epoch, because)))
            }
        };
        self.best = result.best;
        self.test = result.test;
        self.epochs = result.epochs;
        self.seconds = result.seconds;
        self.trainable_parameters = result.trainable_parameters;
        self.device = result.device;
    }

    /// What is known of a run without a result.
    fn take_partial(&mut self, files: &RunFolder) {
        match read_json::<RunRecord>(&files.run_json()) {
            Ok(Some(record)) => {
                self.state = RunState::Interrupted;
                self.trainable_parameters = Some(record.facts.trainable_parameters);
                self.device = Some(record.facts.device);
                self.backend = record.facts.backend;
            }
            Ok(None) => {}
            Err(error) => {
                self.state = RunState::Interrupted;
                self.add_damage(&error);
            }
        }
        match read_epochs(&files.metrics_csv()) {
            Ok(epochs) => {
                self.best = best_epoch(&epochs, self.run.spec.metric_for_best).cloned();
                self.epochs = epochs.len();
                self.seconds = epochs.iter().map(|record| record.seconds).sum();
            }
            Err(error) => self.add_damage(&error),
        }
    }

    /// Whether it is completed, or stopped, and not all that it left is there.
    pub fn is_damaged(&self) -> bool {
        self.has_left() && self.damage.is_some()
    }

    fn has_left(&self) -> bool {
        matches!(self.state, RunState::Completed | RunState::Stopped)
    }

    fn note_missing(&mut self, files: &RunFolder, result: &ResultRecord) {
        if result.has_adapter() {
            missing(files, result).into_iter().for_each(|fault| self.add_fault(fault));
        }
    }

    /// Looks closely at what a completed or stopped run left, which takes longer than [`Store::runs`] wants to: see
    /// [`Store::examine`].
    pub fn examine(&mut self, store: &Store) {
        if self.has_left() {
            self.damage = None;
            // The result was just read; what happened to it since is seen at the next look.
            store.examine(&self.run.id).unwrap_or_default().into_iter().for_each(|fault| self.add_fault(fault));
        }
    }

    pub(super) fn add_damage(&mut self, error: &StoreError) {
        self.add_fault(format!("this run's record is damaged: {error}"));
    }

    fn add_fault(&mut self, text: String) {
        self.damage = Some(match self.damage.take() {
            Some(earlier) => format!("{earlier}; {text}"),
            None => text,
        });
    }
}

/// Why a run stopped, for people to read.
fn stopped_because(spec: &RunSpec, epoch: usize, because: StopReason) -> String {
    let after = format!("after epoch {epoch} of {}", spec.epochs);
    match (because, spec.early_stopping) {
        (StopReason::EarlyStopping, Some(rule)) => format!(
            "{after}, by its early_stopping: {} did not improve by more than {} in {} in a row",
            spec.metric_for_best.name(),
            rule.min_delta,
            counted(rule.patience, "evaluation")
        ),
        (StopReason::EarlyStopping, None) => format!("{after}, by its early_stopping"),
        (StopReason::Pause, _) => format!("{after}: it was planned no further"),
        (StopReason::Request, _) => format!("{after}, because somebody asked for it"),
    }
}

/// A run of which nothing is there.
pub(super) fn blank(entry: &RunEntry, packs: &[&PackPlan]) -> RunView {
    let epochs = entry.spec.epochs;
    let planned = packs.iter().map(|pack| pack.last_epoch(&entry.id, epochs)).max();
    RunView {
        run: entry.planned(),
        removed: entry.removed,
        changes: entry.changes.clone(),
        state: RunState::Pending,
        pack: packs.first().map(|pack| pack.id.clone()),
        worker: None,
        device: None,
        backend: None,
        best: None,
        test: None,
        stopped_after: None,
        stopped_because: None,
        epochs: 0,
        planned_epochs: planned.unwrap_or(epochs),
        seconds: 0.0,
        trainable_parameters: None,
        progress: None,
        reason: None,
        damage: None,
    }
}

/// A live claim on a pack and the progress told there.
struct Activity {
    found: Found,
    progress: BTreeMap<RunId, RunProgress>,
}

/// Looks at every pack's claim once.
pub(super) struct Activities<'a> {
    store: &'a Store,
    known: BTreeMap<PackId, Option<Activity>>,
}

impl<'a> Activities<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { store, known: BTreeMap::new() }
    }

    fn on(&mut self, pack: &PackPlan) -> Result<Option<&Activity>, StoreError> {
        if !self.known.contains_key(&pack.id) {
            let files = self.store.layout().pack(&pack.id);
            let found = inspect(&files.claim(), self.store.claim_options().expiry)?.filter(|found| found.live);
            let activity = found.map(|found| {
                let progress = read_json::<PackProgress>(&files.progress()).ok().flatten().unwrap_or_default();
                Activity { found, progress: progress.runs }
            });
            self.known.insert(pack.id.clone(), activity);
        }
        Ok(self.known.get(&pack.id).and_then(Option::as_ref))
    }
}
