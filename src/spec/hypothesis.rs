//! Claims that a sweep is to settle, and reported figures to compare with.

use serde::{Deserialize, Serialize};

use crate::metrics::{ByExample, Direction, Expectation, Metric, Scale};

/// A claim about what a change does to a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    pub id: String,
    /// A sentence.
    pub claim: String,
    pub vary: Vary,
    pub metric: HypothesisMetric,
    pub expect: Expectation,
    /// Required for `equivalent`, in units of the metric; allowed for the others (a difference smaller than the margin counts as none).
    pub margin: Option<f64>,
}

/// What a hypothesis compares: configurations (treatments) against a baseline configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vary {
    /// The parameter or named change that is varied.
    pub parameter: String,
    /// Configuration labels on the changed side.
    pub treatments: Vec<String>,
    /// Configuration label compared against.
    pub baseline: String,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HypothesisMetric {
    /// A recorded metric at the best epoch.
    Best(Metric),
    /// A recorded metric at the last epoch.
    Last(Metric),
    /// A recorded metric after the given epoch (counted from 1).
    AfterEpoch { metric: Metric, epoch: usize },
    /// First epoch (counted from 1) at which the metric is at least as good as `value`.
    EpochsToReach { metric: Metric, value: f64 },
    /// Evaluation loss minus the loss of training examples without dropout, both at the last epoch's end.
    GeneralizationGap,
}

impl HypothesisMetric {
    /// Whether it is measured on the examples that a run is judged on: those of the test, where there is one.
    pub fn is_judged(self) -> bool {
        matches!(self, Self::Best(metric) | Self::Last(metric) if !metric.is_of_training())
    }

    /// Whether every example has its share in the metric, so that a comparison can be paired by example: predictions are
    /// kept of the best epoch and of the last one.
    pub fn has_values_per_example(self) -> bool {
        matches!(self, Self::Best(metric) | Self::Last(metric) if !matches!(metric.by_example(), ByExample::None))
    }

    /// The recorded metric that it is of, where its values are those of one.
    pub fn recorded(self) -> Option<Metric> {
        match self {
            Self::Best(metric) | Self::Last(metric) | Self::AfterEpoch { metric, .. } => Some(metric),
            Self::EpochsToReach { .. } | Self::GeneralizationGap => None,
        }
    }

    /// The unit of its differences.
    pub fn scale(self) -> Scale {
        match self {
            Self::Best(metric) | Self::Last(metric) | Self::AfterEpoch { metric, .. } => metric.scale(),
            Self::EpochsToReach { .. } => Scale::Epochs,
            Self::GeneralizationGap => Scale::Loss,
        }
    }

    /// Which of its values are better.
    pub fn direction(self) -> Direction {
        match self {
            Self::Best(metric) | Self::Last(metric) | Self::AfterEpoch { metric, .. } => metric.direction(),
            Self::EpochsToReach { .. } | Self::GeneralizationGap => Direction::LowerIsBetter,
        }
    }
}

/// A figure that somebody reported, to compare with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceFigure {
    /// Who reported it (`paper`).
    pub source: String,
    /// A recorded metric, `trainable_parameters` or `total_parameters`.
    pub metric: String,
    pub value: f64,
    /// The epoch it was reported for; none: the final figure.
    pub epoch: Option<usize>,
}
