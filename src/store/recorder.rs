//! Saves what training a pack leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::event::{EpochRecord, Outcome};
use crate::spec::{PackPlan, PlannedRun, RunId};
use crate::task::Targets;
use crate::train::{Checkpoint, RecordError, Recorder, RunFacts, RunResult};

use super::asked_stops::AskedStops;
use super::checkpoint::{read_checkpoint, write_checkpoint};
use super::claim::Claim;
use super::durable::{create_folder, remove_file, remove_leftovers, write_atomically};
use super::epochs::{read_epochs, write_epochs};
use super::json::{FORMAT_VERSION, write_json};
use super::layout::RunFolder;
use super::predictions::write_predictions;
use super::records::{FileDigest, ResultRecord, RunRecord, Versions, now};
use super::slots::{CheckpointSlots, Loaded};
use super::{Store, StoreError, anew};

/// Temporary files this old in a folder that others may write to have no writer any more.
const LEFTOVER_AGE: Duration = Duration::from_secs(600);

/// The recorder of one pack, for the one who has claimed it. Every call looks first whether the claim still holds and
/// writes nothing when it does not.
///
/// A run that was done with this pack when the recorder was opened (it had ended, or stopped where it stops here) keeps its
/// files as they are: when a worker dies between a run's result and the next checkpoint, the last steps of that run are
/// done again, and give the same.
#[derive(Debug)]
pub struct PackRecorder {
    store: Store,
    plan: PackPlan,
    runs: BTreeMap<RunId, PlannedRun>,
    /// Runs that were done with this pack when the recorder was opened.
    done: BTreeSet<RunId>,
    claim: Claim,
    versions: Versions,
    slots: CheckpointSlots,
    /// Read when the recorder was opened and not handed out yet.
    loaded: Option<Checkpoint>,
    sequence: u64,
    facts: BTreeMap<RunId, RunFacts>,
    epochs: BTreeMap<RunId, Vec<EpochRecord>>,
    stops: AskedStops,
}

impl PackRecorder {
    /// Binds a recorder to a claimed pack, removes what writers that died left in its folders, and reads its
    /// checkpoint. The texts are for people to read: they tell of damaged checkpoints.
    ///
    /// # Errors
    /// The claim was lost, a folder cannot be used, or a checkpoint has another format version.
    pub fn open(
        store: &Store,
        plan: &PackPlan,
        claim: Claim,
        versions: &Versions,
    ) -> Result<(Self, Vec<String>), StoreError> {
        claim.verify()?;
        let files = store.layout().pack(&plan.id);
        remove_leftovers(files.folder(), LEFTOVER_AGE)?;
        let mut runs = BTreeMap::new();
        let mut done = BTreeSet::new();
        let (mut unusable, mut stops) = (Vec::new(), AskedStops::default());
        for id in plan.places.iter().flatten() {
            let run = store.layout().run(id);
            // Only the owner of the pack writes there.
            remove_leftovers(run.folder(), Duration::ZERO)?;
            remove_leftovers(&run.adapter(), Duration::ZERO)?;
            let planned = store.entry(id)?.planned();
            let epochs = planned.spec.epochs;
            runs.insert(id.clone(), planned);
            if matches!(store.result(id), Ok(Some(result)) if store.is_done_in(&result, plan, epochs)) {
                done.insert(id.clone());
                if store.is_stopped_on_request(id) {
                    stops.add_earlier(id.clone());
                }
                continue;
            }
            match store.run_record(id) {
                Ok(_) => {}
                Err(error @ StoreError::Io { .. }) => return Err(error),
                Err(error) => unusable.push(error.to_string()),
            }
        }
        // What a resumed run leaves is named with what was told when it started.
        let Loaded { slots, checkpoint, sequence, notices } =
            anew::load(&files, &store.claim_options().worker, &unusable)?;
        let recorder = Self {
            store: store.clone(),
            plan: plan.clone(),
            runs,
            done,
            claim,
            versions: versions.clone(),
            slots,
            loaded: checkpoint,
            sequence,
            facts: BTreeMap::new(),
            epochs: BTreeMap::new(),
            stops,
        };
        Ok((recorder, notices))
    }

    pub fn plan(&self) -> &PackPlan {
        &self.plan
    }

    /// The pack's runs.
    pub fn runs(&self) -> &BTreeMap<RunId, PlannedRun> {
        &self.runs
    }

    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Number of the newest sound checkpoint; 0 where there is none.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Gives the pack up.
    ///
    /// # Errors
    /// The claim was lost, or cannot be removed.
    pub fn release(self) -> Result<(), StoreError> {
        self.claim.release()
    }

    fn run_files(&self, run: &RunId) -> RunFolder {
        self.store.layout().run(run)
    }

    /// Whether there is something to record of a run, by somebody who may.
    fn is_open(&self, run: &RunId) -> Result<bool, StoreError> {
        self.claim.verify()?;
        self.planned(run)?;
        Ok(!self.done.contains(run))
    }

    fn planned(&self, run: &RunId) -> Result<&PlannedRun, StoreError> {
        self.runs
            .get(run)
            .ok_or_else(|| StoreError::NoSuchRun { path: self.store.layout().sweep_json(), run: run.clone() })
    }

    /// What was told when the run started, in this process or an earlier one.
    fn facts_of(&mut self, run: &RunId) -> Result<Option<&RunFacts>, StoreError> {
        if !self.facts.contains_key(run)
            && let Some(record) = self.store.run_record(run)?
        {
            self.facts.insert(run.clone(), record.facts);
        }
        Ok(self.facts.get(run))
    }

    fn epochs_of(&mut self, run: &RunId) -> Result<&[EpochRecord], StoreError> {
        if !self.epochs.contains_key(run) {
            let epochs = read_epochs(&self.run_files(run).metrics_csv())?;
            self.epochs.insert(run.clone(), epochs);
        }
        Ok(self.epochs.get(run).map_or(&[], Vec::as_slice))
    }

    fn write_started(&mut self, run: &RunId, facts: &RunFacts) -> Result<(), StoreError> {
        let planned = self.planned(run)?.clone();
        let files = self.run_files(run);
        create_folder(files.folder())?;
        // A damaged record of an earlier start is replaced.
        let before = self.store.run_record(run).ok().flatten();
        let started = before.as_ref().map_or_else(now, |before| before.started.clone());
        let record = RunRecord {
            format_version: FORMAT_VERSION,
            executor: self.store.record().executor,
            run: planned,
            facts: facts.clone(),
            versions: self.versions.clone(),
            extends: self.store.record().extends.iter().map(FileDigest::of).collect(),
            started,
        };
        if before.as_ref() != Some(&record) {
            write_json(&files.run_json(), &record)?;
        }
        self.facts.insert(run.clone(), facts.clone());
        Ok(())
    }

    /// Writes what a run leaves, and then that it ended in this way.
    fn write_left(&mut self, run: &RunId, outcome: &Outcome, result: &RunResult) -> Result<(), StoreError> {
        let files = self.run_files(run);
        let facts = self.facts_of(run)?;
        let targets = facts.map_or_else(|| Targets::of_classes(Vec::new()), |facts| facts.targets.clone());
        let test = result.test.as_ref();
        for (path, predictions) in [
            (files.predictions_csv(), Some(&result.predictions)),
            (files.last_predictions_csv(), result.last_predictions.as_ref()),
            (files.test_predictions_csv(), test.map(|test| &test.best.predictions)),
            (files.last_test_predictions_csv(), test.and_then(|test| Some(&test.last.as_ref()?.predictions))),
        ] {
            match predictions {
                Some(predictions) => write_predictions(&path, &targets, predictions)?,
                // What it may have left where it stopped before.
                None => remove_file(&path)?,
            }
        }
        create_folder(&files.adapter())?;
        write_atomically(&files.adapter_config(), result.adapter.config.as_bytes())?;
        write_atomically(&files.adapter_weights(), &result.adapter.weights)?;
        self.write_result(run, outcome, Some(result))
    }

    fn write_completed(&mut self, run: &RunId, result: &RunResult) -> Result<(), StoreError> {
        self.write_left(run, &Outcome::Completed { best_epoch: result.best_epoch }, result)?;
        remove_file(&self.run_files(run).checkpoint())
    }

    fn write_stopped(
        &mut self,
        run: &RunId,
        outcome: &Outcome,
        result: Option<&RunResult>,
        state: &Checkpoint,
    ) -> Result<(), StoreError> {
        let epochs = self.epochs_of(run)?.len();
        write_checkpoint(&self.run_files(run).checkpoint(), epochs as u64, state)?;
        match result {
            Some(result) => self.write_left(run, outcome, result)?,
            None => self.write_result(run, outcome, None)?,
        }
        self.stops.answer(&self.store, run, outcome)
    }

    /// Records runs that stop on request before anything of this pack is trained, and gives them with how they ended.
    ///
    /// # Errors
    /// The claim was lost, or the folder cannot be written.
    pub fn withdraw_before_start(&mut self) -> Result<Vec<(RunId, Outcome)>, RecordError> {
        if self.sequence > 0 {
            return Ok(Vec::new());
        }
        let asked = self.asked_to_stop()?;
        let mut withdrawn = Vec::new();
        for run in asked {
            if self.is_open(&run)? {
                let outcome = self.withdrawn(&run)?;
                withdrawn.push((run, outcome));
            }
        }
        Ok(withdrawn)
    }

    /// Where a run that goes on by request had stopped before that.
    fn extended_from(&self, run: &RunId) -> Option<usize> {
        let before = self.store.result(run).ok().flatten().filter(|_| self.plan.extended.contains(run))?;
        match before.outcome {
            Outcome::Stopped { epoch, .. } => before.extended_from.or(Some(epoch)),
            _ => before.extended_from,
        }
    }

    /// What a run that stopped goes on from. A damaged state is told in the run's log and left: the run begins anew and gives
    /// the same.
    fn read_state(&self, run: &RunId) -> Result<Option<Checkpoint>, StoreError> {
        match read_checkpoint(&self.run_files(run).checkpoint()) {
            Ok(read) => Ok(read.map(|(_, state)| state)),
            Err(error @ StoreError::Damaged { .. }) => {
                self.store.append_run_log(run, &format!("{error}; the run begins anew, and comes to the same"))?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes `result.json`, which makes the run done.
    fn write_result(&mut self, run: &RunId, outcome: &Outcome, result: Option<&RunResult>) -> Result<(), StoreError> {
        self.claim.verify()?;
        let files = self.run_files(run);
        create_folder(files.folder())?;
        let planned = self.planned(run)?.clone();
        let epochs = match self.epochs_of(run) {
            Ok(epochs) => epochs.to_vec(),
            // That a run failed must be told even where nothing else can be.
            Err(StoreError::Damaged { .. }) if result.is_none() => Vec::new(),
            Err(error) => return Err(error),
        };
        // A run may end before its facts are known.
        let executor = self.store.record().executor;
        let facts = self.facts_of(run).ok().flatten();
        let record = ResultRecord::new(executor, &planned, outcome, &epochs, facts, now());
        let stops = if record.is_stopped_on_request() { self.store.next_stop(run) } else { 0 };
        let record = ResultRecord { extended_from: self.extended_from(run), stops, ..record };
        write_json(&files.result_json(), &result.map_or(record.clone(), |result| record.with(result)))
    }

    fn write_epochs(&mut self, run: &RunId, records: &[EpochRecord]) -> Result<(), StoreError> {
        let files = self.run_files(run);
        write_epochs(&files.metrics_csv(), records)?;
        self.epochs.insert(run.clone(), records.to_vec());
        Ok(())
    }
}

impl Recorder for PackRecorder {
    fn checkpoint(&mut self) -> Result<Option<Checkpoint>, RecordError> {
        if let Some(checkpoint) = self.loaded.take() {
            return Ok(Some(checkpoint));
        }
        if self.sequence == 0 {
            return Ok(None);
        }
        let loaded = CheckpointSlots::load(&self.store.layout().pack(&self.plan.id))?;
        Ok(loaded.checkpoint)
    }

    fn save_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), RecordError> {
        self.claim.verify()?;
        self.sequence = self.slots.save(checkpoint)?;
        self.loaded = None;
        Ok(())
    }

    fn started(&mut self, run: &RunId, facts: &RunFacts) -> Result<(), RecordError> {
        if self.is_open(run)? {
            self.write_started(run, facts)?;
        }
        Ok(())
    }

    fn epochs(&mut self, run: &RunId, records: &[EpochRecord]) -> Result<(), RecordError> {
        if self.is_open(run)? {
            self.write_epochs(run, records)?;
        }
        Ok(())
    }

    fn completed(&mut self, run: &RunId, result: &RunResult) -> Result<(), RecordError> {
        if self.is_open(run)? {
            self.write_completed(run, result)?;
        }
        Ok(())
    }

    fn stopped_state(&mut self, run: &RunId) -> Result<Option<Checkpoint>, RecordError> {
        Ok(self.read_state(run)?)
    }

    fn stopped(
        &mut self,
        run: &RunId,
        outcome: &Outcome,
        result: Option<&RunResult>,
        state: &Checkpoint,
    ) -> Result<(), RecordError> {
        if self.is_open(run)? {
            self.write_stopped(run, outcome, result, state)?;
        }
        Ok(())
    }

    fn asked_to_stop(&mut self) -> Result<Vec<RunId>, RecordError> {
        let Self { stops, store, runs, done, .. } = self;
        Ok(stops.look(store, |run| runs.contains_key(run) && !done.contains(run)))
    }

    fn withdrawn(&mut self, run: &RunId) -> Result<Outcome, RecordError> {
        self.claim.verify()?;
        self.planned(run)?;
        let recorded = if self.done.contains(run) { self.store.result(run)? } else { None };
        if let Some(recorded) = recorded {
            return Ok(recorded.outcome);
        }
        let outcome = self.store.withdraw(run)?;
        self.done.insert(run.clone());
        self.stops.answer(&self.store, run, &outcome)?;
        Ok(outcome)
    }

    fn ended(&mut self, run: &RunId, outcome: &Outcome) -> Result<(), RecordError> {
        if self.is_open(run)? {
            self.write_result(run, outcome, None)?;
            if matches!(outcome, Outcome::Diverged { .. }) {
                remove_file(&self.run_files(run).checkpoint())?;
            }
        }
        Ok(())
    }
}
