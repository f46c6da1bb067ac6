//! Several runs trained in one forward and backward pass.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use tch::{Device, Tensor};

use super::TrainError;
use super::data::TrainingData;
use super::loss::cross_entropy;
use super::member::{Member, Update};
use crate::model::{Base, Classifier, Layout, RunPass, RunSequences};
use crate::spec::RunId;

/// Steps whose losses stay on a CUDA device before they are read, so that the step loop does not wait for the device.
const CUDA_STEPS_PER_READ: usize = 8;

/// One place of the pack: the run in training, and those that wait for its place.
#[derive(Debug, Default)]
pub struct Place {
    pub member: Option<Member>,
    pub waiting: VecDeque<RunId>,
}

/// A pack in training.
pub struct Pack<'a> {
    pub base: &'a Base,
    pub data: &'a TrainingData,
    pub places: Vec<Place>,
    unread: Vec<UnreadStep>,
    read_at: Instant,
}

/// Losses of one step that are still on the device.
struct UnreadStep {
    /// `[sequences]`
    losses: Tensor,
    /// `[sequences]`
    correct: Tensor,
    parts: Vec<Part>,
}

/// One run's part of a step.
#[derive(Clone, Debug)]
struct Part {
    place: usize,
    sequences: Range<usize>,
    tokens: usize,
    epoch: usize,
    step: usize,
}

/// What one run did in one step.
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
    pub fn new(base: &'a Base, data: &'a TrainingData, places: Vec<Place>) -> Self {
        Pack { base, data, places, unread: Vec::new(), read_at: Instant::now() }
    }

    /// The places in training.
    pub fn active(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.places.iter().enumerate().filter_map(|(place, p)| Some((place, p.member.as_ref()?)))
    }

    pub fn member(&mut self, place: usize) -> Option<&mut Member> {
        self.places.get_mut(place)?.member.as_mut()
    }

    /// Trains the next micro-batch of every run in training.
    pub fn step(&mut self) -> Result<Vec<StepOfRun>, TrainError> {
        let unread = self.forward_and_backward()?;
        let mut steps = Vec::with_capacity(unread.parts.len());
        for part in &unread.parts {
            if let Some(member) = self.places[part.place].member.as_mut() {
                steps.push(StepOfRun { place: part.place, update: member.advance()? });
            }
        }
        self.unread.push(unread);
        Ok(steps)
    }

    fn forward_and_backward(&self) -> Result<UnreadStep, TrainError> {
        let (device, tokens) = (self.base.device, &self.data.train.tokens);
        let batches: Vec<(usize, &Member)> = self.active().collect();
        let sequences: Vec<RunSequences<'_>> = batches
            .iter()
            .map(|(_, member)| member.next_batch().iter().map(|&example| tokens.get(example)).collect())
            .collect();
        let layout = Layout::new(&sequences, device)?;
        let mut labels = Vec::with_capacity(layout.sequences.len());
        let mut weights = Vec::with_capacity(layout.sequences.len());
        for (_, member) in &batches {
            labels.extend(member.next_batch().iter().map(|&example| i64::from(self.data.train.labels[example])));
            weights.resize(labels.len(), member.example_weight());
        }
        let passes: Vec<RunPass<'_>> = batches.iter().map(|(_, member)| member.pass()).collect();
        let classifier = Classifier::new(self.base, &layout, &passes);
        let (logits, tape) = classifier.forward()?;
        let labels = Tensor::f_from_slice(&labels)?.f_to_device(device)?;
        let weights = Tensor::f_from_slice(&weights)?.f_to_device(device)?;
        let loss = cross_entropy(&logits, &labels, &weights)?;
        classifier.backward(tape, &loss.gradient)?;
        let part = |(&(place, member), span): (&(usize, &Member), &crate::model::RunSpan)| Part {
            place,
            sequences: span.sequences.clone(),
            tokens: span.rows.len(),
            epoch: member.progress.epoch,
            step: member.progress.step,
        };
        let parts = batches.iter().zip(&layout.runs).map(part).collect();
        Ok(UnreadStep { losses: loss.losses, correct: loss.correct, parts })
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
            let correct = Vec::<f32>::try_from(unread.correct)?;
            for part in unread.parts {
                let sum: f64 = losses[part.sequences.clone()].iter().map(|&loss| f64::from(loss)).sum();
                let examples = part.sequences.len();
                if let Some(member) = self.places[part.place].member.as_mut() {
                    let sums = &mut member.progress.sums;
                    sums.loss += sum;
                    sums.correct += correct[part.sequences.clone()].iter().map(|&c| f64::from(c)).sum::<f64>();
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
