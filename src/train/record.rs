//! What training leaves behind, and the trait through which it does.

use std::collections::BTreeMap;

use crate::data::{Overview, TokenLengths};
use crate::event::{EpochRecord, Figures, Outcome};
use crate::spec::RunId;
use crate::task::{Prediction, Targets};

/// The state of a pack between two steps: enough to go on as if nothing had happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Counters, partial sums and records as JSON.
    pub state: serde_json::Value,
    /// Named flat arrays (parameters, optimizer moments, accumulated gradients, best parameters so far).
    pub arrays: BTreeMap<String, Vec<f32>>,
}

/// An adapter in PEFT's format.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterFiles {
    /// `adapter_config.json`
    pub config: String,
    /// `adapter_model.safetensors`
    pub weights: Vec<u8>,
}

/// What a completed run leaves, and a stopped one.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    pub best_epoch: usize,
    /// On the evaluation examples, at the best epoch.
    pub predictions: Vec<Prediction>,
    /// On the evaluation examples, at the last epoch; none where that is the best one.
    pub last_predictions: Option<Vec<Prediction>>,
    /// None where there is no test, and of a run that pauses: what is looked at on the way is the evaluation.
    pub test: Option<TestResult>,
    /// Of the best epoch.
    pub adapter: AdapterFiles,
}

/// What a completed run gives on examples that choose nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct TestResult {
    pub best: Tested,
    /// None where the last epoch is the best one.
    pub last: Option<Tested>,
}

impl TestResult {
    /// The epochs that were tested, the best one first.
    pub fn epochs(&self, best: usize, last: usize) -> impl Iterator<Item = (usize, &Tested)> {
        std::iter::once((best, &self.best)).chain(self.last.iter().map(move |tested| (last, tested)))
    }
}

/// The parameters of an epoch on the test examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    pub figures: Figures,
    pub predictions: Vec<Prediction>,
}

/// What is known about a run once model and data are loaded; goes into `run.json`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RunFacts {
    pub trainable_parameters: usize,
    /// As PEFT counts: the frozen copy of the head included.
    pub total_parameters: usize,
    pub train_examples: usize,
    pub eval_examples: usize,
    /// None where there is no test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_examples: Option<usize>,
    #[serde(flatten)]
    pub targets: Targets,
    /// The columns, how labels are read, and what was assumed; none in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Overview>,
    /// blake3 of the data set's contents (texts, labels, split).
    pub data_digest: String,
    /// blake3 of the model's configuration, weights and tokenizer.
    pub model_digest: String,
    /// Optimizer steps in all.
    pub steps: usize,
    pub device: String,
    /// What computed: the instruction set or the kernels, on which the bytes of results depend; none in records of older
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Of training and evaluation texts, before they are cut; none in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_lengths: Option<TokenLengths>,
}

/// Saving failed; nothing recorded before is lost.
#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot {action}: {source}")]
pub struct RecordError {
    pub path: std::path::PathBuf,
    /// `write`, `read`, `create` ...
    pub action: &'static str,
    pub source: std::io::Error,
}

/// Where a pack's training is saved. All calls are durable when they return, and may be repeated with the same contents
/// after a resume.
pub trait Recorder {
    /// The pack's newest sound checkpoint.
    fn checkpoint(&mut self) -> Result<Option<Checkpoint>, RecordError>;
    /// Replaces the pack's checkpoint; the one before it is kept.
    fn save_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), RecordError>;
    /// Written before a run's first step, and again when it goes on from a checkpoint: the time of the first start stays.
    fn started(&mut self, run: &RunId, facts: &RunFacts) -> Result<(), RecordError>;
    /// All epochs of a run so far; replaces what was recorded of it.
    fn epochs(&mut self, run: &RunId, records: &[EpochRecord]) -> Result<(), RecordError>;
    /// The run is completed.
    fn completed(&mut self, run: &RunId, result: &RunResult) -> Result<(), RecordError>;
    /// The state in which the run stopped last, before this pack or in it; none where it has not stopped, or nothing is left
    /// of that: it begins at its first step then.
    fn stopped_state(&mut self, run: &RunId) -> Result<Option<Checkpoint>, RecordError>;
    /// The run stopped before its last epoch: `outcome` is [`Outcome::Stopped`]. `state` is what it goes on from where it
    /// does. No result where no epoch was over.
    fn stopped(
        &mut self,
        run: &RunId,
        outcome: &Outcome,
        result: Option<&RunResult>,
        state: &Checkpoint,
    ) -> Result<(), RecordError>;
    /// Runs of the pack that are to stop because somebody asked for it, in training or waiting for a place; each of them once.
    /// May be called at every step: it looks seldom.
    fn asked_to_stop(&mut self) -> Result<Vec<RunId>, RecordError> {
        Ok(Vec::new())
    }
    /// A run that was asked to stop and has no place here stops where it stood before; gives how it ended.
    fn withdrawn(&mut self, run: &RunId) -> Result<Outcome, RecordError>;
    /// The run ended otherwise; `Outcome::Completed` and [`Outcome::Stopped`] do not come here.
    fn ended(&mut self, run: &RunId, outcome: &Outcome) -> Result<(), RecordError>;
}
