//! The values of all recorded metrics, of an epoch or an evaluation.

use crate::metrics::confusion::Scores;

use super::definition::{Measured, TrainingTotals};
use super::evaluated::Evaluated;
use super::handle::Metric;
use super::registry::METRICS;

/// A value for each metric that was measured. One that is there may be NaN: a loss that diverged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricValues([Option<f64>; METRICS.len()]);

impl MetricValues {
    /// No values.
    pub const NONE: MetricValues = MetricValues([None; METRICS.len()]);

    /// Of an evaluation: a value for every metric but those of training.
    pub fn of_evaluation(evaluated: &Evaluated<'_>) -> Self {
        Metric::all()
            .filter_map(|metric| match metric.measured() {
                Measured::Evaluation { value, .. } => Some((metric, value(evaluated))),
                Measured::Training(_) => None,
            })
            .collect()
    }

    /// With the metrics of training added.
    #[must_use]
    pub fn with_training(mut self, totals: &TrainingTotals) -> Self {
        for metric in Metric::all() {
            if let Measured::Training(value) = metric.measured()
                && let Some(value) = value(totals)
            {
                self.set(metric, value);
            }
        }
        self
    }

    /// None where it was not measured: while training, or by an older version.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.0[metric.index()]
    }

    pub fn set(&mut self, metric: Metric, value: f64) {
        self.0[metric.index()] = Some(value);
    }

    /// Removes a value and gives it.
    pub fn take(&mut self, metric: Metric) -> Option<f64> {
        self.0[metric.index()].take()
    }

    /// Those that were measured, in the order of columns in files.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        Metric::all().zip(&self.0).filter_map(|(metric, value)| Some((metric, (*value)?)))
    }
}

impl FromIterator<(Metric, f64)> for MetricValues {
    fn from_iter<I: IntoIterator<Item = (Metric, f64)>>(values: I) -> Self {
        let mut all = MetricValues::NONE;
        for (metric, value) in values {
            all.set(metric, value);
        }
        all
    }
}

impl Scores {
    /// By metric.
    pub fn metrics(self) -> [(Metric, f64); 4] {
        let Scores { accuracy, precision, recall, f1 } = self;
        [(Metric::ACCURACY, accuracy), (Metric::PRECISION, precision), (Metric::RECALL, recall), (Metric::F1, f1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Examples;

    #[test]
    fn an_evaluation_has_all_metrics_but_those_of_training() {
        let examples = Examples {
            classes: 2,
            labels: &[0, 1, 1, 0],
            predicted: &[0, 1, 0, 0],
            confidences: &[0.9, 0.8, 0.7, 0.6],
            losses: &[0.1, 0.2, 1.2, 0.5],
        };
        let values = MetricValues::of_evaluation(&Evaluated::new(examples).unwrap());
        assert_eq!(values.get(Metric::ACCURACY), Some(0.75));
        assert!((values.get(Metric::MEAN_CONFIDENCE).unwrap() - 0.75).abs() < 1e-12);
        assert!((values.get(Metric::EVAL_LOSS).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(values.get(Metric::TRAIN_LOSS), None);
        let values = values.with_training(&TrainingTotals { loss: 0.25, accuracy: Some(0.5) });
        assert_eq!(values.get(Metric::TRAIN_LOSS), Some(0.25));
        assert_eq!(values.iter().count(), Metric::all().len());
    }

    #[test]
    fn without_examples_scores_are_zero_and_means_are_no_numbers() {
        let examples = Examples { classes: 2, labels: &[], predicted: &[], confidences: &[], losses: &[] };
        let values = MetricValues::of_evaluation(&Evaluated::new(examples).unwrap());
        assert_eq!(values.get(Metric::F1), Some(0.0));
        assert!(values.get(Metric::EVAL_LOSS).unwrap().is_nan());
    }
}
