//! One run in training: its adapter, optimizer, schedule and place in its epochs.

use std::num::NonZeroUsize;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::TrainError;
use super::data::TrainingData;
use super::schedule::Schedule;
use crate::data::{EpochPlan, order};
use crate::event::{EpochRecord, StopReason};
use crate::model::{Adapter, Base, Moments, OptimizerStep, Purpose, RunPass, StepDropout, StreamKey};
use crate::spec::{PlannedRun, RunId, RunSpec};

/// Where a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs completed.
    pub epoch: usize,
    /// Micro-batches of the current epoch done.
    pub batch: usize,
    /// Optimizer steps done.
    pub step: usize,
    /// Sums over the current epoch.
    pub sums: EpochSums,
}

/// Sums over the training examples of an epoch so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochSums {
    pub loss: f64,
    /// 0 where the task knows no right and wrong.
    pub correct: f64,
    pub examples: usize,
    pub tokens: usize,
    /// Wall-clock seconds of the steps.
    pub seconds: f64,
}

/// The best epoch so far.
#[derive(Debug)]
pub struct Best {
    pub epoch: usize,
    /// `[elements]`: the flat parameters after that epoch.
    pub values: Tensor,
    /// `[evaluation examples * outputs]`, example after example.
    pub outputs: Vec<f32>,
}

/// An optimizer step that followed a micro-batch.
#[derive(Debug)]
pub struct Update {
    pub learning_rate: f64,
    /// `[]`: before clipping; on the run's device.
    pub gradient_norm: Tensor,
}

/// A run's part in a forward and backward pass.
pub struct MicroBatch<'a> {
    /// Indices of training examples.
    pub examples: &'a [usize],
    /// What each example's loss counts in the optimizer step: a micro-batch's loss is the mean over its examples, and a
    /// step averages over the micro-batches of its accumulation window, also where the epoch's end cuts it short.
    pub example_weight: f32,
    pub pass: RunPass<'a>,
}

/// The order of a run's training examples in each epoch.
#[derive(Clone, Debug)]
pub enum Orders {
    /// Keyed by the run's `order_seed`.
    Keyed,
    /// One list per epoch, given.
    Given(Vec<Vec<usize>>),
}

/// A run that is being trained.
#[derive(Debug)]
pub struct Member {
    pub run: PlannedRun,
    pub adapter: Adapter,
    /// Of the optimizer.
    pub moments: Moments,
    pub schedule: Schedule,
    pub progress: Progress,
    pub records: Vec<EpochRecord>,
    pub best: Option<Best>,
    /// `[evaluation examples * outputs]` at the last epoch, when that is over and not the best one.
    pub last_outputs: Option<Vec<f32>>,
    /// The epoch up to which the run is trained here.
    last_epoch: usize,
    /// Its early stopping is off here.
    extended: bool,
    plan: EpochPlan,
    orders: Orders,
    /// Of the current epoch.
    order: Vec<usize>,
}

impl Member {
    pub fn new(run: PlannedRun, adapter: Adapter, data: &TrainingData, orders: Orders) -> Result<Self, TrainError> {
        let spec = &run.spec;
        let positive = |name: &str, value: usize| {
            NonZeroUsize::new(value).ok_or_else(|| TrainError::Setting(format!("{name} is 0; it must be at least 1")))
        };
        let accumulation = positive("gradient_accumulation_steps", spec.gradient_accumulation_steps)?;
        let plan = EpochPlan::new(data.train.len(), positive("batch_size", spec.batch_size)?, accumulation);
        let total_steps = plan.steps() * spec.epochs;
        let schedule = Schedule::new(spec.lr_scheduler, spec.learning_rate, spec.warmup_ratio, total_steps);
        let moments = Moments::new(&adapter.parameters)?;
        let last_epoch = spec.epochs;
        let mut member = Member {
            run,
            adapter,
            moments,
            schedule,
            progress: Progress::default(),
            records: Vec::new(),
            best: None,
            last_outputs: None,
            last_epoch,
            extended: false,
            plan,
            orders,
            order: Vec::new(),
        };
        member.shuffle(data.train.len());
        Ok(member)
    }

    pub fn id(&self) -> &RunId {
        &self.run.id
    }

    pub fn spec(&self) -> &RunSpec {
        &self.run.spec
    }

    /// Lets the run pause after this epoch; where it is `extended`, without early stopping.
    pub fn train_to(&mut self, last_epoch: usize, extended: bool) {
        (self.last_epoch, self.extended) = (last_epoch, extended);
    }

    /// The epoch after which it pauses; none where it is trained to its end.
    pub fn pauses_after(&self) -> Option<usize> {
        Some(self.last_epoch).filter(|last| *last < self.spec().epochs)
    }

    /// No epoch is left here.
    pub fn finished(&self) -> bool {
        self.progress.epoch >= self.last_epoch || (!self.extended && self.improves_no_more())
    }

    /// How a finished run stops; none where it has come to its end.
    pub fn stop(&self) -> Option<StopReason> {
        match self.progress.epoch >= self.spec().epochs {
            true => None,
            false if self.improves_no_more() => Some(StopReason::EarlyStopping),
            false => Some(StopReason::Pause),
        }
    }

    /// What its early stopping says, also of a run that has gone on all the same.
    fn improves_no_more(&self) -> bool {
        let metric = self.spec().metric_for_best;
        let values = self.records.iter().map(|record| record.metric(metric));
        self.spec().early_stopping.is_some_and(|rule| rule.stops(values, metric.lower_is_better()))
    }

    /// The current epoch has no micro-batch left.
    pub fn epoch_done(&self) -> bool {
        self.progress.batch >= self.plan.batches()
    }

    /// Micro-batches up to the next optimizer step.
    pub fn micro_batches_left(&self) -> usize {
        let window = self.plan.window(self.plan.step_of(self.progress.batch));
        window.end.saturating_sub(self.progress.batch)
    }

    /// The micro-batch that comes `ahead` micro-batches after the next one; within its accumulation window.
    pub fn micro_batch(&self, ahead: usize) -> MicroBatch<'_> {
        let batch = self.progress.batch + ahead;
        let examples = &self.order[self.plan.batch(batch)];
        let window: Range<usize> = self.plan.window(self.plan.step_of(batch));
        let spec = self.spec();
        let key =
            StreamKey::new(spec.dropout_seed(), Purpose::Dropout).with(self.progress.epoch as u64).with(batch as u64);
        let dropout = StepDropout {
            key,
            hidden: spec.hidden_dropout,
            attention: spec.attention_dropout,
            lora: spec.lora_dropout,
            classifier: spec.classifier_dropout,
            extra: spec.extra_dropout,
        };
        MicroBatch {
            examples,
            example_weight: 1.0 / (examples.len() * window.len()) as f32,
            pass: RunPass { adapter: &self.adapter, dropout: Some(dropout) },
        }
    }

    /// After a backward pass: an optimizer step where the accumulation window closes, and on to the next micro-batch.
    pub fn advance(&mut self, base: &Base) -> Result<Option<Update>, TrainError> {
        let closes = self.plan.closes_window(self.progress.batch);
        self.progress.batch += 1;
        if !closes {
            return Ok(None);
        }
        let learning_rate = self.schedule.learning_rate(self.progress.step);
        self.progress.step += 1;
        let spec = &self.run.spec;
        let step = OptimizerStep {
            number: self.progress.step,
            learning_rate,
            weight_decay: spec.weight_decay,
            max_norm: spec.max_grad_norm,
        };
        let gradient_norm = base.adamw(&self.adapter.parameters, &mut self.moments, &step)?;
        Ok(Some(Update { learning_rate, gradient_norm }))
    }

    /// The learning rate of the last optimizer step.
    pub fn last_learning_rate(&self) -> f64 {
        self.schedule.learning_rate(self.progress.step.saturating_sub(1))
    }

    /// Begins the next epoch.
    pub fn next_epoch(&mut self, examples: usize) {
        self.progress.epoch += 1;
        self.progress.batch = 0;
        self.progress.sums = EpochSums::default();
        self.shuffle(examples);
    }

    /// The order of the current epoch; called again after `progress` was set from a checkpoint.
    pub fn shuffle(&mut self, examples: usize) {
        let epoch = self.progress.epoch;
        self.order = match &self.orders {
            Orders::Keyed => order(self.run.spec.order_seed(), epoch, examples),
            Orders::Given(orders) => orders.get(epoch).cloned().unwrap_or_default(),
        };
    }
}
