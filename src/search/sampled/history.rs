//! What came of the points that were tried.

use std::collections::{BTreeMap, HashMap};

use crate::metrics::Direction;
use crate::search::generation::FinishedGeneration;
use crate::search::method::Sample;
use crate::search::search::SearchError;
use crate::spec::{PlannedRun, Point, RunId, SearchDesign};

/// All samples of a search, in their order.
pub struct History<'a> {
    trials: Vec<Trial>,
    known: HashMap<&'a RunId, Known>,
    sign: f64,
}

/// A point with its runs.
#[derive(Clone, Debug)]
pub struct Trial {
    pub point: Point,
    /// One for each seed.
    pub runs: Vec<PlannedRun>,
    /// Larger is better; the mean over the seeds. None where a run diverged or failed.
    pub score: Option<f64>,
    /// The epoch at which its runs pause; none where they have ended.
    pub paused_at: Option<usize>,
    /// The epoch after which somebody stopped a run of it, so that it goes no further.
    pub stopped_at: Option<usize>,
    /// Of each epoch at which it paused its score there.
    pub at_rungs: BTreeMap<usize, Option<f64>>,
}

/// What is known of a run.
#[derive(Clone, Debug, Default)]
struct Known {
    value: Option<f64>,
    paused_at: Option<usize>,
    stopped_at: Option<usize>,
    /// By the epochs at which it paused.
    at_rungs: BTreeMap<usize, Option<f64>>,
}

impl Trial {
    /// Whether it was trained to its end, with a score.
    pub fn has_ended(&self) -> bool {
        self.paused_at.is_none() && self.stopped_at.is_none() && self.score.is_some()
    }
}

impl<'a> History<'a> {
    /// # Errors
    /// The generations are of another space.
    pub fn read(design: &SearchDesign, finished: &[FinishedGeneration<'a>]) -> Result<Self, SearchError> {
        let mut known: HashMap<&RunId, Known> = HashMap::new();
        for run in finished.iter().flat_map(|generation| &generation.runs) {
            let result = known.entry(run.id).or_default();
            (result.value, result.paused_at, result.stopped_at) = (run.value, run.paused_at, run.stopped_at);
            if let Some(epoch) = run.paused_at {
                result.at_rungs.insert(epoch, run.value);
            }
        }
        let sign = match design.settings().direction() {
            Direction::HigherIsBetter => 1.0,
            Direction::LowerIsBetter => -1.0,
        };
        let mut history = History { trials: Vec::new(), known, sign };
        for tried in finished.iter().flat_map(|generation| generation.points) {
            let point = Point::read(&tried.point, design.dimensions());
            let point = point.ok_or_else(|| SearchError::OtherSpace(tried.configuration.clone()))?;
            let runs = design.runs(std::slice::from_ref(&point), &design.settings().seeds)?;
            history.trials.push(history.trial(point, runs));
        }
        Ok(history)
    }

    fn trial(&self, point: Point, runs: Vec<PlannedRun>) -> Trial {
        let results: Vec<Option<&Known>> = runs.iter().map(|run| self.known.get(&run.id)).collect();
        let rungs = results.iter().flatten().flat_map(|result| result.at_rungs.keys().copied());
        let at_rung = |epoch: usize| {
            let value = |result: &Option<&Known>| result.and_then(|result| *result.at_rungs.get(&epoch)?);
            (epoch, self.mean(results.iter().map(value)))
        };
        Trial {
            at_rungs: rungs.map(at_rung).collect(),
            score: self.mean(results.iter().map(|result| result.and_then(|result| result.value))),
            paused_at: results.iter().flatten().filter_map(|result| result.paused_at).min(),
            stopped_at: results.iter().flatten().filter_map(|result| result.stopped_at).min(),
            point,
            runs,
        }
    }

    /// None where one is missing: what it would have come to is not known.
    fn mean(&self, values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
        let values: Vec<f64> = values.collect::<Option<_>>()?;
        (!values.is_empty()).then(|| self.sign * values.iter().sum::<f64>() / values.len() as f64)
    }

    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The trials as methods see them.
    pub fn samples(&self) -> Vec<Sample> {
        let sample = |trial: &Trial| Sample {
            point: trial.point.clone(),
            score: trial.score,
            stopped_at: trial.stopped_at.or(trial.paused_at),
        };
        self.trials.iter().map(sample).collect()
    }

    /// Runs of the samples, with the search's own seeds.
    pub fn runs_of_samples(&self) -> impl Iterator<Item = &RunId> {
        self.trials.iter().flat_map(|trial| &trial.runs).map(|run| &run.id)
    }

    /// Whether a run pauses, and could go on.
    pub fn pauses(&self, run: &RunId) -> bool {
        self.known.get(run).is_some_and(|known| known.paused_at.is_some())
    }

    pub fn knows(&self, run: &RunId) -> bool {
        self.known.contains_key(run)
    }

    /// Trials that have ended with a score, the best first.
    pub fn ranked(&self) -> Vec<&Trial> {
        let mut ranked: Vec<&Trial> = self.trials.iter().filter(|trial| trial.has_ended()).collect();
        let score = |trial: &Trial| trial.score.unwrap_or(f64::NEG_INFINITY);
        ranked.sort_by(|a, b| score(b).total_cmp(&score(a)));
        ranked
    }
}
