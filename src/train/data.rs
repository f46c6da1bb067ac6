//! Tokenized examples as training sees them.

use crate::data::{Encoded, Overview, TokenLengths};

/// Examples of one split.
#[derive(Debug)]
pub struct Examples {
    pub tokens: Encoded,
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
}

/// What the runs of a pack are trained and evaluated on.
#[derive(Debug)]
pub struct TrainingData {
    pub train: Examples,
    pub evaluation: Examples,
    pub class_names: Vec<String>,
    /// What was found of the data set; none where examples were made otherwise.
    pub overview: Option<Overview>,
    pub digest: String,
    /// Of training and evaluation texts, before they are cut; none where examples were made otherwise.
    pub token_lengths: Option<TokenLengths>,
}
