//! Runs without an epoch left here: their test, and what they leave.

use std::collections::BTreeMap;

use super::super::data::Examples;
use super::super::evaluate::{Evaluation, predictions};
use super::super::member::{Best, Member};
use super::super::{AdapterFiles, Checkpoint, RunResult, TestResult, Tested, TrainError, state};
use super::{DataPart, Job, Session};
use crate::event::{Event, Outcome, StopReason};
use crate::model::peft;
use crate::task::Targets;

impl Session<'_, '_> {
    /// Records the runs that have no epoch left here, those that go no further after a test; false where `stop` asked to leave
    /// first.
    pub(super) fn end_finished(&mut self, stop: &dyn Fn() -> bool) -> Result<bool, TrainError> {
        let places: Vec<usize> = self.finished().collect();
        let (mut states, mut to_test) = (BTreeMap::new(), Vec::new());
        for &place in &places {
            if let Some(member) = &self.pack.places[place].member {
                if member.stop().is_some() {
                    // Before a test, which leaves the best parameters in place of the last.
                    states.insert(place, state::save_run(member)?);
                }
                if member.stop() != Some(StopReason::Pause) {
                    to_test.push(place);
                }
            }
        }
        let Some(mut tests) = self.test(&to_test, stop)? else {
            return Ok(false);
        };
        for place in places {
            if let Some(member) = self.pack.places[place].member.take()
                && let Some(best) = &member.best
            {
                let ending = Ending { best, test: tests.remove(&place), state: states.remove(&place) };
                self.record_ending(&member, ending)?;
            }
        }
        self.pack.restart_clock();
        Ok(true)
    }

    fn record_ending(&mut self, member: &Member, ending: Ending<'_>) -> Result<(), TrainError> {
        let Ending { best, test, state } = ending;
        let (run, last) = (member.id().clone(), member.progress.epoch);
        for (epoch, tested) in test.iter().flat_map(|test| test.epochs(best.epoch, last)) {
            self.sink.emit(&Event::Tested { run: run.clone(), epoch, figures: tested.figures });
        }
        let result = result(self.job, member, best, test)?;
        let outcome = match member.stop().zip(state) {
            Some((because, state)) => {
                let outcome = Outcome::Stopped { epoch: last, because };
                self.recorder.stopped(&run, &outcome, Some(&result), &state)?;
                outcome
            }
            None => {
                self.recorder.completed(&run, &result)?;
                Outcome::Completed { best_epoch: best.epoch }
            }
        };
        self.sink.emit(&Event::RunFinished { run, outcome });
        Ok(())
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
        let Some(last) = self.evaluate(DataPart::Test, places, stop)? else {
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
        let Some(best) = self.evaluate(DataPart::Test, &earlier, stop)? else {
            return Ok(None);
        };
        let as_recorded = |evaluation: Evaluation| tested(evaluation, examples, &self.job.data.targets);
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

/// What a run leaves beside itself.
struct Ending<'a> {
    best: &'a Best,
    /// None where there is no test, or the run pauses.
    test: Option<TestResult>,
    /// Of a run that stops.
    state: Option<Checkpoint>,
}

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
    let graph = &job.base.config.graph;
    let adapter = AdapterFiles {
        config: peft::config_file(graph, &config, &member.adapter.shape)?,
        weights: peft::weights_file(&member.adapter, &best.values, graph, job.initial)?,
    };
    let on_evaluation = |outputs: &[f32]| predictions(outputs, &job.data.evaluation, &job.data.targets);
    Ok(RunResult {
        best_epoch: best.epoch,
        predictions: on_evaluation(&best.outputs),
        last_predictions: member.last_outputs.as_deref().map(on_evaluation),
        test,
        adapter,
    })
}

/// An evaluation on the test examples as it is recorded.
fn tested(evaluation: Evaluation, examples: &Examples, targets: &Targets) -> Tested {
    Tested { predictions: predictions(&evaluation.outputs, examples, targets), figures: evaluation.figures }
}
