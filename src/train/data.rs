//! Tokenized examples as training sees them.

use crate::data::{Encoded, Overview, TokenLengths, order};
use crate::task::Targets;

/// Training examples that are evaluated at most: as many as the paper evaluates on.
const SAMPLE: usize = 640;
/// Evaluating one of so many training examples makes an epoch longer by a few per cent; of few examples so many cost little.
const ONE_OF: usize = 6;
const FEW: usize = 64;
/// Stands for a seed in the order that the sample is the beginning of (`"sample"`): the same for all runs.
const SAMPLE_KEY: u64 = 0x7361_6D70_6C65;

/// Examples of one split.
#[derive(Debug)]
pub struct Examples {
    pub tokens: Encoded,
    /// Targets, as the task has them.
    pub labels: Vec<u32>,
    /// Each example's row in its source; the id in predictions.
    pub rows: Vec<usize>,
}

impl Examples {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// These of the examples, by index, in this order.
    fn of(&self, chosen: &[usize]) -> Examples {
        Examples {
            tokens: chosen.iter().map(|&example| self.tokens.get(example)).collect(),
            labels: chosen.iter().map(|&example| self.labels[example]).collect(),
            rows: chosen.iter().map(|&example| self.rows[example]).collect(),
        }
    }
}

/// What the runs of a pack are trained and evaluated on.
#[derive(Debug)]
pub struct TrainingData {
    pub train: Examples,
    pub evaluation: Examples,
    /// Examples that choose nothing; none where there is no test.
    pub test: Option<Examples>,
    pub targets: Targets,
    /// What was found of the data set; none where examples were made otherwise.
    pub overview: Option<Overview>,
    pub digest: String,
    /// Of all texts, before they are cut; none where examples were made otherwise.
    pub token_lengths: Option<TokenLengths>,
}

impl TrainingData {
    /// The training examples that are evaluated after each epoch without dropout, to be compared with the evaluation: at most as
    /// many as there are evaluation examples, at most 640, and of many no more than a sixth. They depend on the training part alone, so that all runs on it
    /// have the same.
    pub fn train_sample(&self) -> Examples {
        let mut chosen = order(SAMPLE_KEY, 0, self.train.len());
        chosen.truncate(sample_size(self.train.len(), self.evaluation.len()));
        chosen.sort_unstable();
        self.train.of(&chosen)
    }
}

/// How many training examples are evaluated after each epoch, of so many and beside so many evaluation examples.
pub fn sample_size(train: usize, evaluation: usize) -> usize {
    train.min(evaluation).min(SAMPLE).min((train / ONE_OF).max(FEW))
}
