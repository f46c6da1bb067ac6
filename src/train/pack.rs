//! Several runs trained in one forward and backward pass.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use tch::{Device, Tensor};

use super::TrainError;
use super::data::TrainingData;
use super::member::{Member, MicroBatch, Update};
use crate::model::{Base, Classifier, Layout, RunPass, RunSequences, RunSpan, upload};
use crate::spec::RunId;

/// Steps whose losses stay on a CUDA device before they are read, so that the step loop does not wait for the device.
const CUDA_STEPS_PER_READ: usize = 8;

/// Tokens up to which further micro-batches of an accumulation window join a forward and backward pass: products of few
/// rows leave a device idle, and a pass of many keeps a signal waiting.
const CPU_TOKENS_PER_PASS: usize = 2048;
const CUDA_TOKENS_PER_PASS: usize = 8192;
/// So many tokens need little memory, whatever was planned for.
const FEW_TOKENS: usize = 512;

/// One place of the pack: the run in training, and those that wait for its place.
#[derive(Debug, Default)]
pub struct PackPlace {
    pub member: Option<Member>,
    pub waiting: VecDeque<RunId>,
}

/// A pack in training.
pub struct Pack<'a> {
    pub base: &'a Base,
    pub data: &'a TrainingData,
    pub places: Vec<PackPlace>,
    /// Micro-batches of one accumulation window are computed together up to so many tokens. What comes out is the same:
    /// each keeps its own dropout masks and loss, and their gradients are added up one after the other.
    pub tokens_per_pass: usize,
    /// Tokens of the longest training example.
    longest: usize,
    unread: Vec<UnreadStep>,
    read_at: Instant,
}

/// Losses of one step that are still on the device.
struct UnreadStep {
    /// `[sequences]`
    losses: Tensor,
    /// `[sequences]`
    correct: Option<Tensor>,
    parts: Vec<StepPart>,
}

/// One run's part of a step.
#[derive(Clone, Debug)]
struct StepPart {
    place: usize,
    sequences: Range<usize>,
    tokens: usize,
    epoch: usize,
    step: usize,
}

/// What one run did in one micro-batch.
#[derive(Debug)]
pub struct StepOfRun {
    pub place: usize,
    /// Present where the micro-batch closed its accumulation window.
    pub update: Option<Update>,
}

/// A micro-batch's loss, read back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadLoss {
    pub place: usize,
    /// Mean over the micro-batch.
    pub loss: f64,
    /// Epochs completed before.
    pub epoch: usize,
    /// Optimizer steps done before.
    pub step: usize,
}

impl<'a> Pack<'a> {
    pub fn new(base: &'a Base, data: &'a TrainingData, places: Vec<PackPlace>) -> Self {
        let tokens_per_pass = match base.device {
            Device::Cuda(_) => CUDA_TOKENS_PER_PASS,
            _ => CPU_TOKENS_PER_PASS,
        };
        let longest = data.train.tokens.iter().map(<[u32]>::len).max().unwrap_or(0);
        Pack { base, data, places, tokens_per_pass, longest, unread: Vec::new(), read_at: Instant::now() }
    }

    /// The places in training.
    pub fn active(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.places.iter().enumerate().filter_map(|(place, p)| Some((place, p.member.as_ref()?)))
    }

    pub fn member(&mut self, place: usize) -> Option<&mut Member> {
        self.places.get_mut(place)?.member.as_mut()
    }

    /// Trains the next micro-batches of every run in training: as many of each, none beyond its next optimizer step.
    pub fn step(&mut self) -> Result<Vec<StepOfRun>, TrainError> {
        let unread = self.forward_and_backward()?;
        let mut steps = Vec::with_capacity(unread.parts.len());
        for part in &unread.parts {
            if let Some(member) = self.places[part.place].member.as_mut() {
                steps.push(StepOfRun { place: part.place, update: member.advance(self.base)? });
            }
        }
        self.unread.push(unread);
        Ok(steps)
    }

    fn forward_and_backward(&self) -> Result<UnreadStep, TrainError> {
        let (device, examples) = (self.base.device, &self.data.train);
        let count = self.micro_batches_per_run();
        let batches: Vec<(usize, &Member, MicroBatch<'_>)> = self
            .active()
            .flat_map(|(place, member)| (0..count).map(move |ahead| (place, member, member.micro_batch(ahead))))
            .collect();
        let sequences: Vec<RunSequences<'_>> = batches
            .iter()
            .map(|(.., batch)| batch.examples.iter().map(|&example| examples.tokens.get(example)).collect())
            .collect();
        let layout = Layout::new(&sequences, device)?;
        let mut targets = Vec::with_capacity(layout.sequences.len());
        let mut weights = Vec::with_capacity(layout.sequences.len());
        for (.., batch) in &batches {
            targets.extend(batch.examples.iter().map(|&example| examples.labels[example]));
            weights.resize(targets.len(), batch.example_weight);
        }
        let passes: Vec<RunPass<'_>> = batches.iter().map(|(.., batch)| batch.pass).collect();
        let classifier = Classifier::new(self.base, &layout, &passes);
        let (logits, backward) = classifier.forward()?;
        let task = self.data.targets.task();
        let targets = upload(task.tensor(&targets)?, device)?;
        let weights = upload(Tensor::f_from_slice(&weights)?, device)?;
        let loss = task.loss(&logits, &targets, &weights)?;
        backward.accumulate(&loss.gradient)?;
        let part = |((place, member, _), span): (&(usize, &Member, MicroBatch<'_>), &RunSpan)| StepPart {
            place: *place,
            sequences: span.sequences.clone(),
            tokens: span.rows.len(),
            epoch: member.progress.epoch,
            step: member.progress.step,
        };
        let parts = batches.iter().zip(&layout.runs).map(part).collect();
        Ok(UnreadStep { losses: loss.losses, correct: loss.correct, parts })
    }

    /// As many micro-batches as no run's accumulation window ends before, as far as they stay small. Every run has as many,
    /// so that runs with the same batches go on having them at the same time.
    fn micro_batches_per_run(&self) -> usize {
        let window = self.active().map(|(_, member)| member.micro_batches_left()).min().unwrap_or(1);
        // What memory was planned for: one micro-batch of the longest examples.
        let planned: usize = self.active().map(|(_, member)| member.spec().batch_size * self.longest).sum();
        let limit = self.tokens_per_pass.min(planned.max(FEW_TOKENS));
        let mut tokens = 0;
        for ahead in 0..window {
            tokens += self.active().map(|(_, member)| self.tokens(&member.micro_batch(ahead))).sum::<usize>();
            if tokens > limit {
                return ahead.max(1);
            }
        }
        window.max(1)
    }

    fn tokens(&self, batch: &MicroBatch<'_>) -> usize {
        batch.examples.iter().map(|&example| self.data.train.tokens.length(example)).sum()
    }

    /// Whether losses should be read before the next step.
    pub fn read_due(&self) -> bool {
        let allowed = if matches!(self.base.device, Device::Cuda(_)) { CUDA_STEPS_PER_READ } else { 1 };
        self.unread.len() >= allowed
    }

    /// Reads the losses of all steps since the last call and adds them to the members' epoch sums. Must be called
    /// before an epoch is closed or a checkpoint taken.
    pub fn read_losses(&mut self) -> Result<Vec<ReadLoss>, TrainError> {
        let mut read = Vec::new();
        for unread in std::mem::take(&mut self.unread) {
            let losses = Vec::<f32>::try_from(unread.losses)?;
            let correct = unread.correct.map(Vec::<f32>::try_from).transpose()?;
            for part in unread.parts {
                let sum = sum_of(&losses[part.sequences.clone()]);
                let examples = part.sequences.len();
                if let Some(member) = self.places[part.place].member.as_mut() {
                    let sums = &mut member.progress.sums;
                    sums.loss += sum;
                    sums.correct += correct.as_ref().map_or(0.0, |correct| sum_of(&correct[part.sequences.clone()]));
                    sums.examples += examples;
                    sums.tokens += part.tokens;
                }
                let loss = sum / examples as f64;
                read.push(ReadLoss { place: part.place, loss, epoch: part.epoch, step: part.step });
            }
        }
        let seconds = self.read_at.elapsed().as_secs_f64();
        for place in &mut self.places {
            if let Some(member) = place.member.as_mut() {
                member.progress.sums.seconds += seconds;
            }
        }
        self.restart_clock();
        Ok(read)
    }

    /// What passed since the last reading belongs to no run's training (an evaluation, a checkpoint).
    pub fn restart_clock(&mut self) {
        self.read_at = Instant::now();
    }
}

fn sum_of(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum()
}
