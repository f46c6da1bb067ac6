//! A pack in work.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::Instant;

use sweep::event::{Event, Outcome, Sink, StopReason};
use sweep::execute::{ExecuteError, PackEnd, PackJob, Stop};
use sweep::spec::RunId;
use sweep::train::Recorder;

use super::checkpoint::{SavedRuns, read_checkpoint, write_checkpoint};
use super::fault::MockFaultKind;
use super::run::{MockRun, Saved};
use super::settings::MockSettings;

/// A pack in work.
pub(super) struct MockPack<'a> {
    settings: &'a MockSettings,
    job: &'a PackJob,
    /// Runs that were started, the ended ones included.
    runs: BTreeMap<RunId, MockRun<'a>>,
    last_checkpoint: Instant,
}

impl<'a> MockPack<'a> {
    pub(super) fn new(settings: &'a MockSettings, job: &'a PackJob, saved: SavedRuns) -> Self {
        let resumed = |(id, saved): (RunId, Saved)| {
            let run = job.runs.get(&id)?;
            Some((id, MockRun::resume(settings, run, &job.pack, saved)))
        };
        Self { settings, job, runs: saved.into_iter().filter_map(resumed).collect(), last_checkpoint: Instant::now() }
    }

    pub(super) fn train(
        &mut self,
        recorder: &mut dyn Recorder,
        sink: &mut dyn Sink,
        stop: &Stop,
    ) -> Result<PackEnd, ExecuteError> {
        let mut announced = Vec::new();
        loop {
            if self.stop_asked(recorder, sink)? {
                self.save(recorder, sink)?;
            }
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
            if active.iter().any(|id| self.runs.get(id).is_some_and(MockRun::has_ended)) {
                continue;
            }
            if stop.requested() {
                self.save(recorder, sink)?;
                return Ok(PackEnd::Interrupted);
            }
            self.step(&active, recorder, sink)?;
        }
    }

    /// Ends runs that somebody asked to stop; true where there were some.
    fn stop_asked(&mut self, recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<bool, ExecuteError> {
        let asked = recorder.asked_to_stop()?;
        for id in &asked {
            let outcome = match (self.runs.get_mut(id), self.job.runs.get(id)) {
                (Some(run), _) if run.has_ended() => continue,
                (Some(run), _) => {
                    let outcome = Outcome::Stopped { epoch: run.records().len(), because: StopReason::Request };
                    let left = (!run.records().is_empty()).then(|| run.result_without_test());
                    let state = SavedRuns::from([(id.clone(), run.state())]);
                    recorder.stopped(id, &outcome, left.as_ref(), &write_checkpoint(&state))?;
                    run.end();
                    outcome
                }
                (None, Some(planned)) => {
                    let outcome = recorder.withdrawn(id)?;
                    let mut run = MockRun::new(self.settings, planned, &self.job.pack);
                    run.end();
                    self.runs.insert(id.clone(), run);
                    outcome
                }
                (None, None) => continue,
            };
            sink.emit(&Event::RunFinished { run: id.clone(), outcome });
        }
        Ok(!asked.is_empty())
    }

    /// The first run of every place that has not ended.
    fn active(&self) -> Vec<RunId> {
        let ended = |id: &&RunId| self.runs.get(id).is_some_and(MockRun::has_ended);
        let places = self.job.pack.places.iter();
        places.filter_map(|place| place.iter().find(|id| !ended(id)).cloned()).collect()
    }

    fn start(&mut self, id: &RunId, recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<(), ExecuteError> {
        let Some(planned) = self.job.runs.get(id) else {
            return Err(ExecuteError::Failed(format!("run {id} of pack {} is unknown", self.job.pack.id).into()));
        };
        let (settings, pack) = (self.settings, &self.job.pack);
        let mut stopped = None;
        if !self.runs.contains_key(id) {
            let state = recorder.stopped_state(id)?.map(|state| read_checkpoint(&state)).transpose()?;
            stopped = state.and_then(|mut state| state.remove(id));
        }
        let goes_on = stopped.is_some();
        let run = self.runs.entry(id.clone()).or_insert_with(|| match stopped {
            Some(saved) => MockRun::resume(settings, planned, pack, saved),
            None => MockRun::new(settings, planned, pack),
        });
        recorder.started(id, &run.facts())?;
        if goes_on {
            recorder.epochs(id, run.records())?;
        }
        sink.emit(&run.started_event());
        if goes_on && run.was_last_epoch() {
            end(run, recorder, sink)?;
        }
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
                self.settings.fault(run.id(), run.step()).map_or(Ok(None), |kind| strike(kind, run))?
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

/// Evaluates a run, and ends it after its last epoch here.
fn finish_epoch(run: &mut MockRun<'_>, recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<(), ExecuteError> {
    let id = run.id().clone();
    sink.emit(&Event::Evaluating { run: id.clone(), epoch: run.epoch() });
    let record = run.evaluate();
    recorder.epochs(&id, run.records())?;
    sink.emit(&Event::EpochFinished { run: id.clone(), record });
    if run.was_last_epoch() {
        end(run, recorder, sink)?;
    }
    Ok(())
}

/// Ends a run that goes no further here.
fn end(run: &mut MockRun<'_>, recorder: &mut dyn Recorder, sink: &mut dyn Sink) -> Result<(), ExecuteError> {
    let id = run.id().clone();
    let result = run.result();
    let last = run.records().len();
    for (epoch, tested) in result.test.iter().flat_map(|test| test.epochs(result.best_epoch, last)) {
        sink.emit(&Event::Tested { run: id.clone(), epoch, figures: tested.figures });
    }
    let outcome = match run.stop() {
        Some(because) => {
            let outcome = Outcome::Stopped { epoch: last, because };
            let state = SavedRuns::from([(id.clone(), run.state())]);
            recorder.stopped(&id, &outcome, Some(&result), &write_checkpoint(&state))?;
            outcome
        }
        None => {
            recorder.completed(&id, &result)?;
            Outcome::Completed { best_epoch: result.best_epoch }
        }
    };
    run.end();
    sink.emit(&Event::RunFinished { run: id, outcome });
    Ok(())
}

/// A fault strikes: the run's outcome where the fault is its own, none where nothing happens.
fn strike(kind: &MockFaultKind, run: &MockRun<'_>) -> Result<Option<Outcome>, ExecuteError> {
    match kind {
        MockFaultKind::NotANumber => Ok(Some(Outcome::Diverged { epoch: run.epoch(), step: run.step() + 1 })),
        MockFaultKind::RunFails(reason) => Ok(Some(Outcome::Failed { reason: reason.clone() })),
        MockFaultKind::Fails(message) => Err(ExecuteError::Failed(message.clone().into())),
        MockFaultKind::OutOfMemory => {
            Err(ExecuteError::OutOfMemory { device: "mock".into(), message: "asked for more than there is".into() })
        }
        MockFaultKind::Panics(message) => panic!("{message}"),
        MockFaultKind::Aborts => std::process::abort(),
        MockFaultKind::Once { marker, kind } => match File::create_new(marker) {
            Ok(_) => strike(kind, run),
            Err(_) => Ok(None),
        },
    }
}
