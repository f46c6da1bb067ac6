//! Metrics that are taken while training, with dropout.

use crate::metrics::expected_effect::Scale;
use crate::metrics::summary::Direction;

use super::definition::{Definition, Measured, Table, Titles};

pub(super) static TRAIN_LOSS: Definition = Definition {
    name: "train_loss",
    titles: Titles::same("Training loss"),
    scale: Scale::Loss,
    direction: Direction::LowerIsBetter,
    counts_examples: false,
    measured: Measured::Training(|totals| Some(totals.loss)),
    rank: 70,
    // The chart of both losses has it.
    shown: &[Table::Runs],
};

pub(super) static TRAIN_ACCURACY: Definition = Definition {
    name: "train_accuracy",
    titles: Titles::same("Training accuracy"),
    scale: Scale::Share,
    direction: Direction::HigherIsBetter,
    counts_examples: true,
    measured: Measured::Training(|totals| totals.accuracy),
    rank: 80,
    shown: &[Table::SmallPanels],
};
