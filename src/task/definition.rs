//! What a task is.

use std::fmt;

use serde_json::Value;
use tch::{TchError, Tensor};

use super::columns::{Columns, LabelAs};
use super::prediction::{Answer, Prediction};
use crate::data::LearnLabels;
use crate::metrics::{ConfusionError, Metric, MetricValues};

/// What runs are trained to tell of an example. A target is 32 bits, which only its task reads: the number of a class, or a
/// number or a set as its bits. `names` are those of what there is to tell (the classes), in the order of their numbers.
pub trait Task: Sync {
    /// In records.
    fn name(&self) -> &'static str;

    /// `problem_type` in the `config.json` of a transformers model.
    fn problem_type(&self) -> &'static str;

    /// How the labels of a data set become targets.
    fn labels(&self) -> LearnLabels;

    /// How many logits the head has for an example.
    fn outputs(&self, names: &[String]) -> usize;

    /// Whether a metric is measured; `eval_loss` and `train_loss` are, whatever the task.
    fn has(&self, metric: Metric) -> bool;

    /// Targets of some examples as [`Self::loss`] takes them, on the host: `[sequences, ...]`.
    ///
    /// # Errors
    /// libtorch's.
    fn tensor(&self, targets: &[u32]) -> Result<Tensor, TchError>;

    /// `logits`: `[sequences, outputs]`; `targets`: of [`Self::tensor`]; `weights`: `[sequences]` float32, what each example's
    /// loss counts in its run's optimizer step.
    ///
    /// # Errors
    /// libtorch's.
    fn loss(&self, logits: &Tensor, targets: &Tensor, weights: &Tensor) -> Result<BatchLoss, TchError>;

    /// What is computed of logits on the device before it is read: `[sequences, outputs]` float32.
    ///
    /// # Errors
    /// libtorch's.
    fn values(&self, logits: &Tensor) -> Result<Tensor, TchError>;

    /// What the values of one example say of it.
    fn answer(&self, values: &[f32]) -> Answer;

    /// The target that recorded outputs stand for.
    fn predicted(&self, outputs: &[f32]) -> u32;

    /// `values`: `[examples * outputs]`, example after example.
    ///
    /// # Errors
    /// No examples, or a target that the task does not have.
    fn evaluate(&self, values: &[f32], targets: &[u32], outputs: usize) -> Result<Evaluation, TaskError>;

    /// What a recorded prediction gives to metrics that are compared example by example; none where it says too little.
    fn measure(&self, prediction: &Prediction) -> Option<Measurement>;

    /// Counts predictions whose targets are known, in bounded memory.
    fn tally(&self, outputs: usize) -> Box<dyn Tally>;

    /// The columns of predictions in files.
    fn columns(&self) -> &'static Columns;

    /// A target in a file: a text or a number.
    fn written(&self, target: u32, label_as: LabelAs, names: &[String]) -> Value;

    /// A target in `predictions.csv`, read back; none where it is no target.
    fn parse(&self, cell: &str, names: &[String]) -> Option<u32>;

    /// Fields of the `config.json` of an exported model, without [`Self::problem_type`].
    fn config(&self, names: &[String]) -> Vec<(&'static str, Value)>;
}

impl fmt::Debug for dyn Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for dyn Task {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Task {}

/// Losses and gradient of one batch.
pub struct BatchLoss {
    /// `[sequences]` float32: the loss of each example.
    pub losses: Tensor,
    /// `[sequences]` float32: 1 where the answer is the target, otherwise 0; none where a task knows no right and wrong.
    pub correct: Option<Tensor>,
    /// `[sequences, outputs]`: gradient of the logits.
    pub gradient: Tensor,
}

/// What evaluating a run on some examples gives.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub metrics: MetricValues,
    /// `[examples * outputs]`, example after example: what is recorded of predictions.
    pub outputs: Vec<f32>,
}

/// What one prediction gives to metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    pub loss: f64,
    /// How sure the answer is, from 0 to 1.
    pub confidence: f64,
}

/// Predictions against known targets.
pub trait Tally {
    fn add(&mut self, target: u32, answer: &Answer);

    /// The metrics to tell people of, in their order; none before there is an example.
    fn metrics(&self) -> Option<Vec<(Metric, f64)>>;
}

/// Examples that cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error("there are no examples to evaluate on")]
    NoExamples,
    #[error(transparent)]
    Classes(#[from] ConfusionError),
}
