//! An executor without tensors: plausible, deterministic learning curves in no time, and faults on demand.
//!
//! It keeps the executor's contract to the letter (places advance together, everything needed to resume is in the
//! checkpoint, a run's numbers depend on nothing but the run), so that scheduling, storing, resuming, reporting and the
//! command line are tested with it. Its figures follow from a model of ability and difficulty in which the size of every
//! effect is known ([`MockSettings::ability`]), so that statistics can be checked against the truth.

mod evaluate;
mod fault;
mod random;
mod run;
mod settings;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::event::{Event, Outcome, Sink};
use crate::spec::{PackPlan, RunId};
use crate::train::{Checkpoint, Recorder};

use super::memory::MemoryUse;
use super::{ExecuteError, Executor, PackEnd, PackJob, Stop};

pub use fault::{MockFault, MockFaultKind};
pub use settings::{MockSettings, default_ability};

use run::{MockRun, Saved};

/// Bytes that are pretended to be taken by the frozen weights and by every run.
const WEIGHTS: u64 = 500 << 20;
const RUN: u64 = 64 << 20;

/// The mock executor.
#[derive(Clone, Debug)]
pub struct MockExecutor {
    settings: MockSettings,
    /// Of the last execution.
    memory: MemoryUse,
}

impl MockExecutor {
    pub fn new(settings: MockSettings) -> Self {
        Self { settings, memory: MemoryUse { estimated: 0, before: WEIGHTS, peak: WEIGHTS } }
    }
}

impl Executor for MockExecutor {
    fn device(&self) -> String {
        self.settings.device.clone()
    }

    fn execute(
        &mut self,
        job: &PackJob,
        recorder: &mut dyn Recorder,
        sink: &mut dyn Sink,
        stop: &Stop,
    ) -> Result<PackEnd, ExecuteError> {
        if job.pack.places.len() > self.settings.memory_places {
            return Err(self.out_of_memory(job.pack.places.len()));
        }
        let places = job.pack.places.len() as u64;
        self.memory = MemoryUse { estimated: RUN * places, before: WEIGHTS, peak: WEIGHTS + RUN * places };
        let saved = recorder.checkpoint()?.map(|checkpoint| read_checkpoint(&checkpoint)).transpose()?;
        let mut pack = MockPack::new(&self.settings, job, saved.unwrap_or_default());
        pack.train(recorder, sink, stop)
    }

    fn memory(&self) -> Option<MemoryUse> {
        Some(self.memory)
    }

    fn restrict(&self, checkpoint: &Checkpoint, part: &PackPlan) -> Option<Checkpoint> {
        let mut saved = read_checkpoint(checkpoint).ok()?;
        saved.retain(|run, _| part.places.iter().flatten().any(|kept| kept == run));
        Some(write_checkpoint(&saved))
    }
}

impl MockExecutor {
    fn out_of_memory(&self, places: usize) -> ExecuteError {
        ExecuteError::OutOfMemory {
            device: self.device(),
            message: format!("{places} places do not fit where {} do", self.settings.memory_places),
        }
    }
}

/// States of runs that were started.
type SavedRuns = BTreeMap<RunId, Saved>;

fn read_checkpoint(checkpoint: &Checkpoint) -> Result<SavedRuns, ExecuteError> {
    let unusable = |error: &dyn std::fmt::Display| ExecuteError::Failed(format!("the checkpoint is unusable: {error}"));
    let mut saved: SavedRuns = serde_json::from_value(checkpoint.state.clone()).map_err(|error| unusable(&error))?;
    for (run, saved) in &mut saved {
        let parameters = checkpoint.arrays.get(&run.0).ok_or_else(|| unusable(&format!("nothing of run {run}")))?;
        saved.parameters.clone_from(parameters);
    }
    Ok(saved)
}

fn write_checkpoint(saved: &SavedRuns) -> Checkpoint {
    Checkpoint {
        // Its keys are texts, so it has a JSON form.
        state: serde_json::to_value(saved).unwrap_or_default(),
        arrays: saved.iter().map(|(run, saved)| (run.0.clone(), saved.parameters.clone())).collect(),
    }
}

/// A pack in work.
struct MockPack<'a> {
    settings: &'a MockSettings,
    job: &'a PackJob,
    /// Runs that were started, the ended ones included.
    runs: BTreeMap<RunId, MockRun<'a>>,
    last_checkpoint: Instant,
}

impl<'a> MockPack<'a> {
    fn new(settings: &'a MockSettings, job: &'a PackJob, saved: SavedRuns) -> Self {
        let resumed = |(id, saved): (RunId, Saved)| {
            let run = job.runs.get(&id)?;
            Some((id, MockRun::resume(settings, run, saved)))
        };
        Self { settings, job, runs: saved.into_iter().filter_map(resumed).collect(), last_checkpoint: Instant::now() }
    }

    fn train(
        &mut self,
        recorder: &mut dyn Recorder,
        sink: &mut dyn Sink,
        stop: &Stop,
    ) -> Result<PackEnd, ExecuteError> {
        let mut announced = Vec::new();
        loop {
            let active = self.active();
            if active.is_empty() {
                return Ok(PackEnd::Finished);
            }
            for id in &active {
                if !announced.contains(id) {
                    self.start(id, recorder, sink)?;
                    announced.push(id.clone());
                }
            }
            if stop.requested() {
                self.save(recorder, sink)?;
                return Ok(PackEnd::Interrupted);
            }
            self.step(&active, recorder, sink)?;
        }
    }

    /// The first run of every place that has not ended.
    fn active(&self) -> Vec<RunId> {
        let ended = |id: &&RunId| self.runs.get(id).is_some_and(MockRun::has_ended);
        let places = self.job.pack.places.iter();
        places.filter_map(|place| place.iter().find(|id| !ended(id)).cloned()).collect()
    }

    fn start(&mut self, id: &RunId, recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<(), ExecuteError> {
        let Some(planned) = self.job.runs.get(id) else {
            return Err(ExecuteError::Failed(format!("run {id} of pack {} is unknown", self.job.pack.id)));
        };
        let run = self.runs.entry(id.clone()).or_insert_with(|| MockRun::new(self.settings, planned));
        recorder.started(id, &run.facts())?;
        sink.emit(&run.started_event());
        Ok(())
    }

    /// One micro-batch of every active run.
    fn step(&mut self, active: &[RunId], recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<(), ExecuteError> {
        if !self.settings.step_delay.is_zero() {
            std::thread::sleep(self.settings.step_delay);
        }
        let mut milestone = false;
        for id in active {
            let Some(run) = self.runs.get_mut(id) else {
                continue;
            };
            if let Some(outcome) =
                self.settings.fault(run.id(), run.step()).map_or(Ok(None), |kind| kind.strike(run))?
            {
                recorder.ended(id, &outcome)?;
                run.end();
                sink.emit(&Event::RunFinished { run: id.clone(), outcome });
                milestone = true;
                continue;
            }
            milestone |= run.train_micro_batch();
            sink.emit(&run.progress_event());
            if run.epoch_is_over() {
                finish_epoch(run, recorder, sink)?;
            }
        }
        if milestone || self.last_checkpoint.elapsed() >= self.job.checkpoint_every {
            self.save(recorder, sink)?;
        }
        Ok(())
    }

    fn save(&mut self, recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<(), ExecuteError> {
        let saved: SavedRuns = self.runs.iter().map(|(id, run)| (id.clone(), run.save())).collect();
        recorder.save_checkpoint(&write_checkpoint(&saved))?;
        self.last_checkpoint = Instant::now();
        sink.emit(&Event::CheckpointSaved { pack: self.job.pack.id.clone() });
        Ok(())
    }
}

/// Evaluates a run, and ends it after its last epoch.
fn finish_epoch(run: &mut MockRun<'_>, recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<(), ExecuteError> {
    let id = run.id().clone();
    sink.emit(&Event::Evaluating { run: id.clone(), epoch: run.epoch() });
    let record = run.evaluate();
    recorder.epochs(&id, run.records())?;
    sink.emit(&Event::EpochFinished { run: id.clone(), record });
    if run.was_last_epoch() {
        let result = run.result();
        let last = run.records().len();
        for (epoch, tested) in result.test.iter().flat_map(|test| test.epochs(result.best_epoch, last)) {
            sink.emit(&Event::Tested { run: id.clone(), epoch, figures: tested.figures });
        }
        recorder.completed(&id, &result)?;
        let outcome = Outcome::Completed { best_epoch: result.best_epoch };
        run.end();
        sink.emit(&Event::RunFinished { run: id, outcome });
    }
    Ok(())
}
