//! A score as a mean over examples.

use std::collections::HashMap;

use super::confusion::{Confusion, Margins, ScoreName};

/// One value per example whose mean is the weighted score of all of them and whose spread is the score's jackknife
/// spread: `score + (n - 1) * (mean of the scores that leave one out - the score that leaves this one out)`, the
/// linearised pseudo-values of Tukey's jackknife (Efron and Tibshirani 1993, chapter 11). For accuracy these are exactly 1
/// (right) and 0 (wrong); F1, precision and recall become comparable by example in the same way.
///
/// None for fewer than two examples, unequal lengths or a class out of range.
pub fn example_values(classes: usize, labels: &[u32], predictions: &[u32], score: ScoreName) -> Option<Vec<f64>> {
    let confusion = Confusion::of(classes, labels, predictions).ok()?;
    let examples = confusion.examples();
    if examples < 2 {
        return None;
    }
    let left_out = leave_one_out(&confusion, score)?;
    let sum: f64 = confusion.cells().map(|(cell, count)| count as f64 * left_out[&cell]).sum();
    let mean = sum / examples as f64;
    let whole = confusion.scores()?.get(score);
    let weight = (examples - 1) as f64;
    Some(labels.iter().zip(predictions).map(|(&l, &p)| whole + weight * (mean - left_out[&(l, p)])).collect())
}

/// For each cell of the matrix that is not empty the score without one of its examples: examples of one cell are
/// interchangeable. Only the margins of two classes change, so a thousand classes are no obstacle.
fn leave_one_out(confusion: &Confusion, score: ScoreName) -> Option<HashMap<(u32, u32), f64>> {
    let mut margins = confusion.margins();
    let mut scores = HashMap::new();
    for ((label, predicted), _) in confusion.cells() {
        let (row, column) = (label as usize, predicted as usize);
        let before = (margins[row], margins[column]);
        margins[row].support -= 1;
        margins[column].predicted -= 1;
        margins[row].correct -= u64::from(label == predicted);
        scores.insert((label, predicted), Margins::scores_of(&margins)?.get(score));
        (margins[row], margins[column]) = before;
    }
    Some(scores)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn examples() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
        prop::collection::vec((0u32..4, 0u32..4), 2..60).prop_map(|pairs| pairs.into_iter().unzip())
    }

    proptest! {
        #[test]
        fn the_mean_over_examples_is_the_score((labels, predictions) in examples()) {
            let scores = Confusion::of(4, &labels, &predictions).unwrap().scores().unwrap();
            for name in [ScoreName::Accuracy, ScoreName::Precision, ScoreName::Recall, ScoreName::F1] {
                let values = example_values(4, &labels, &predictions, name).unwrap();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                prop_assert!((mean - scores.get(name)).abs() < 1e-12);
            }
        }

        #[test]
        fn accuracy_gives_right_and_wrong((labels, predictions) in examples()) {
            let values = example_values(4, &labels, &predictions, ScoreName::Accuracy).unwrap();
            for ((label, predicted), value) in labels.iter().zip(&predictions).zip(values) {
                let right = if label == predicted { 1.0 } else { 0.0 };
                prop_assert!((value - right).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn needs_two_examples() {
        assert_eq!(example_values(2, &[], &[], ScoreName::F1), None);
        assert_eq!(example_values(2, &[1], &[1], ScoreName::F1), None);
        assert_eq!(example_values(2, &[1, 5], &[1, 1], ScoreName::F1), None);
    }
}
