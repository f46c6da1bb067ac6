//! Values of metrics as people read them.

use crate::metrics::Scale;
use crate::spec::Metric;

use super::decimals::decimals;

/// A figure as people read it: shares in percent with one decimal, losses with three.
pub(crate) fn write(metric: Metric, value: f64) -> String {
    match metric.scale() {
        Scale::Share => format!("{:.1} %", value * 100.0),
        Scale::Epochs => format!("{value:.1}"),
        Scale::Loss | Scale::Correlation => format!("{value:.3}"),
    }
}

/// Like `write`, of a value that somebody chose: with more decimals where it has more of them.
pub(crate) fn write_chosen(metric: Metric, value: f64) -> String {
    match metric.scale() {
        Scale::Share => format!("{:.1$} %", value * 100.0, decimals(value * 100.0).max(1)),
        Scale::Epochs => format!("{value:.0$}", decimals(value).max(1)),
        Scale::Loss | Scale::Correlation => format!("{value:.0$}", decimals(value).max(3)),
    }
}

/// Like `write`, with one decimal more: for figures that are to be compared.
pub fn write_exactly(metric: Metric, value: f64) -> String {
    match metric.scale() {
        Scale::Share => format!("{:.2} %", value * 100.0),
        Scale::Epochs => format!("{value:.2}"),
        Scale::Loss | Scale::Correlation => format!("{value:.4}"),
    }
}
