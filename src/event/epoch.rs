//! What an epoch and an evaluation give, in the form in which records of all versions have it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::metrics::{Metric, MetricValues, Scores};

/// One epoch of one run: a row of `metrics.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenEpoch", into = "WrittenEpoch")]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    pub metrics: MetricValues,
    /// Mean loss over a fixed sample of the training examples at the epoch's end, without dropout; none in records of older
    /// versions, and where it was no finite number.
    pub train_eval_loss: Option<f64>,
    /// Of the epoch's last optimizer step.
    pub learning_rate: f64,
    /// Wall-clock seconds of the epoch, evaluation included.
    pub seconds: f64,
    /// Training examples per second, evaluation excluded.
    pub examples_per_second: f64,
    /// Real (unpadded) training tokens per second, evaluation excluded.
    pub tokens_per_second: f64,
}

impl EpochRecord {
    /// The epoch's value of a metric; NaN where it was not measured.
    pub fn metric(&self, metric: Metric) -> f64 {
        self.metrics.get(metric).unwrap_or(f64::NAN)
    }
}

/// What an evaluation gives over all its examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenFigures", into = "WrittenFigures")]
pub struct Figures {
    pub metrics: MetricValues,
}

impl Figures {
    /// The value of a metric; none of those that are measured while training.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        self.metrics.get(metric)
    }
}

/// The epoch with the best value of a metric: the lowest loss, the highest of anything else, the earliest of equals.
/// Epochs whose value is not a number do not count.
pub fn best_epoch(epochs: &[EpochRecord], metric: Metric) -> Option<&EpochRecord> {
    best_by(epochs, metric, Some)
}

/// The best of several things by the epoch that each is judged by (none: it is not judged): the lowest loss, the highest of
/// anything else, the first of equals. Values that are not a number do not count. This is what "best" means everywhere, of
/// a run's epochs and of a sweep's runs.
pub fn best_by<'a, T>(
    things: impl IntoIterator<Item = &'a T>,
    metric: Metric,
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

/// An epoch as JSON: metrics that are older than the registry have fields of their own.
#[derive(Clone, Serialize, Deserialize)]
struct WrittenEpoch {
    epoch: usize,
    #[serde(deserialize_with = "number_or_nan")]
    train_loss: f64,
    #[serde(deserialize_with = "number_or_nan")]
    train_accuracy: f64,
    #[serde(deserialize_with = "number_or_nan")]
    eval_loss: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    train_eval_loss: Option<f64>,
    scores: Scores,
    #[serde(deserialize_with = "number_or_nan")]
    mean_confidence: f64,
    #[serde(deserialize_with = "number_or_nan")]
    learning_rate: f64,
    #[serde(deserialize_with = "number_or_nan")]
    seconds: f64,
    #[serde(deserialize_with = "number_or_nan")]
    examples_per_second: f64,
    #[serde(deserialize_with = "number_or_nan")]
    tokens_per_second: f64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    further: Further,
}

/// The figures of an evaluation as JSON; see [`WrittenEpoch`].
#[derive(Clone, Serialize, Deserialize)]
struct WrittenFigures {
    #[serde(deserialize_with = "number_or_nan")]
    loss: f64,
    scores: Scores,
    #[serde(deserialize_with = "number_or_nan")]
    mean_confidence: f64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    further: Further,
}

/// Metrics without a field of their own. None: no number.
type Further = BTreeMap<Metric, Option<f64>>;

impl From<EpochRecord> for WrittenEpoch {
    fn from(record: EpochRecord) -> Self {
        let EpochRecord { epoch, metrics: mut left, train_eval_loss, .. } = record;
        Self {
            epoch,
            train_loss: take(&mut left, Metric::TRAIN_LOSS),
            train_accuracy: take(&mut left, Metric::TRAIN_ACCURACY),
            eval_loss: take(&mut left, Metric::EVAL_LOSS),
            train_eval_loss,
            scores: take_scores(&mut left),
            mean_confidence: take(&mut left, Metric::MEAN_CONFIDENCE),
            learning_rate: record.learning_rate,
            seconds: record.seconds,
            examples_per_second: record.examples_per_second,
            tokens_per_second: record.tokens_per_second,
            further: further(&left),
        }
    }
}

impl From<WrittenEpoch> for EpochRecord {
    fn from(written: WrittenEpoch) -> Self {
        let fields = [
            (Metric::TRAIN_LOSS, written.train_loss),
            (Metric::TRAIN_ACCURACY, written.train_accuracy),
            (Metric::EVAL_LOSS, written.eval_loss),
            (Metric::MEAN_CONFIDENCE, written.mean_confidence),
        ];
        Self {
            epoch: written.epoch,
            metrics: together(&fields, written.scores, &written.further),
            train_eval_loss: written.train_eval_loss,
            learning_rate: written.learning_rate,
            seconds: written.seconds,
            examples_per_second: written.examples_per_second,
            tokens_per_second: written.tokens_per_second,
        }
    }
}

impl From<Figures> for WrittenFigures {
    fn from(Figures { metrics: mut left }: Figures) -> Self {
        Self {
            loss: take(&mut left, Metric::EVAL_LOSS),
            scores: take_scores(&mut left),
            mean_confidence: take(&mut left, Metric::MEAN_CONFIDENCE),
            further: further(&left),
        }
    }
}

impl From<WrittenFigures> for Figures {
    fn from(written: WrittenFigures) -> Self {
        let fields = [(Metric::EVAL_LOSS, written.loss), (Metric::MEAN_CONFIDENCE, written.mean_confidence)];
        Self { metrics: together(&fields, written.scores, &written.further) }
    }
}

fn take(values: &mut MetricValues, metric: Metric) -> f64 {
    values.take(metric).unwrap_or(f64::NAN)
}

fn take_scores(values: &mut MetricValues) -> Scores {
    Scores {
        accuracy: take(values, Metric::ACCURACY),
        precision: take(values, Metric::PRECISION),
        recall: take(values, Metric::RECALL),
        f1: take(values, Metric::F1),
    }
}

fn further(left: &MetricValues) -> Further {
    left.iter().map(|(metric, value)| (metric, Some(value))).collect()
}

fn together(fields: &[(Metric, f64)], scores: Scores, further: &Further) -> MetricValues {
    let further = further.iter().map(|(metric, value)| (*metric, value.unwrap_or(f64::NAN)));
    fields.iter().copied().chain(scores.metrics()).chain(further).collect()
}

/// JSON has no NaN and no infinity and writes both as null: read it as NaN, so that what was written can be read.
pub(super) fn number_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checkpoints, results and logs of all versions have this form.
    const EPOCH: &str = concat!(
        r#"{"epoch":2,"train_loss":0.5,"train_accuracy":0.75,"eval_loss":null,"scores":{"accuracy":0.9,"precision":0.8,"#,
        r#""recall":0.7,"f1":0.6},"mean_confidence":0.95,"learning_rate":0.001,"seconds":2.0,"#,
        r#""examples_per_second":10.0,"tokens_per_second":100.0}"#
    );
    const FIGURES: &str =
        r#"{"loss":0.25,"scores":{"accuracy":0.9,"precision":0.8,"recall":0.7,"f1":0.6},"mean_confidence":0.95}"#;

    #[test]
    fn the_written_form_stays_what_it_is() {
        let record: EpochRecord = serde_json::from_str(EPOCH).unwrap();
        assert_eq!((record.metric(Metric::TRAIN_LOSS), record.metric(Metric::F1)), (0.5, 0.6));
        assert!(record.metric(Metric::EVAL_LOSS).is_nan(), "a loss that was no number");
        assert_eq!(serde_json::to_string(&record).unwrap(), EPOCH);
        let figures: Figures = serde_json::from_str(FIGURES).unwrap();
        assert_eq!((figures.metric(Metric::EVAL_LOSS), figures.metric(Metric::TRAIN_LOSS)), (Some(0.25), None));
        assert_eq!(serde_json::to_string(&figures).unwrap(), FIGURES);
    }
}
