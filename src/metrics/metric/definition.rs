//! What is to be known of a metric: everything that files, charts, tables and hypotheses need, once.

use crate::metrics::expected_effect::Scale;
use crate::metrics::summary::Direction;

use super::evaluated::{Evaluated, Examples};

/// A metric that is recorded after every epoch.
#[derive(Debug)]
pub struct Definition {
    /// The name in files: in sweep files, as a column of `metrics.csv`, in records.
    pub name: &'static str,
    pub titles: Titles,
    pub scale: Scale,
    pub direction: Direction,
    /// Whether examples are counted in it, so that one example is the smallest step between two values.
    pub counts_examples: bool,
    pub measured: Measured,
    /// Its place among the columns of tables, ascending; equal ones in the order of their names.
    pub rank: u32,
    /// Where it is shown, beside `metrics.csv`, `runs.csv` and `summary.csv`, which have every metric.
    pub shown: &'static [Table],
}

/// The name in charts and tables, by the examples that it is of.
#[derive(Clone, Copy, Debug)]
pub struct Titles {
    /// Of the evaluation examples, or the training.
    pub evaluation: &'static str,
    pub test: &'static str,
    /// Of whichever examples judge a run.
    pub judged: &'static str,
}

impl Titles {
    /// One name, whatever the examples.
    pub const fn same(title: &'static str) -> Self {
        Self { evaluation: title, test: title, judged: title }
    }
}

/// How an epoch gets its value.
#[derive(Clone, Copy, Debug)]
pub enum Measured {
    /// While training, over the examples of an epoch, with dropout.
    Training(fn(&TrainingTotals) -> Option<f64>),
    /// After an epoch, on the evaluation examples; of the best and the last epoch also on those of a test.
    Evaluation { value: fn(&Evaluated<'_>) -> f64, by_example: ByExample },
}

/// What training has summed up over an epoch.
#[derive(Clone, Copy, Debug)]
pub struct TrainingTotals {
    /// Mean over the examples.
    pub loss: f64,
    /// Share of the examples; none where a task knows no right and wrong.
    pub accuracy: Option<f64>,
}

/// One value for every example whose mean is the metric: what a comparison is paired by.
#[derive(Clone, Copy, Debug)]
pub enum ByExample {
    /// There are none; a comparison is paired by seed.
    None,
    /// Right or wrong.
    Correctness,
    /// A score as a mean over examples ([`crate::metrics::example_values`]); none where there are too few examples.
    Scores(fn(&Examples<'_>) -> Option<Vec<f64>>),
    /// Measured on each example by itself.
    Measurements(fn(&Examples<'_>) -> Vec<f64>),
}

/// Tables and charts that show a choice of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// `summary.tex`.
    Latex,
    /// `summary.md`.
    Markdown,
    /// Of configurations, on the page.
    Configurations,
    /// Of runs, on the page.
    Runs,
    /// `sweep compare`.
    Comparison,
    /// The chart with a small panel for each metric.
    SmallPanels,
}
