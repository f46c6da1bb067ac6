//! Scores of the confusion matrix: accuracy, and weighted by class precision, recall and F1.

use crate::metrics::confusion::ScoreName;
use crate::metrics::expected_effect::Scale;
use crate::metrics::influence::example_values;
use crate::metrics::summary::Direction;

use super::definition::{ByExample, Definition, Measured, Table, Titles};
use super::evaluated::Examples;

pub(super) static ACCURACY: Definition = Definition {
    name: "accuracy",
    titles: Titles::same("Accuracy"),
    scale: Scale::Share,
    direction: Direction::HigherIsBetter,
    counts_examples: true,
    measured: Measured::Evaluation { value: |evaluated| evaluated.scores.accuracy, by_example: ByExample::Correctness },
    rank: 10,
    // It has a chart of its own.
    shown: &[Table::Latex, Table::Markdown, Table::Configurations, Table::Runs, Table::Comparison],
};

pub(super) static F1: Definition = Definition {
    name: "f1",
    titles: Titles::same("F1"),
    scale: Scale::Share,
    direction: Direction::HigherIsBetter,
    counts_examples: true,
    measured: Measured::Evaluation {
        value: |evaluated| evaluated.scores.f1,
        by_example: ByExample::Scores(|examples| values(examples, ScoreName::F1)),
    },
    rank: 20,
    shown: &[Table::Latex, Table::Markdown, Table::Configurations, Table::Runs, Table::Comparison, Table::SmallPanels],
};

pub(super) static PRECISION: Definition = Definition {
    name: "precision",
    titles: Titles::same("Precision"),
    scale: Scale::Share,
    direction: Direction::HigherIsBetter,
    counts_examples: true,
    measured: Measured::Evaluation {
        value: |evaluated| evaluated.scores.precision,
        by_example: ByExample::Scores(|examples| values(examples, ScoreName::Precision)),
    },
    rank: 30,
    shown: &[Table::Latex, Table::Markdown, Table::Configurations, Table::Comparison, Table::SmallPanels],
};

pub(super) static RECALL: Definition = Definition {
    name: "recall",
    titles: Titles::same("Recall"),
    scale: Scale::Share,
    direction: Direction::HigherIsBetter,
    counts_examples: true,
    measured: Measured::Evaluation {
        value: |evaluated| evaluated.scores.recall,
        by_example: ByExample::Scores(|examples| values(examples, ScoreName::Recall)),
    },
    rank: 40,
    shown: &[Table::Latex, Table::Markdown, Table::Configurations, Table::Comparison, Table::SmallPanels],
};

fn values(examples: &Examples<'_>, score: ScoreName) -> Option<Vec<f64>> {
    example_values(examples.classes, examples.labels, examples.predicted, score)
}
