//! Statements about the runs of one configuration, and the quantities that they compare.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::metric::{self, MetricError};
use super::problem::{did_you_mean, listed, quoted};
use super::{Expectation, HypothesisMetric, Metric};

/// A statement about the runs of one configuration: a quantity of a run, compared with another one of the same run or with
/// a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    pub id: String,
    /// A sentence.
    pub claim: String,
    /// The configuration's label.
    pub configuration: String,
    pub observe: Observed,
    pub against: Against,
    /// How `observe` lies to `against`.
    pub expect: Expectation,
    /// As in [`super::Hypothesis`].
    pub margin: Option<f64>,
}

/// What an observed quantity is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Against {
    Value(f64),
    Quantity(Observed),
}

/// A quantity of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Observed {
    Metric(HypothesisMetric),
    /// What a metric gains from the end of one epoch to the end of another.
    Rise {
        metric: Metric,
        from: usize,
        to: Until,
    },
    /// Pearson's correlation of two metrics over the epochs.
    Correlation(Metric, Metric),
    /// The largest minus the smallest of several shares at the best epoch.
    Spread(Vec<Metric>),
    /// How far the share of a class among the predictions lies from its share among the labels, in the class where it lies
    /// farthest; at the best epoch.
    ClassBias,
    /// Trainable parameters as a share of all.
    TrainableShare,
}

/// An epoch's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Counted from 1.
    Epoch(usize),
    Last,
}

/// No quantity of a run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ObservationError {
    #[error("{} lacks its closing parenthesis", quoted(given))]
    Parenthesis { given: String },
    #[error("{}: {cause}", quoted(given))]
    Call { given: String, cause: CallError },
    /// No metric either.
    #[error("{metric}; observations also know {}{}", listed(others()), did_you_mean(given, others()))]
    Unknown { given: String, metric: UnknownMetric },
}

/// A quantity cannot be made of its arguments.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Metric(#[from] UnknownMetric),
    #[error("an epoch is counted from 1, found {}", quoted(given))]
    Epoch { given: String },
    #[error("it ends after epoch {to}, before it begins")]
    Backwards { to: usize },
    #[error("it takes a metric and two epochs: `rise(accuracy, 1, 3)`")]
    Rise,
    #[error("it takes two metrics: `correlation(train_loss, eval_loss)`")]
    Correlation,
    #[error("it takes two or more shares: `spread(accuracy, f1)`")]
    Spread,
}

/// What a metric is not.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(transparent)]
pub struct UnknownMetric(MetricError);

fn others() -> impl Iterator<Item = &'static str> + Clone {
    FUNCTIONS.into_iter().chain([CLASS_BIAS, TRAINABLE_SHARE])
}

const CLASS_BIAS: &str = "class_bias";
const TRAINABLE_SHARE: &str = "trainable_share";
const FUNCTIONS: [&str; 3] = ["rise", "correlation", "spread"];

impl Observed {
    /// Reads `accuracy@3` and all other metrics of hypotheses, `rise(accuracy, 1, 3)`, `rise(accuracy, 3, last)`,
    /// `correlation(train_loss, eval_loss)`, `spread(accuracy, f1)`, `class_bias` or `trainable_share`.
    ///
    /// # Errors
    /// It is none of them.
    pub(super) fn parse(text: &str) -> Result<Observed, ObservationError> {
        let given = || text.trim().to_owned();
        let text = text.trim();
        match text {
            CLASS_BIAS => return Ok(Observed::ClassBias),
            TRAINABLE_SHARE => return Ok(Observed::TrainableShare),
            _ => {}
        }
        let call = text.split_once('(').map(|(name, rest)| (name.trim(), rest.trim_end().strip_suffix(')')));
        match call {
            Some((name, arguments)) if FUNCTIONS.contains(&name) => {
                let arguments = arguments.ok_or_else(|| ObservationError::Parenthesis { given: given() })?;
                let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
                read_call(name, &arguments).map_err(|cause| ObservationError::Call { given: given(), cause })
            }
            _ => metric::parse(text)
                .map(Observed::Metric)
                .map_err(|error| ObservationError::Unknown { given: given(), metric: UnknownMetric(error) }),
        }
    }

    /// Whether it follows from the configuration alone, so that every seed has the same value.
    pub fn is_exact(&self) -> bool {
        matches!(self, Observed::TrainableShare)
    }

    /// The latest epoch that it names; 0 where it names none.
    pub(super) fn epoch(&self) -> usize {
        match self {
            Observed::Metric(HypothesisMetric::AfterEpoch { epoch, .. }) => *epoch,
            Observed::Rise { from, to: Until::Last, .. } => *from,
            Observed::Rise { from, to: Until::Epoch(to), .. } => (*from).max(*to),
            _ => 0,
        }
    }

    /// The same with no epoch later than `epochs`.
    pub(super) fn within(self, epochs: usize) -> Observed {
        match self {
            Observed::Metric(HypothesisMetric::AfterEpoch { metric, epoch }) => {
                Observed::Metric(HypothesisMetric::AfterEpoch { metric, epoch: epoch.min(epochs) })
            }
            Observed::Rise { metric, from, to } => {
                let to = match to {
                    Until::Epoch(to) => Until::Epoch(to.min(epochs)),
                    Until::Last => Until::Last,
                };
                Observed::Rise { metric, from: from.min(epochs), to }
            }
            other => other,
        }
    }
}

fn read_call(name: &str, arguments: &[&str]) -> Result<Observed, CallError> {
    let recorded = |name: &str| metric::recorded(name).map_err(UnknownMetric);
    match (name, arguments) {
        ("rise", [metric, from, to]) => {
            let (metric, from) = (recorded(metric)?, read_epoch(from)?);
            let to = if *to == "last" { Until::Last } else { Until::Epoch(read_epoch(to)?) };
            match to {
                Until::Epoch(to) if to <= from => Err(CallError::Backwards { to }),
                _ => Ok(Observed::Rise { metric, from, to }),
            }
        }
        ("rise", _) => Err(CallError::Rise),
        ("correlation", [one, other]) => Ok(Observed::Correlation(recorded(one)?, recorded(other)?)),
        ("correlation", _) => Err(CallError::Correlation),
        (_, metrics) => {
            let metrics: Vec<Metric> = metrics.iter().map(|name| recorded(name)).collect::<Result<_, _>>()?;
            if metrics.len() < 2 || metrics.iter().any(|metric| !metric.is_share()) {
                return Err(CallError::Spread);
            }
            Ok(Observed::Spread(metrics))
        }
    }
}

fn read_epoch(text: &str) -> Result<usize, CallError> {
    let epoch = text.parse().ok().filter(|&epoch: &usize| epoch > 0);
    epoch.ok_or_else(|| CallError::Epoch { given: text.to_owned() })
}

/// As sweep files have it.
impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Observed::Metric(metric) => metric.fmt(f),
            Observed::Rise { metric, from, to: Until::Epoch(to) } => write!(f, "rise({}, {from}, {to})", metric.name()),
            Observed::Rise { metric, from, to: Until::Last } => write!(f, "rise({}, {from}, last)", metric.name()),
            Observed::Correlation(one, other) => write!(f, "correlation({}, {})", one.name(), other.name()),
            Observed::Spread(metrics) => {
                let names: Vec<&str> = metrics.iter().map(|metric| metric.name()).collect();
                write!(f, "spread({})", names.join(", "))
            }
            Observed::ClassBias => f.write_str(CLASS_BIAS),
            Observed::TrainableShare => f.write_str(TRAINABLE_SHARE),
        }
    }
}

impl From<Observed> for String {
    fn from(observed: Observed) -> String {
        observed.to_string()
    }
}

impl TryFrom<String> for Observed {
    type Error = ObservationError;

    fn try_from(text: String) -> Result<Observed, ObservationError> {
        Observed::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_shown_the_same() {
        for text in [
            "accuracy",
            "accuracy@last",
            "generalization_gap",
            "rise(accuracy, 1, 3)",
            "rise(eval_loss, 3, last)",
            "correlation(train_loss, eval_loss)",
            "spread(accuracy, f1, precision, recall)",
            "class_bias",
            "trainable_share",
        ] {
            assert_eq!(Observed::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn wrong_forms_say_what_would_be_right() {
        let message = |text: &str| Observed::parse(text).unwrap_err().to_string();
        assert!(message("rise(accuracy, 3, 1)").contains("before it begins"));
        assert!(message("rise(accuracy)").contains("`rise(accuracy, 1, 3)`"));
        assert!(message("rise(accuracy, 0, 3)").contains("counted from 1"));
        assert!(message("rise(accuracy, 1, 3").contains("closing parenthesis"));
        assert!(message("correlation(train_loss)").contains("two metrics"));
        assert!(message("spread(accuracy, eval_loss)").contains("two or more shares"));
        assert!(message("spread(acuracy, f1)").contains("did you mean `accuracy`"));
        assert!(message("class_biass").contains("did you mean `class_bias`"));
    }

    #[test]
    fn a_rehearsal_with_fewer_epochs_names_none_that_it_lacks() {
        let within = |text: &str| Observed::parse(text).unwrap().within(2).to_string();
        assert_eq!(within("accuracy@3"), "accuracy@2");
        assert_eq!(within("rise(accuracy, 1, 3)"), "rise(accuracy, 1, 2)");
        assert_eq!(within("rise(accuracy, 3, last)"), "rise(accuracy, 2, last)");
    }
}
