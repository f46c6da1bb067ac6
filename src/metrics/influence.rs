//! A score as a mean over examples.

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
    let cell = |label: u32, predicted: u32| label as usize * classes + predicted as usize;
    let sum: f64 = confusion.rows().flatten().zip(&left_out).map(|(&count, score)| count as f64 * score).sum();
    let mean = sum / examples as f64;
    let whole = confusion.scores()?.get(score);
    let weight = (examples - 1) as f64;
    Some(
        labels
            .iter()
            .zip(predictions)
            .map(|(&label, &predicted)| whole + weight * (mean - left_out[cell(label, predicted)]))
            .collect(),
    )
}

/// For each cell of the matrix the score without one of its examples (0 for an empty cell): examples of one cell are
/// interchangeable. Only the margins of two classes change, so a thousand classes are no obstacle.
fn leave_one_out(confusion: &Confusion, score: ScoreName) -> Option<Vec<f64>> {
    let mut margins = confusion.margins();
    let mut scores = Vec::with_capacity(confusion.classes() * confusion.classes());
    for (label, row) in confusion.rows().enumerate() {
        for (predicted, &count) in row.iter().enumerate() {
            if count == 0 {
                scores.push(0.0);
                continue;
            }
            let before = (margins[label], margins[predicted]);
            margins[label].support -= 1;
            margins[predicted].predicted -= 1;
            margins[label].correct -= u64::from(label == predicted);
            scores.push(Margins::scores_of(&margins)?.get(score));
            (margins[label], margins[predicted]) = before;
        }
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
