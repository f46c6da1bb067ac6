//! Metrics of the predicted probabilities.

use crate::metrics::expected_effect::Scale;
use crate::metrics::summary::Direction;

use super::definition::{ByExample, Definition, Measured, Table, Titles};
use super::evaluated::mean;

/// Mean cross-entropy in nats.
pub(super) static EVAL_LOSS: Definition = Definition {
    name: "eval_loss",
    titles: Titles { evaluation: "Validation loss", test: "Test loss", judged: "Loss" },
    scale: Scale::Loss,
    direction: Direction::LowerIsBetter,
    counts_examples: false,
    measured: Measured::Evaluation {
        value: |evaluated| mean(evaluated.examples.losses),
        by_example: ByExample::Measurements(|examples| examples.losses.to_vec()),
    },
    rank: 60,
    shown: &[Table::Markdown, Table::Configurations, Table::Runs, Table::Comparison, Table::SmallPanels],
};

/// Mean probability of the predicted class.
pub(super) static MEAN_CONFIDENCE: Definition = Definition {
    name: "mean_confidence",
    titles: Titles::same("Mean confidence"),
    scale: Scale::Share,
    direction: Direction::HigherIsBetter,
    counts_examples: false,
    measured: Measured::Evaluation {
        value: |evaluated| mean(evaluated.examples.confidences),
        by_example: ByExample::Measurements(|examples| examples.confidences.to_vec()),
    },
    rank: 50,
    shown: &[Table::Configurations, Table::Comparison, Table::SmallPanels],
};
