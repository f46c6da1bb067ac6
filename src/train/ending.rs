//! What a run leaves when it has no epoch left.

use super::data::Examples;
use super::evaluate::{Evaluation, predictions};
use super::member::{Best, Member};
use super::session::Job;
use super::{AdapterFiles, RunResult, TestResult, Tested, TrainError};
use crate::model::peft;

/// The result of a run, with its adapter as files.
pub(super) fn result(
    job: &Job<'_>,
    member: &Member,
    best: &Best,
    test: Option<TestResult>,
) -> Result<RunResult, TrainError> {
    let spec = member.spec();
    let config = peft::PeftConfig {
        base_model: &spec.model,
        rank: spec.rank,
        lora_alpha: spec.lora_alpha,
        lora_dropout: spec.lora_dropout,
        target_modules: &spec.target_modules,
        began_with: job.initial,
    };
    let architecture = job.base.config.architecture;
    let adapter = AdapterFiles {
        config: peft::config_file(architecture, &config, &member.adapter.targets)
            .map_err(|error| TrainError::Setting(error.to_string()))?,
        weights: peft::weights_file(&member.adapter, &best.values, architecture, job.initial)?,
    };
    let on_evaluation = |probabilities: &[f32]| predictions(probabilities, &job.data.evaluation, job.base.classes);
    Ok(RunResult {
        best_epoch: best.epoch,
        predictions: on_evaluation(&best.probabilities),
        last_predictions: member.last_probabilities.as_deref().map(on_evaluation),
        test,
        adapter,
    })
}

/// An evaluation on the test examples as it is recorded.
pub(super) fn tested(evaluation: Evaluation, examples: &Examples, classes: usize) -> Tested {
    Tested { predictions: predictions(&evaluation.probabilities, examples, classes), figures: evaluation.figures }
}

impl TestResult {
    /// The epochs that were tested, the best one first.
    pub(super) fn epochs(&self, best: usize, last: usize) -> impl Iterator<Item = (usize, &Tested)> {
        std::iter::once((best, &self.best)).chain(self.last.iter().map(move |tested| (last, tested)))
    }
}
