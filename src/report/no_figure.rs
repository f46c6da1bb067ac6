//! Why a figure that a report would give is not there.

use crate::metrics::{MarginError, PairingError};
use crate::store::StoreError;

/// A run, or two sides of a comparison, lack what a figure needs. Each is a caveat of the report.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoFigure {
    #[error(transparent)]
    Margin(#[from] MarginError),
    #[error(transparent)]
    Pairing(#[from] PairingError),
    #[error("{run} has no epochs")]
    NoEpochs { run: String },
    #[error("{run} has no best epoch")]
    NoBestEpoch { run: String },
    #[error("{run} has no epoch {epoch}")]
    NoEpoch { run: String, epoch: usize },
    #[error("{run} was not tested at its best epoch, {epoch}")]
    NotTestedAtBest { run: String, epoch: usize },
    #[error("{run} was not tested at its last epoch, {epoch}")]
    NotTestedAtLast { run: String, epoch: usize },
    #[error("{run} never reaches {value}")]
    NeverReached { run: String, value: f64 },
    #[error("{run} has no record of its parameters")]
    NoFacts { run: String },
    #[error("{run}: a correlation needs three epochs at least, and values that vary")]
    NoCorrelation { run: String },
    #[error("{run}: its predictions are missing")]
    NoPredictionsOf { run: String },
    #[error("predictions are missing")]
    NoPredictions,
    #[error("no completed pair of runs with the same seed")]
    NoPairs,
    #[error("one side is judged on a test, the other on the evaluation")]
    TestOnOneSide,
    #[error("this metric has no values per example")]
    NoValuesPerExample,
    #[error("the two sides were evaluated on different examples")]
    OtherExamples,
    #[error("the seeds were evaluated on different examples")]
    OtherExamplesPerSeed,
    #[error("too few examples")]
    TooFewExamples,
    #[error("no run of a pair reaches the value while both train")]
    NeitherReaches,
    #[error("the sweep has no configuration `{name}`")]
    NoConfiguration { name: String },
    #[error("no run of this configuration is completed")]
    NoCompletedRun,
}

/// A completed run has no predictions that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPredictions {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{run}: it has no predictions")]
    Absent { run: String },
    #[error("{run}: its predictions lack probabilities")]
    NoProbabilities { run: String },
}
