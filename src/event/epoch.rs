//! What a run shows after an epoch.

use serde::{Deserialize, Deserializer, Serialize};

use crate::metrics::Scores;
use crate::spec::MetricName;

/// One epoch of one run: a row of `metrics.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the training examples of the epoch, with dropout.
    #[serde(deserialize_with = "number_or_nan")]
    pub train_loss: f64,
    /// Accuracy over the training examples of the epoch, with dropout.
    #[serde(deserialize_with = "number_or_nan")]
    pub train_accuracy: f64,
    #[serde(deserialize_with = "number_or_nan")]
    pub eval_loss: f64,
    /// Mean loss over a fixed sample of the training examples at the epoch's end, without dropout; none in records of older
    /// versions, and where it was no finite number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_eval_loss: Option<f64>,
    /// Weighted scores on the evaluation examples.
    pub scores: Scores,
    /// Mean probability of the predicted class over the evaluation examples.
    #[serde(deserialize_with = "number_or_nan")]
    pub mean_confidence: f64,
    /// Of the epoch's last optimizer step.
    #[serde(deserialize_with = "number_or_nan")]
    pub learning_rate: f64,
    /// Wall-clock seconds of the epoch, evaluation included.
    #[serde(deserialize_with = "number_or_nan")]
    pub seconds: f64,
    /// Training examples per second, evaluation excluded.
    #[serde(deserialize_with = "number_or_nan")]
    pub examples_per_second: f64,
    /// Real (unpadded) training tokens per second, evaluation excluded.
    #[serde(deserialize_with = "number_or_nan")]
    pub tokens_per_second: f64,
}

impl EpochRecord {
    /// The epoch's value of a metric.
    pub fn metric(&self, name: MetricName) -> f64 {
        match name {
            MetricName::Accuracy => self.scores.accuracy,
            MetricName::Precision => self.scores.precision,
            MetricName::Recall => self.scores.recall,
            MetricName::F1 => self.scores.f1,
            MetricName::EvalLoss => self.eval_loss,
            MetricName::MeanConfidence => self.mean_confidence,
            MetricName::TrainLoss => self.train_loss,
            MetricName::TrainAccuracy => self.train_accuracy,
        }
    }
}

/// What an evaluation gives over all its examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Mean cross-entropy.
    #[serde(deserialize_with = "number_or_nan")]
    pub loss: f64,
    /// Weighted scores.
    pub scores: Scores,
    /// Mean probability of the predicted class.
    #[serde(deserialize_with = "number_or_nan")]
    pub mean_confidence: f64,
}

impl Figures {
    /// The value of a metric; none of those that are measured while training.
    pub fn metric(&self, name: MetricName) -> Option<f64> {
        Some(match name {
            MetricName::Accuracy => self.scores.accuracy,
            MetricName::Precision => self.scores.precision,
            MetricName::Recall => self.scores.recall,
            MetricName::F1 => self.scores.f1,
            MetricName::EvalLoss => self.loss,
            MetricName::MeanConfidence => self.mean_confidence,
            MetricName::TrainLoss | MetricName::TrainAccuracy => return None,
        })
    }
}

/// The epoch with the best value of a metric: the lowest loss, the highest of anything else, the earliest of equals.
/// Epochs whose value is not a number do not count.
pub fn best_epoch(epochs: &[EpochRecord], metric: MetricName) -> Option<&EpochRecord> {
    best_by(epochs, metric, Some)
}

/// The best of several things by the epoch that each is judged by (none: it is not judged): the lowest loss, the highest of
/// anything else, the first of equals. Values that are not a number do not count. This is what "best" means everywhere, of
/// a run's epochs and of a sweep's runs.
pub fn best_by<'a, T>(
    things: impl IntoIterator<Item = &'a T>,
    metric: MetricName,
    epoch: impl Fn(&'a T) -> Option<&'a EpochRecord>,
) -> Option<&'a T> {
    let mut best: Option<(f64, &T)> = None;
    for thing in things {
        let Some(value) = epoch(thing).map(|record| record.metric(metric)) else {
            continue;
        };
        let score = if metric.lower_is_better() { -value } else { value };
        if !score.is_nan() && best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, thing));
        }
    }
    best.map(|(_, thing)| thing)
}

/// JSON has no NaN and no infinity and writes both as null: read it as NaN, so that what was written can be read.
pub(super) fn number_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
