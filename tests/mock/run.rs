//! One pretended run.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use sweep::event::{EpochRecord, Event, StopReason, best_epoch};
use sweep::metrics::TrainingTotals;
use sweep::spec::{PackPlan, PlannedRun, RunId};
use sweep::task::Targets;
use sweep::train::{AdapterFiles, RunFacts, RunResult, TestResult, Tested};

use super::evaluate::{Evaluated, Part, evaluate};
use super::random::{key_of, key_of_input, mix, normal};
use super::settings::MockSettings;

/// Parameters of a pretended adapter.
const PARAMETERS: usize = 16;
/// Tokens of a pretended example.
const TOKENS: f64 = 40.0;

/// What of a run goes into a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    /// Micro-batches done in all.
    micro_batches: usize,
    loss_sum: f64,
    correct: usize,
    records: Vec<EpochRecord>,
    ended: bool,
    /// In the checkpoint's arrays instead: the parameters, and after them those of the best epoch.
    #[serde(skip)]
    pub(super) parameters: Vec<f32>,
}

/// A run in work.
pub(super) struct MockRun<'a> {
    settings: &'a MockSettings,
    planned: &'a PlannedRun,
    /// The epoch up to which it is trained here.
    last_epoch: usize,
    /// Without its early stopping.
    extended: bool,
    key: u64,
    saved: Saved,
    epoch_began: Instant,
}

impl<'a> MockRun<'a> {
    pub(super) fn new(settings: &'a MockSettings, planned: &'a PlannedRun, pack: &PackPlan) -> Self {
        let key = key_of(&planned.id.0);
        let initial = (0..PARAMETERS).map(|index| normal(&[key, 0, index as u64]) as f32);
        let parameters = initial.chain(std::iter::repeat_n(0.0, PARAMETERS)).collect();
        let saved =
            Saved { micro_batches: 0, loss_sum: 0.0, correct: 0, records: Vec::new(), ended: false, parameters };
        Self::resume(settings, planned, pack, saved)
    }

    pub(super) fn resume(settings: &'a MockSettings, planned: &'a PlannedRun, pack: &PackPlan, saved: Saved) -> Self {
        let (last_epoch, extended) =
            (pack.last_epoch(&planned.id, planned.spec.epochs), pack.extended.contains(&planned.id));
        let key = key_of(&planned.id.0);
        Self { settings, planned, last_epoch, extended, key, saved, epoch_began: Instant::now() }
    }

    /// What it goes on from in another pack.
    pub(super) fn state(&self) -> Saved {
        Saved { ended: false, ..self.saved.clone() }
    }

    pub(super) fn save(&self) -> Saved {
        self.saved.clone()
    }

    pub(super) fn id(&self) -> &RunId {
        &self.planned.id
    }

    fn micro_batches_per_epoch(&self) -> usize {
        self.settings.train_examples.div_ceil(self.planned.spec.batch_size)
    }

    fn steps_per_epoch(&self) -> usize {
        self.micro_batches_per_epoch().div_ceil(self.planned.spec.gradient_accumulation_steps)
    }

    fn steps(&self) -> usize {
        self.steps_per_epoch() * self.planned.spec.epochs
    }

    /// Optimizer steps done.
    pub(super) fn step(&self) -> usize {
        let (epochs, rest) = (self.saved.records.len(), self.micro_batches_of_epoch());
        epochs * self.steps_per_epoch() + rest / self.planned.spec.gradient_accumulation_steps
    }

    /// Micro-batches done of the epoch in work.
    fn micro_batches_of_epoch(&self) -> usize {
        self.saved.micro_batches - self.saved.records.len() * self.micro_batches_per_epoch()
    }

    /// The epoch in work, counted from 1.
    pub(super) fn epoch(&self) -> usize {
        self.saved.records.len() + 1
    }

    pub(super) fn records(&self) -> &[EpochRecord] {
        &self.saved.records
    }

    pub(super) fn epoch_is_over(&self) -> bool {
        self.micro_batches_of_epoch() == self.micro_batches_per_epoch()
    }

    /// Whether it goes no further here.
    pub(super) fn was_last_epoch(&self) -> bool {
        self.saved.records.len() >= self.last_epoch || (!self.extended && self.improves_no_more())
    }

    fn improves_no_more(&self) -> bool {
        let metric = self.planned.spec.metric_for_best;
        let values = self.saved.records.iter().map(|record| record.metric(metric));
        self.planned.spec.early_stopping.is_some_and(|rule| rule.stops(values, metric.lower_is_better()))
    }

    /// How it stops, where it has not come to its end.
    pub(super) fn stop(&self) -> Option<StopReason> {
        let because = if self.improves_no_more() { StopReason::EarlyStopping } else { StopReason::Pause };
        Some(because).filter(|_| self.saved.records.len() < self.planned.spec.epochs)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.saved.ended
    }

    pub(super) fn end(&mut self) {
        self.saved.ended = true;
    }

    /// How much of its ability the run has after a share of its training, between 0 and 1.
    fn learned(&self) -> f64 {
        let epochs = self.saved.micro_batches as f64 / self.micro_batches_per_epoch() as f64;
        1.0 - (-2.5 * epochs).exp()
    }

    /// One micro-batch; true at the end of an epoch.
    pub(super) fn train_micro_batch(&mut self) -> bool {
        let number = self.saved.micro_batches as u64;
        let batch = self.planned.spec.batch_size;
        let examples = batch.min(self.settings.train_examples - self.micro_batches_of_epoch() * batch);
        let learned = self.learned();
        let noise = normal(&[self.key, 1, number]);
        self.saved.loss_sum += examples as f64 * ((1.4 - 1.15 * learned) * (1.0 + 0.05 * noise)).max(0.0);
        let right = 0.25 + 0.68 * learned + 0.02 * noise;
        self.saved.correct += (examples as f64 * right.clamp(0.0, 1.0)).round() as usize;
        // Depends on every step before it, so that a step lost or done twice shows in the end.
        for (index, parameter) in self.saved.parameters[..PARAMETERS].iter_mut().enumerate() {
            let gradient = normal(&[self.key, 2, number, index as u64]) as f32;
            *parameter =
                0.99 * *parameter - self.planned.spec.learning_rate as f32 * (gradient + *parameter * *parameter);
        }
        self.saved.micro_batches += 1;
        self.epoch_is_over()
    }

    /// Ends the epoch: evaluates, keeps the record and the parameters of the best epoch.
    pub(super) fn evaluate(&mut self) -> EpochRecord {
        let figures = self.evaluated(self.epoch(), Part::Evaluation).figures;
        let seconds = self.epoch_began.elapsed().as_secs_f64().max(1e-6);
        let examples = self.settings.train_examples as f64;
        let record = EpochRecord {
            epoch: self.epoch(),
            metrics: figures.metrics.with_training(&TrainingTotals {
                loss: self.saved.loss_sum / examples,
                accuracy: Some(self.saved.correct as f64 / examples),
            }),
            // Without dropout, and at the epoch's end, not on the way to it.
            train_eval_loss: Some(
                (1.35 - 1.15 * self.learned()) * (1.0 + 0.02 * normal(&[self.key, 3, self.epoch() as u64])),
            ),
            learning_rate: self.learning_rate(),
            seconds,
            examples_per_second: examples / seconds,
            tokens_per_second: examples * TOKENS / seconds,
        };
        self.saved.records.push(record.clone());
        if self.best().is_some_and(|best| best.epoch == record.epoch) {
            let (now, best) = self.saved.parameters.split_at_mut(PARAMETERS);
            best.copy_from_slice(now);
        }
        self.saved.loss_sum = 0.0;
        self.saved.correct = 0;
        self.epoch_began = Instant::now();
        record
    }

    fn evaluated(&self, epoch: usize, part: Part) -> Evaluated {
        evaluate(self.settings, &self.planned.spec, self.key, epoch, part)
    }

    fn tested(&self, epoch: usize) -> Tested {
        let Evaluated { figures, predictions } = self.evaluated(epoch, Part::Test);
        Tested { figures, predictions }
    }

    fn best(&self) -> Option<&EpochRecord> {
        best_epoch(&self.saved.records, self.planned.spec.metric_for_best)
    }

    fn learning_rate(&self) -> f64 {
        let done = self.step() as f64 / self.steps().max(1) as f64;
        self.planned.spec.learning_rate * (1.0 - done.min(1.0))
    }

    /// What the completed or stopped run leaves.
    pub(super) fn result(&self) -> RunResult {
        let best_epoch = self.best().map_or(self.planned.spec.epochs, |best| best.epoch);
        let last = Some(self.saved.records.len()).filter(|last| *last != best_epoch);
        let predictions = |epoch| self.evaluated(epoch, Part::Evaluation).predictions;
        let test = TestResult { best: self.tested(best_epoch), last: last.map(|last| self.tested(last)) };
        let weights = safetensors(&self.saved.parameters[PARAMETERS..]);
        let config = format!("{{\"peft_type\": \"LORA\", \"r\": {}}}\n", self.planned.spec.rank);
        RunResult {
            best_epoch,
            predictions: predictions(best_epoch),
            last_predictions: last.map(predictions),
            test: Some(test).filter(|_| self.has_test() && self.stop() != Some(StopReason::Pause)),
            adapter: AdapterFiles { config, weights },
        }
    }

    /// What a run leaves that stops on request.
    pub(super) fn result_without_test(&self) -> RunResult {
        RunResult { test: None, last_predictions: None, ..self.result() }
    }

    fn has_test(&self) -> bool {
        self.planned.spec.dataset.test.is_some()
    }

    fn trainable_parameters(&self) -> usize {
        self.planned.spec.rank * self.planned.spec.target_modules.len() * 768 + 1
    }

    pub(super) fn facts(&self) -> RunFacts {
        RunFacts {
            trainable_parameters: self.trainable_parameters(),
            total_parameters: 1_000_000 + self.trainable_parameters(),
            train_examples: self.settings.train_examples,
            eval_examples: self.settings.eval_examples,
            test_examples: Some(self.settings.test_examples).filter(|_| self.has_test()),
            targets: Targets::of_classes(self.settings.class_names.clone()),
            data: None,
            data_digest: format!("{:016x}", mix(&[key_of_input(&self.planned.spec.dataset.path)])),
            model_digest: format!("{:016x}", mix(&[key_of_input(&self.planned.spec.model)])),
            steps: self.steps(),
            device: self.settings.device.clone(),
            backend: None,
            token_lengths: None,
        }
    }

    pub(super) fn started_event(&self) -> Event {
        Event::RunStarted {
            run: self.planned.id.clone(),
            label: self.planned.label.clone(),
            step: self.step(),
            steps: self.steps(),
            epochs: self.planned.spec.epochs,
            until: Some(self.last_epoch).filter(|last| *last < self.planned.spec.epochs),
            trainable_parameters: self.trainable_parameters(),
            total_parameters: 1_000_000 + self.trainable_parameters(),
        }
    }

    pub(super) fn progress_event(&self) -> Event {
        let done = self.micro_batches_of_epoch() * self.planned.spec.batch_size;
        let rate = done as f64 / self.epoch_began.elapsed().as_secs_f64().max(1e-6);
        Event::Progress {
            run: self.planned.id.clone(),
            epoch: self.epoch(),
            step: self.step(),
            steps: self.steps(),
            train_loss: self.saved.loss_sum / done.max(1) as f64,
            learning_rate: self.learning_rate(),
            examples_per_second: rate,
            tokens_per_second: rate * TOKENS,
        }
    }
}

/// A file of one tensor, as an adapter's would be.
fn safetensors(values: &[f32]) -> Vec<u8> {
    let (count, bytes) = (values.len(), size_of_val(values));
    let header = format!(r#"{{"values":{{"dtype":"F32","shape":[{count}],"data_offsets":[0,{bytes}]}}}}"#);
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    file
}
