//! A pack from its first step, or its checkpoint, to its end: evaluation, records, checkpoints, events.

mod ending;
mod events;
mod stopping;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::data::{Examples, TrainingData};
use super::evaluate::{Evaluation, evaluate_until};
use super::frozen_states::FrozenParts;
use super::member::{Best, Member, Orders};
use super::pack::{Pack, PackPlace, ReadLoss};
use super::{Recorder, RunFacts, TrainError, state};
use crate::event::{EpochRecord, Event, Figures, Sink, best_epoch};
use crate::metrics::{Metric, TrainingTotals};
use crate::model::{Adapter, AdapterShape, Base, SavedAdapter, count_parameters};
use crate::spec::{PackPlan, PlannedRun, RunId};
use crate::task::Task;
use events::{progress_event, rate, started_event};

/// At most this often does a run report its progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// What a pack is trained with.
pub struct Job<'a> {
    pub plan: &'a PackPlan,
    pub runs: &'a BTreeMap<RunId, PlannedRun>,
    pub base: &'a Base,
    pub data: &'a TrainingData,
    /// The adapter that every run of the pack begins with; none: each begins with a new one.
    pub initial: Option<&'a SavedAdapter>,
    pub model_digest: String,
    /// The device's name as recorded.
    pub device: String,
    pub checkpoint_every: Duration,
}

/// Trains a pack; true when every run has ended, false when `stop` asked to leave and the state is saved. `frozen`: what
/// earlier packs on the same base and data have left.
///
/// # Errors
/// Whatever ends the whole pack. A NaN or infinite loss ends its run only.
pub fn train(
    job: &Job<'_>,
    frozen: &mut FrozenParts,
    recorder: &mut dyn Recorder,
    sink: &mut dyn Sink,
    stop: &dyn Fn() -> bool,
) -> Result<bool, TrainError> {
    let _guard = tch::no_grad_guard();
    let places = job.plan.places.iter().map(|runs| PackPlace { member: None, waiting: runs.iter().cloned().collect() });
    let pack = Pack::new(job.base, job.data, places.collect());
    let now = Instant::now();
    let sample = job.data.train_sample();
    let mut session = Session { job, pack, sample, frozen, recorder, sink, checkpoint_at: now, progress_at: now };
    session.resume()?;
    session.run(stop)
}

struct Session<'a, 'b> {
    job: &'a Job<'a>,
    pack: Pack<'a>,
    /// Training examples that are evaluated as well.
    sample: Examples,
    frozen: &'b mut FrozenParts,
    recorder: &'b mut dyn Recorder,
    sink: &'b mut dyn Sink,
    checkpoint_at: Instant,
    progress_at: Instant,
}

impl Session<'_, '_> {
    fn resume(&mut self) -> Result<(), TrainError> {
        let Some(checkpoint) = self.recorder.checkpoint()? else {
            return Ok(());
        };
        let job = self.job;
        state::restore(&mut self.pack, checkpoint, |run| begin(job, run))?;
        for (_, member) in self.pack.active() {
            // What is true of the run may have changed since: it goes on on another device.
            self.recorder.started(member.id(), &facts(job, member))?;
            self.recorder.epochs(member.id(), &member.records)?;
            let event = started_event(member, parameters(job, member));
            self.sink.emit(&event);
        }
        Ok(())
    }

    fn run(&mut self, stop: &dyn Fn() -> bool) -> Result<bool, TrainError> {
        // Those that were left in their test.
        if !self.end_finished(stop)? {
            return Ok(false);
        }
        loop {
            if self.stop_asked()? {
                self.save_checkpoint()?;
            }
            self.fill_places()?;
            if self.finished().next().is_some() {
                // Taken up where they had stopped already: killed before that was recorded, or their record was damaged.
                if !self.end_finished(stop)? {
                    return Ok(false);
                }
                continue;
            }
            if self.pack.active().next().is_none() {
                return Ok(true);
            }
            if stop() {
                self.leave()?;
                return Ok(false);
            }
            self.pack.step()?;
            let epoch_ends: Vec<usize> =
                self.pack.active().filter(|(_, member)| member.epoch_done()).map(|(place, _)| place).collect();
            if self.pack.read_due() || !epoch_ends.is_empty() {
                self.read_losses()?;
            }
            if !epoch_ends.is_empty() {
                self.close_epochs(&epoch_ends)?;
                if self.job.data.test.is_some() && self.finished().next().is_some() {
                    // A test may take long: who leaves in it has nothing but the test to repeat.
                    self.save_checkpoint()?;
                }
                if !self.end_finished(stop)? {
                    return Ok(false);
                }
                self.fill_places()?;
                self.save_checkpoint()?;
            } else if self.checkpoint_at.elapsed() >= self.job.checkpoint_every {
                self.read_losses()?;
                self.save_checkpoint()?;
            }
        }
    }

    /// Gives every empty place to the next run that waits for it.
    fn fill_places(&mut self) -> Result<(), TrainError> {
        for place in 0..self.pack.places.len() {
            if self.pack.places[place].member.is_some() {
                continue;
            }
            let Some(run) = self.pack.places[place].waiting.pop_front() else {
                continue;
            };
            let mut member = begin(self.job, &run)?;
            if let Some(state) = self.recorder.stopped_state(&run)? {
                state::restore_run(&mut member, state, self.pack.data.train.len())?;
                self.recorder.epochs(&run, &member.records)?;
            }
            self.recorder.started(&run, &facts(self.job, &member))?;
            self.sink.emit(&started_event(&member, parameters(self.job, &member)));
            self.pack.places[place].member = Some(member);
        }
        Ok(())
    }

    /// Reads what the device has computed; a run whose loss is no finite number leaves the pack.
    fn read_losses(&mut self) -> Result<(), TrainError> {
        let read = self.pack.read_losses()?;
        for loss in read.iter().filter(|loss| !loss.loss.is_finite()) {
            self.diverged(loss)?;
        }
        if self.progress_at.elapsed() >= PROGRESS_EVERY {
            self.tell_progress();
        }
        Ok(())
    }

    /// Of the runs that have begun with their epoch: others have no loss yet.
    fn tell_progress(&mut self) {
        self.progress_at = Instant::now();
        for (_, member) in self.pack.active().filter(|(_, member)| member.progress.sums.examples > 0) {
            self.sink.emit(&progress_event(member));
        }
    }

    /// Saves the state of a pack that goes on later. The progress that is told at the end is the one that is saved, however
    /// short the time was.
    fn leave(&mut self) -> Result<(), TrainError> {
        self.read_losses()?;
        self.save_checkpoint()?;
        self.tell_progress();
        Ok(())
    }

    /// Evaluates the runs whose epoch is done, and records it.
    fn close_epochs(&mut self, places: &[usize]) -> Result<(), TrainError> {
        let places: Vec<usize> =
            places.iter().copied().filter(|&place| self.pack.places[place].member.is_some()).collect();
        let started = Instant::now();
        self.tell_of_evaluation(&places, 1);
        // Neither is ever asked to stop.
        let evaluations = self.evaluate(DataPart::Evaluation, &places, &|| false)?.unwrap_or_default();
        let of_sample = self.evaluate(DataPart::TrainSample, &places, &|| false)?.unwrap_or_default();
        let seconds = started.elapsed().as_secs_f64();
        let (task, examples) = (self.pack.data.targets.task(), self.pack.data.train.len());
        for ((place, evaluation), (_, of_sample)) in evaluations.into_iter().zip(of_sample) {
            let Some(member) = self.pack.member(place) else {
                continue;
            };
            let loss = evaluation.figures.metric(Metric::EVAL_LOSS).unwrap_or(f64::NAN);
            if !loss.is_finite() {
                let (epoch, step) = (member.progress.epoch, member.progress.step);
                self.diverged(&ReadLoss { place, loss, epoch, step })?;
                continue;
            }
            let train_eval_loss = of_sample.figures.metric(Metric::EVAL_LOSS).filter(|loss| loss.is_finite());
            let record = record(task, member, &evaluation.figures, train_eval_loss, seconds);
            member.records.push(record.clone());
            let unused = keep_if_best(member, evaluation.outputs);
            member.next_epoch(examples);
            if member.finished() {
                member.last_outputs = unused;
            }
            let run = member.id().clone();
            self.recorder.epochs(&run, &member.records.clone())?;
            self.sink.emit(&Event::EpochFinished { run, record });
        }
        self.pack.restart_clock();
        Ok(())
    }

    /// Runs without an epoch left here.
    fn finished(&self) -> impl Iterator<Item = usize> {
        self.pack.active().filter(|(_, member)| member.finished()).map(|(place, _)| place)
    }

    /// `ahead`: epochs after those that are completed.
    fn tell_of_evaluation(&mut self, places: &[usize], ahead: usize) {
        for &place in places {
            if let Some(member) = self.pack.places[place].member.as_ref() {
                let (run, epoch) = (member.id().clone(), member.progress.epoch + ahead);
                self.sink.emit(&Event::Evaluating { run, epoch });
            }
        }
    }

    /// One pass over the examples for all runs with the same batch size; none where `stop` asked to leave.
    fn evaluate(
        &mut self,
        part: DataPart,
        places: &[usize],
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<(usize, Evaluation)>>, TrainError> {
        let (examples, frozen) = match part {
            DataPart::Evaluation => (Some(&self.job.data.evaluation), &mut self.frozen.evaluation),
            DataPart::TrainSample => (Some(&self.sample), &mut self.frozen.train_sample),
            DataPart::Test => (self.job.data.test.as_ref(), &mut self.frozen.test),
        };
        let mut by_batch_size = BTreeMap::<usize, Vec<(usize, &Adapter)>>::new();
        for &place in places {
            if let Some(member) = self.pack.places[place].member.as_ref() {
                by_batch_size.entry(member.spec().eval_batch_size).or_default().push((place, &member.adapter));
            }
        }
        let mut evaluations = Vec::new();
        for (batch_size, runs) in by_batch_size {
            let (places, adapters): (Vec<usize>, Vec<&Adapter>) = runs.into_iter().unzip();
            let Some(examples) = examples else { continue };
            let results = evaluate_until(
                self.job.base,
                self.job.data.targets.task(),
                &adapters,
                examples,
                batch_size,
                Some(frozen),
                stop,
            )?;
            let Some(results) = results else {
                return Ok(None);
            };
            evaluations.extend(places.into_iter().zip(results));
        }
        evaluations.sort_by_key(|(place, _)| *place);
        Ok(Some(evaluations))
    }

    fn save_checkpoint(&mut self) -> Result<(), TrainError> {
        self.recorder.save_checkpoint(&state::save(&self.pack)?)?;
        self.sink.emit(&Event::CheckpointSaved { pack: self.job.plan.id.clone() });
        self.checkpoint_at = Instant::now();
        self.pack.restart_clock();
        Ok(())
    }
}

/// What is evaluated.
#[derive(Clone, Copy, Debug)]
enum DataPart {
    Evaluation,
    TrainSample,
    Test,
}

/// A run at its first step, which knows how far it goes here.
fn begin(job: &Job<'_>, run: &RunId) -> Result<Member, TrainError> {
    let planned =
        job.runs.get(run).ok_or_else(|| TrainError::Setting(format!("run {run} is not part of this pack")))?;
    let spec = &planned.spec;
    let config = &job.base.config;
    let longest = config.longest_sequence();
    if spec.max_length > longest {
        let given = spec.max_length;
        return Err(TrainError::Setting(format!("max_length is {given}; this model takes at most {longest} tokens")));
    }
    if !job.data.targets.task().has(spec.metric_for_best) {
        let (metric, task) = (spec.metric_for_best.name(), job.data.targets.task().name());
        return Err(TrainError::Setting(format!("metric_for_best is {metric}, which {task} does not measure")));
    }
    let adapter = match job.initial {
        Some(initial) => initial.adapter(job.base, spec.init_seed())?,
        None => Adapter::new(job.base, AdapterShape::of_run(config, spec)?, spec.init_seed())?,
    };
    let mut member = Member::new(planned.clone(), adapter, job.data, Orders::Keyed)?;
    member.train_to(job.plan.last_epoch(run, spec.epochs), job.plan.extended.contains(run));
    Ok(member)
}

fn parameters(job: &Job<'_>, member: &Member) -> (usize, usize) {
    count_parameters(&job.base.config, &member.adapter.shape, job.base.classes)
}

fn facts(job: &Job<'_>, member: &Member) -> RunFacts {
    let (trainable_parameters, total_parameters) = parameters(job, member);
    RunFacts {
        trainable_parameters,
        total_parameters,
        train_examples: job.data.train.len(),
        eval_examples: job.data.evaluation.len(),
        test_examples: job.data.test.as_ref().map(Examples::len),
        targets: job.data.targets.clone(),
        data: job.data.overview.clone(),
        data_digest: job.data.digest.clone(),
        model_digest: job.model_digest.clone(),
        steps: member.schedule.total_steps,
        device: job.device.clone(),
        backend: Some(job.base.backend.to_string()),
        token_lengths: job.data.token_lengths,
    }
}

fn record(
    task: &dyn Task,
    member: &Member,
    evaluation: &Figures,
    train_eval_loss: Option<f64>,
    evaluation_seconds: f64,
) -> EpochRecord {
    let sums = &member.progress.sums;
    let examples = sums.examples as f64;
    let accuracy = task.has(Metric::TRAIN_ACCURACY).then_some(sums.correct / examples);
    let totals = TrainingTotals { loss: sums.loss / examples, accuracy };
    EpochRecord {
        epoch: member.progress.epoch + 1,
        metrics: evaluation.metrics.with_training(&totals),
        train_eval_loss,
        learning_rate: member.last_learning_rate(),
        seconds: sums.seconds + evaluation_seconds,
        examples_per_second: rate(sums.examples, sums.seconds),
        tokens_per_second: rate(sums.tokens, sums.seconds),
    }
}

/// Keeps the parameters and the outputs where the newest record is the best one; gives the outputs back where not.
fn keep_if_best(member: &mut Member, outputs: Vec<f32>) -> Option<Vec<f32>> {
    let metric = member.run.spec.metric_for_best;
    let newest = member.records.last().map(|record| record.epoch);
    let best = best_epoch(&member.records, metric).map(|record| record.epoch);
    if let Some(epoch) = newest.filter(|_| newest == best || member.best.is_none()) {
        member.best = Some(Best { epoch, values: member.adapter.parameters.values.copy(), outputs });
        return None;
    }
    Some(outputs)
}
