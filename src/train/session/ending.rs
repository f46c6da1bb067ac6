//! Runs without an epoch left: their test, and what they leave.

use std::collections::BTreeMap;

use super::super::data::Examples;
use super::super::evaluate::{Evaluation, predictions};
use super::super::member::{Best, Member};
use super::super::{AdapterFiles, RunResult, TestResult, Tested, TrainError};
use super::{Job, Part, Session};
use crate::event::{Event, Outcome};
use crate::model::peft;

impl Session<'_, '_> {
    /// Tests and records the runs that have no epoch left; false where `stop` asked to leave first.
    pub(super) fn end_finished(&mut self, stop: &dyn Fn() -> bool) -> Result<bool, TrainError> {
        let places: Vec<usize> = self.finished().collect();
        let Some(mut tests) = self.test(&places, stop)? else {
            return Ok(false);
        };
        for place in places {
            if let Some(member) = self.pack.places[place].member.take()
                && let Some(best) = &member.best
            {
                let run = member.id().clone();
                let test = tests.remove(&place);
                for (epoch, tested) in test.iter().flat_map(|test| test.epochs(best.epoch, member.progress.epoch)) {
                    self.sink.emit(&Event::Tested { run: run.clone(), epoch, figures: tested.figures });
                }
                self.recorder.completed(&run, &result(self.job, &member, best, test)?)?;
                let outcome = Outcome::Completed { best_epoch: best.epoch };
                self.sink.emit(&Event::RunFinished { run, outcome });
            }
        }
        self.pack.restart_clock();
        Ok(true)
    }

    /// Evaluates the last and the best parameters of runs that have no epoch left on the test examples, by place: none where
    /// there is no test. No result at all where `stop` asked to leave. The best parameters are the runs' own afterwards.
    fn test(
        &mut self,
        places: &[usize],
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<BTreeMap<usize, TestResult>>, TrainError> {
        let mut tests = BTreeMap::new();
        let Some(examples) = &self.job.data.test else {
            return Ok(Some(tests));
        };
        self.tell_of_evaluation(places, 0);
        let Some(last) = self.evaluate(Part::Test, places, stop)? else {
            return Ok(None);
        };
        let mut earlier = Vec::new();
        for &place in places {
            if let Some(member) = self.pack.member(place)
                && let Some(best) = member.best.as_ref().filter(|best| best.epoch != member.progress.epoch)
            {
                member.adapter.parameters.values.f_copy_(&best.values)?;
                earlier.push(place);
            }
        }
        let Some(best) = self.evaluate(Part::Test, &earlier, stop)? else {
            return Ok(None);
        };
        let as_recorded = |evaluation: Evaluation| tested(evaluation, examples, self.job.base.classes);
        let mut best: BTreeMap<usize, Evaluation> = best.into_iter().collect();
        for (place, last) in last {
            let last = as_recorded(last);
            let test = match best.remove(&place) {
                Some(best) => TestResult { best: as_recorded(best), last: Some(last) },
                None => TestResult { best: last, last: None },
            };
            tests.insert(place, test);
        }
        Ok(Some(tests))
    }
}

/// The result of a run, with its adapter as files.
fn result(job: &Job<'_>, member: &Member, best: &Best, test: Option<TestResult>) -> Result<RunResult, TrainError> {
    let spec = member.spec();
    let config = peft::PeftConfig {
        base_model: &spec.model,
        rank: spec.rank,
        lora_alpha: spec.lora_alpha,
        lora_dropout: spec.lora_dropout,
        target_modules: &spec.target_modules,
        began_with: job.initial,
    };
    let graph = &job.base.config.graph;
    let adapter = AdapterFiles {
        config: peft::config_file(graph, &config, &member.adapter.shape)?,
        weights: peft::weights_file(&member.adapter, &best.values, graph, job.initial)?,
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
fn tested(evaluation: Evaluation, examples: &Examples, classes: usize) -> Tested {
    Tested { predictions: predictions(&evaluation.probabilities, examples, classes), figures: evaluation.figures }
}
