//! Labels against predictions, and the scores that follow from the counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Weighted scores over a set of examples (scikit-learn's `average="weighted"`, `zero_division=0`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    pub accuracy: f64,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

impl Scores {
    pub fn get(&self, name: ScoreName) -> f64 {
        match name {
            ScoreName::Accuracy => self.accuracy,
            ScoreName::Precision => self.precision,
            ScoreName::Recall => self.recall,
            ScoreName::F1 => self.f1,
        }
    }
}

/// Which of the [`Scores`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreName {
    Accuracy,
    Precision,
    Recall,
    F1,
}

/// The scores of one class against all others; what would divide by zero is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Examples labelled with the class.
    pub support: u64,
    /// Examples predicted as the class.
    pub predicted: u64,
}

/// Counts of examples by label (rows) and predicted class (columns). Only what occurs takes memory: a label column of
/// ten thousand values would make a hundred million cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Label and prediction with their count, which is not 0; in the order of the matrix's rows.
    counts: BTreeMap<(u32, u32), u64>,
}

/// Labels and predictions that make no confusion matrix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfusionError {
    #[error("{labels} labels but {predictions} predictions: there must be one prediction per label")]
    Lengths { labels: usize, predictions: usize },
    #[error("class {class} with {classes} classes: classes are counted from 0")]
    Class { class: u32, classes: usize },
}

impl Confusion {
    /// No examples yet.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: BTreeMap::new() }
    }

    /// One count per example; label and prediction are classes from 0 up to `classes`.
    pub fn of(classes: usize, labels: &[u32], predictions: &[u32]) -> Result<Self, ConfusionError> {
        if labels.len() != predictions.len() {
            return Err(ConfusionError::Lengths { labels: labels.len(), predictions: predictions.len() });
        }
        let mut confusion = Self::new(classes);
        for (&label, &predicted) in labels.iter().zip(predictions) {
            confusion.add(label, predicted)?;
        }
        Ok(confusion)
    }

    /// Counts one more example.
    pub fn add(&mut self, label: u32, predicted: u32) -> Result<(), ConfusionError> {
        let cell = (self.class(label)?, self.class(predicted)?);
        *self.counts.entry(cell).or_default() += 1;
        Ok(())
    }

    fn class(&self, class: u32) -> Result<u32, ConfusionError> {
        let classes = self.classes;
        if (class as usize) < classes { Ok(class) } else { Err(ConfusionError::Class { class, classes }) }
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    pub fn examples(&self) -> u64 {
        self.counts.values().sum()
    }

    /// One row per label: how many of its examples were predicted as each class.
    pub fn rows(&self) -> impl Iterator<Item = Vec<u64>> {
        (0..self.classes as u32).map(|label| {
            let mut row = vec![0; self.classes];
            for (&(_, predicted), &count) in self.counts.range((label, 0)..=(label, u32::MAX)) {
                row[predicted as usize] = count;
            }
            row
        })
    }

    /// Label and prediction of each cell that is not empty, with its count, row by row.
    pub(super) fn cells(&self) -> impl Iterator<Item = ((u32, u32), u64)> {
        self.counts.iter().map(|(&cell, &count)| (cell, count))
    }

    /// In class order.
    pub fn by_class(&self) -> Vec<ClassScores> {
        self.margins().iter().map(Margins::scores).collect()
    }

    /// What the scores are made of, in class order.
    pub(super) fn margins(&self) -> Vec<Margins> {
        let mut margins = vec![Margins { correct: 0, support: 0, predicted: 0 }; self.classes];
        for ((label, predicted), count) in self.cells() {
            margins[label as usize].support += count;
            margins[predicted as usize].predicted += count;
            if label == predicted {
                margins[label as usize].correct += count;
            }
        }
        margins
    }

    /// None without examples.
    pub fn scores(&self) -> Option<Scores> {
        Margins::scores_of(&self.margins())
    }
}

/// The counts of a class that its scores are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Margins {
    pub correct: u64,
    /// Examples labelled with the class.
    pub support: u64,
    /// Examples predicted as the class.
    pub predicted: u64,
}

impl Margins {
    fn scores(&self) -> ClassScores {
        let Margins { correct, support, predicted } = *self;
        ClassScores {
            precision: ratio(correct, predicted),
            recall: ratio(correct, support),
            f1: ratio(2 * correct, support + predicted),
            support,
            predicted,
        }
    }

    /// The scores over all classes. None without examples.
    pub fn scores_of(classes: &[Margins]) -> Option<Scores> {
        let examples: u64 = classes.iter().map(|class| class.support).sum();
        if examples == 0 {
            return None;
        }
        let weighted = |value: fn(&ClassScores) -> f64| {
            let shares = classes.iter().map(|class| value(&class.scores()) * class.support as f64);
            shares.sum::<f64>() / examples as f64
        };
        let correct: u64 = classes.iter().map(|class| class.correct).sum();
        Some(Scores {
            accuracy: ratio(correct, examples),
            precision: weighted(|class| class.precision),
            recall: weighted(|class| class.recall),
            f1: weighted(|class| class.f1),
        })
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_one_class_never_predicted_as_zero() {
        let confusion = Confusion::of(3, &[0, 0, 1, 1], &[0, 0, 0, 1]).unwrap();
        let by_class = confusion.by_class();
        assert_eq!((by_class[1].precision, by_class[1].recall), (1.0, 0.5));
        assert_eq!((by_class[2].f1, by_class[2].support), (0.0, 0));
        assert_eq!(confusion.rows().collect::<Vec<_>>(), [[2, 0, 0], [1, 1, 0], [0, 0, 0]]);
    }

    #[test]
    fn has_no_scores_without_examples() {
        assert_eq!(Confusion::new(4).scores(), None);
        assert_eq!(Confusion::new(0).scores(), None);
        assert_eq!(Confusion::of(0, &[], &[]).unwrap().by_class(), []);
    }

    #[test]
    fn says_which_class_is_out_of_range() {
        let error = Confusion::of(2, &[0, 2], &[0, 1]).unwrap_err();
        assert_eq!(error.to_string(), "class 2 with 2 classes: classes are counted from 0");
        assert!(matches!(Confusion::of(2, &[0], &[]), Err(ConfusionError::Lengths { labels: 1, predictions: 0 })));
    }
    /// A label column of distinct values: the whole matrix would take 320 GB.
    #[test]
    fn many_classes_take_memory_for_what_occurs() {
        let classes = 200_000;
        let labels: Vec<u32> = (0..classes).collect();
        let predictions: Vec<u32> = labels.iter().map(|label| label / 2).collect();
        let confusion = Confusion::of(classes as usize, &labels, &predictions).unwrap();
        assert_eq!((confusion.examples(), confusion.cells().count()), (200_000, 200_000));
        let scores = confusion.scores().unwrap();
        assert_eq!(scores.accuracy, 1.0 / 200_000.0);
        assert_eq!(confusion.rows().next().unwrap()[..3], [1, 0, 0]);
    }
}
