//! The recorded metrics: names, units and direction.

use crate::spec::MetricName;

/// In the order of tables.
pub(crate) const ALL: [MetricName; 8] = [
    MetricName::Accuracy,
    MetricName::F1,
    MetricName::Precision,
    MetricName::Recall,
    MetricName::MeanConfidence,
    MetricName::EvalLoss,
    MetricName::TrainLoss,
    MetricName::TrainAccuracy,
];

/// The name in files.
pub(crate) fn key(metric: MetricName) -> &'static str {
    match metric {
        MetricName::Accuracy => "accuracy",
        MetricName::Precision => "precision",
        MetricName::Recall => "recall",
        MetricName::F1 => "f1",
        MetricName::EvalLoss => "eval_loss",
        MetricName::MeanConfidence => "mean_confidence",
        MetricName::TrainLoss => "train_loss",
        MetricName::TrainAccuracy => "train_accuracy",
    }
}

/// The metric of that name in files.
pub(crate) fn named(name: &str) -> Option<MetricName> {
    ALL.into_iter().find(|&metric| key(metric) == name)
}

/// The name in charts and tables.
pub(crate) fn title(metric: MetricName) -> &'static str {
    match metric {
        MetricName::Accuracy => "Accuracy",
        MetricName::Precision => "Precision",
        MetricName::Recall => "Recall",
        MetricName::F1 => "F1",
        MetricName::EvalLoss => "Validation loss",
        MetricName::MeanConfidence => "Mean confidence",
        MetricName::TrainLoss => "Training loss",
        MetricName::TrainAccuracy => "Training accuracy",
    }
}

pub(crate) fn is_loss(metric: MetricName) -> bool {
    matches!(metric, MetricName::EvalLoss | MetricName::TrainLoss)
}

pub(crate) fn higher_is_better(metric: MetricName) -> bool {
    !is_loss(metric)
}

/// A figure as people read it: shares in percent with one decimal, losses with three.
pub(crate) fn write(metric: MetricName, value: f64) -> String {
    if is_loss(metric) { format!("{value:.3}") } else { format!("{:.1} %", value * 100.0) }
}

/// Like [`write()`], with one decimal more: for figures that are to be compared.
pub(crate) fn write_exactly(metric: MetricName, value: f64) -> String {
    if is_loss(metric) { format!("{value:.4}") } else { format!("{:.2} %", value * 100.0) }
}
