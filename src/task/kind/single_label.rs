//! Classes of which each example has exactly one.

use serde_json::{Map, Value, json};
use tch::{Kind, TchError, Tensor};

use crate::data::{Classes, LearnLabels};
use crate::metrics::{self, Confusion, Evaluated, Metric, MetricValues};
use crate::task::{
    Answer, BatchLoss, Columns, Evaluation, LabelAs, Measurement, OutputColumns, Prediction, Tally, Task, TaskError,
};

/// Classification with one label per example: cross-entropy, and the probabilities of all classes. A target is a class's number.
pub struct SingleLabel;

const COLUMNS: Columns = Columns {
    target: "label",
    predicted: "predicted",
    outputs: Some(OutputColumns { prefix: "p_", field: "probabilities" }),
};

impl Task for SingleLabel {
    fn name(&self) -> &'static str {
        "single_label_classification"
    }

    fn problem_type(&self) -> &'static str {
        "single_label_classification"
    }

    fn labels(&self) -> LearnLabels {
        Classes::learn
    }

    fn outputs(&self, names: &[String]) -> usize {
        names.len()
    }

    /// All that there are today.
    fn has(&self, _: Metric) -> bool {
        true
    }

    /// `[sequences]` int64
    fn tensor(&self, targets: &[u32]) -> Result<Tensor, TchError> {
        let classes: Vec<i64> = targets.iter().map(|&class| i64::from(class)).collect();
        Tensor::f_from_slice(&classes)
    }

    /// Cross-entropy in nats.
    fn loss(&self, logits: &Tensor, targets: &Tensor, weights: &Tensor) -> Result<BatchLoss, TchError> {
        let log_probabilities = logits.f_log_softmax(-1, Kind::Float)?;
        let places = targets.f_unsqueeze(1)?;
        let losses = log_probabilities.f_gather(1, &places, false)?.f_squeeze_dim(1)?.f_neg()?;
        let ones = Tensor::f_ones_like(&places)?.f_to_kind(Kind::Float)?.f_neg()?;
        let gradient = log_probabilities.f_exp()?.f_scatter_add(1, &places, &ones)?.f_mul(&weights.f_unsqueeze(1)?)?;
        let correct = logits.f_argmax(-1, false)?.f_eq_tensor(targets)?.f_to_kind(Kind::Float)?;
        Ok(BatchLoss { losses, correct: Some(correct), gradient })
    }

    /// Log-probabilities.
    fn values(&self, logits: &Tensor) -> Result<Tensor, TchError> {
        logits.f_log_softmax(-1, Kind::Float)
    }

    fn answer(&self, log_probabilities: &[f32]) -> Answer {
        let outputs = log_probabilities.iter().map(|value| value.exp()).collect();
        Answer { predicted: most_probable(log_probabilities), outputs }
    }

    fn predicted(&self, probabilities: &[f32]) -> u32 {
        most_probable(probabilities)
    }

    fn evaluate(&self, log_probabilities: &[f32], labels: &[u32], classes: usize) -> Result<Evaluation, TaskError> {
        if labels.is_empty() {
            return Err(TaskError::NoExamples);
        }
        let rows = || log_probabilities.chunks(classes);
        // A label that is no class is refused below.
        let loss = |row: &[f32], label: u32| row.get(label as usize).map_or(f64::NAN, |&value| -f64::from(value));
        let predicted: Vec<u32> = rows().map(most_probable).collect();
        let confidences: Vec<f64> =
            rows().zip(&predicted).map(|(row, &class)| f64::from(row[class as usize]).exp()).collect();
        let losses: Vec<f64> = rows().zip(labels).map(|(row, &label)| loss(row, label)).collect();
        let examples =
            metrics::Examples { classes, labels, predicted: &predicted, confidences: &confidences, losses: &losses };
        let metrics = MetricValues::of_evaluation(&Evaluated::new(examples)?);
        Ok(Evaluation { metrics, outputs: log_probabilities.iter().map(|value| value.exp()).collect() })
    }

    fn measure(&self, prediction: &Prediction) -> Option<Measurement> {
        let probabilities = &prediction.outputs;
        let loss = metrics::log_loss(probabilities, prediction.label)?;
        Some(Measurement { loss, confidence: metrics::confidence(probabilities)? })
    }

    fn tally(&self, classes: usize) -> Box<dyn Tally> {
        Box::new(Confusion::new(classes))
    }

    fn columns(&self) -> &'static Columns {
        &COLUMNS
    }

    fn written(&self, class: u32, label_as: LabelAs, names: &[String]) -> Value {
        match label_as {
            LabelAs::Name => json!(names.get(class as usize)),
            LabelAs::Index => json!(class),
        }
    }

    fn parse(&self, cell: &str, names: &[String]) -> Option<u32> {
        cell.parse().ok().filter(|class| (*class as usize) < names.len())
    }

    fn config(&self, names: &[String]) -> Vec<(&'static str, Value)> {
        let by_id: Map<String, Value> =
            (0..).zip(names).map(|(id, name): (usize, _)| (id.to_string(), json!(name))).collect();
        let by_name: Map<String, Value> =
            (0..).zip(names).map(|(id, name): (usize, _)| (name.clone(), json!(id))).collect();
        vec![("id2label", by_id.into()), ("label2id", by_name.into()), ("num_labels", json!(names.len()))]
    }
}

/// Index of the largest value; the first of equals.
fn most_probable(row: &[f32]) -> u32 {
    let mut best = 0;
    for (class, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = class;
        }
    }
    best as u32
}

impl Tally for Confusion {
    fn add(&mut self, target: u32, answer: &Answer) {
        // Both are numbers of classes.
        let _ = Confusion::add(self, target, answer.predicted);
    }

    fn metrics(&self) -> Option<Vec<(Metric, f64)>> {
        let scores = self.scores()?;
        Some(vec![(Metric::ACCURACY, scores.accuracy), (Metric::F1, scores.f1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_that_of_the_weighted_losses() {
        let logits = Tensor::from_slice(&[0.5f32, -1.0, 2.0, 0.25, 0.0, -0.75]).reshape([2, 3]).set_requires_grad(true);
        let weights = Tensor::from_slice(&[0.5f32, 2.0]);
        let targets = SingleLabel.tensor(&[2, 1]).unwrap();
        let expected = logits.cross_entropy_loss::<Tensor>(&targets, None, tch::Reduction::None, -100, 0.0);
        (&expected * &weights).sum(Kind::Float).backward();
        let loss = SingleLabel.loss(&logits.detach(), &targets, &weights).unwrap();
        assert!(loss.losses.allclose(&expected.detach(), 1e-6, 1e-6, false));
        assert!(loss.gradient.allclose(&logits.grad(), 1e-6, 1e-6, false));
        assert_eq!(Vec::<f32>::try_from(loss.correct.unwrap()).unwrap(), [1.0, 0.0]);
    }

    #[test]
    fn an_evaluation_counts_the_first_of_equal_classes() {
        let half = 0.5f32.ln();
        let values = [half, half, 0.25f32.ln(), 0.75f32.ln()];
        let evaluation = SingleLabel.evaluate(&values, &[0, 0], 2).unwrap();
        assert_eq!(evaluation.metrics.get(Metric::ACCURACY), Some(0.5));
        assert!((evaluation.metrics.get(Metric::MEAN_CONFIDENCE).unwrap() - 0.625).abs() < 1e-6);
        assert_eq!(SingleLabel.answer(&values[..2]).predicted, 0);
        assert_eq!(SingleLabel.predicted(&evaluation.outputs[2..]), 1);
        let nothing = SingleLabel.evaluate(&[], &[], 2).unwrap_err();
        assert_eq!(nothing.to_string(), "there are no examples to evaluate on");
        assert!(SingleLabel.evaluate(&values[..2], &[5], 2).is_err());
    }
}
