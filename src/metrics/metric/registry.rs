//! All recorded metrics. This is the only list of them.

use super::definition::Definition;
use super::{probabilities, scores, training};

/// In the order of columns in files. A new one comes last, so that columns stay where they are.
pub(super) static METRICS: &[&Definition] = &[
    &training::TRAIN_LOSS,
    &training::TRAIN_ACCURACY,
    &probabilities::EVAL_LOSS,
    &scores::ACCURACY,
    &scores::PRECISION,
    &scores::RECALL,
    &scores::F1,
    &probabilities::MEAN_CONFIDENCE,
];
