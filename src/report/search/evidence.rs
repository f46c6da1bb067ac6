//! A search with what came of each sample: plain numbers, read once.

use crate::metrics::{Direction, Metric, Summary};
use crate::spec::{Dimension, Point, RunId, SearchSettings};
use crate::store::RunState;

/// A search with what came of it.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub settings: SearchSettings,
    pub space: Vec<Dimension>,
    /// Generations that were planned.
    pub generations: usize,
    /// Samples in the order in which they were chosen.
    pub trials: Vec<Trial>,
}

/// A sample: a point of the space with its runs.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Counted from 1.
    pub number: usize,
    /// The generation that tried it first, counted from 1.
    pub generation: usize,
    /// The label of its runs without their seeds.
    pub configuration: String,
    pub point: Point,
    /// With the search's own seeds.
    pub runs: Vec<TrialRun>,
    /// With seeds that had no part in choosing.
    pub fresh: Vec<TrialRun>,
    /// How many seeds the search gives to each sample.
    pub seeds: usize,
}

/// A run of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRun {
    pub id: RunId,
    pub configuration: String,
    pub seed: u64,
    pub state: RunState,
    /// Whether it came to the end that it was to come to: see [`crate::store::RunView::ended_by_itself`].
    pub ended_by_itself: bool,
    /// The search's metric on the evaluation examples: at the best epoch, or after the epoch at which it pauses. None where
    /// there is none yet, or the run diverged or failed.
    pub value: Option<f64>,
    /// The same of the best epoch on the test examples; none where there is no test, or the run did not come to its end.
    pub test: Option<f64>,
    /// The epoch at which the search lets it pause, or after which somebody stopped it before that; none where it is trained to its
    /// end.
    pub paused_at: Option<usize>,
    /// Epochs that it has been trained for.
    pub epochs: usize,
    /// Training tokens so far; none where that is not known.
    pub tokens: Option<f64>,
    /// Evaluation examples; none where that is not known.
    pub examples: Option<usize>,
}

/// Where a sample stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialState {
    /// Trained to its end with every seed.
    Completed,
    /// The search does not train it further, or not yet.
    Stopped,
    /// A run of it diverged or failed.
    Failed,
    /// Some of it is still to be trained.
    Open,
}

impl TrialState {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            TrialState::Completed => "completed",
            TrialState::Stopped => "stopped",
            TrialState::Failed => "failed",
            TrialState::Open => "open",
        }
    }
}

impl Trial {
    pub fn state(&self) -> TrialState {
        let is = |test: fn(&TrialRun) -> bool| self.runs.iter().any(test);
        if is(|run| matches!(run.state, RunState::Diverged | RunState::Failed)) {
            TrialState::Failed
        } else if self.runs.len() < self.seeds || is(|run| !run.state.is_final()) {
            TrialState::Open
        } else if is(|run| run.paused_at.is_some()) {
            TrialState::Stopped
        } else {
            TrialState::Completed
        }
    }

    /// Over the search's own seeds. None where a run has no value: what it would have come to is not known.
    pub fn summary(&self) -> Option<Summary> {
        let is_told = matches!(self.state(), TrialState::Completed | TrialState::Stopped);
        Some(&self.runs).filter(|_| is_told).and_then(|runs| summary(runs))
    }

    /// Over the fresh seeds. None where there is none, or one of them has no value.
    pub fn fresh_summary(&self) -> Option<Summary> {
        let is_told = self.fresh.iter().all(|run| run.ended_by_itself);
        Some(&self.fresh).filter(|_| is_told).and_then(|runs| summary(runs))
    }

    /// What the fresh seeds give on the test examples; none where there is no test, or not all of them came to their end.
    pub fn test_summary(&self) -> Option<Summary> {
        Summary::of(&self.fresh.iter().map(|run| run.test).collect::<Option<Vec<f64>>>()?)
    }

    /// The most epochs that a run of it was trained for.
    pub fn epochs(&self) -> usize {
        self.runs.iter().map(|run| run.epochs).max().unwrap_or(0)
    }

    /// Training tokens of its runs with the search's own seeds; none where they are not known of one.
    pub fn tokens(&self) -> Option<f64> {
        self.runs.iter().map(|run| run.tokens).sum()
    }
}

fn summary(runs: &[TrialRun]) -> Option<Summary> {
    Summary::of(&runs.iter().map(|run| run.value).collect::<Option<Vec<f64>>>()?)
}

impl Evidence {
    pub fn metric(&self) -> Metric {
        self.settings.metric
    }

    /// 1 where higher values are better, -1 where lower ones are: values times it are the better the higher.
    pub fn sign(&self) -> f64 {
        match self.settings.direction() {
            Direction::HigherIsBetter => 1.0,
            Direction::LowerIsBetter => -1.0,
        }
    }

    /// Samples that have a mean.
    pub fn with_mean(&self) -> impl Iterator<Item = (&Trial, Summary)> {
        self.trials.iter().filter_map(|trial| Some((trial, trial.summary()?)))
    }

    /// Indices of the samples, the best first: those that were trained to their end by their means, then the stopped ones, of
    /// which those are better that got further, then those without a mean. Equal ones in their order.
    pub fn ranking(&self) -> Vec<usize> {
        let key = |index: &usize| {
            let trial = &self.trials[*index];
            let score = trial.summary().map_or(f64::NEG_INFINITY, |summary| self.sign() * summary.mean);
            match trial.state() {
                TrialState::Completed if score.is_finite() => (0, 0, -score),
                TrialState::Stopped if score.is_finite() => (1, usize::MAX - trial.epochs(), -score),
                _ => (2, 0, 0.0),
            }
        };
        let mut order: Vec<usize> = (0..self.trials.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (key(a), key(b));
            a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2))
        });
        order
    }

    /// The best sample by the search's own seeds; none where no sample has a mean.
    pub fn best(&self) -> Option<&Trial> {
        let first = self.ranking().first().copied()?;
        Some(&self.trials[first]).filter(|trial| trial.summary().is_some())
    }

    /// Samples of which nothing is left to do for now.
    pub fn ended(&self) -> usize {
        self.trials.iter().filter(|trial| trial.state() != TrialState::Open).count()
    }
}
