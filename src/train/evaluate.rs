//! Evaluation of runs on examples that they are not trained on just then, several runs in one pass.

use tch::{Kind, Tensor};

use super::TrainError;
use super::data::Examples;
use super::frozen_states::FrozenStates;
use super::record::Prediction;
use crate::event::Figures;
use crate::metrics::{self, Evaluated, MetricValues};
use crate::model::{Adapter, Base, Classifier, Layout, RunPass, RunSequences};

/// What evaluating one run gives.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub figures: Figures,
    /// `[examples * classes]`, example after example.
    pub probabilities: Vec<f32>,
}

/// Log-probabilities of the classes of every example for each adapter, `[examples * classes]`: batches are made of
/// sequences of similar length, the result is in the examples' order. `frozen` is what earlier calls with the same base and
/// examples have left; none where nothing is worth keeping.
pub fn log_probabilities(
    base: &Base,
    adapters: &[&Adapter],
    examples: &[&[u32]],
    batch_size: usize,
    frozen: Option<&mut FrozenStates>,
) -> Result<Vec<Vec<f32>>, TrainError> {
    // It is never asked to stop.
    Ok(log_probabilities_until(base, adapters, examples, batch_size, frozen, &|| false)?.unwrap_or_default())
}

/// [`log_probabilities`]; none where `stop` asked to leave before they were complete.
fn log_probabilities_until(
    base: &Base,
    adapters: &[&Adapter],
    examples: &[&[u32]],
    batch_size: usize,
    mut frozen: Option<&mut FrozenStates>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<Vec<f32>>>, TrainError> {
    let mut by_length: Vec<usize> = (0..examples.len()).collect();
    by_length.sort_by_key(|&example| examples[example].len());
    let passes: Vec<RunPass<'_>> = adapters.iter().map(|adapter| RunPass { adapter, dropout: None }).collect();
    let layers = frozen_layers(base, adapters);
    if let Some(frozen) = &mut frozen {
        frozen.begin(layers, batch_size);
    }
    let mut results = vec![vec![0f32; examples.len() * base.classes]; adapters.len()];
    for (number, batch) in by_length.chunks(batch_size.max(1)).enumerate() {
        if stop() {
            return Ok(None);
        }
        let sequences: RunSequences<'_> = batch.iter().map(|&example| examples[example]).collect();
        let layout = Layout::new(&vec![sequences; adapters.len()], base.device)?;
        let classifier = Classifier::new(base, &layout, &passes);
        let logits = match &mut frozen {
            Some(frozen) if layers > 0 => {
                let states = frozen.of_batch(number, || classifier.frozen_states(layers))?;
                classifier.evaluate_above(layers, &states)?
            }
            _ => classifier.evaluate()?,
        };
        let values = to_host(&logits.f_log_softmax(-1, Kind::Float)?)?;
        for (result, values) in results.iter_mut().zip(values.chunks(batch.len() * base.classes)) {
            for (&example, row) in batch.iter().zip(values.chunks(base.classes)) {
                result[example * base.classes..][..base.classes].copy_from_slice(row);
            }
        }
    }
    Ok(Some(results))
}

/// Layers below all adapters, without the last one, of which only first tokens are needed.
fn frozen_layers(base: &Base, adapters: &[&Adapter]) -> usize {
    let all = base.config.layers() - 1;
    adapters.iter().filter_map(|adapter| adapter.lowest()).map(|(layer, _)| layer).min().unwrap_or(all).min(all)
}

/// Evaluates each adapter; `frozen` as for [`log_probabilities`].
pub fn evaluate(
    base: &Base,
    adapters: &[&Adapter],
    examples: &Examples,
    batch_size: usize,
    frozen: Option<&mut FrozenStates>,
) -> Result<Vec<Evaluation>, TrainError> {
    // It is never asked to stop.
    Ok(evaluate_until(base, adapters, examples, batch_size, frozen, &|| false)?.unwrap_or_default())
}

/// [`evaluate`]; none where `stop` asked to leave before it was complete.
pub(super) fn evaluate_until(
    base: &Base,
    adapters: &[&Adapter],
    examples: &Examples,
    batch_size: usize,
    frozen: Option<&mut FrozenStates>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<Evaluation>>, TrainError> {
    let tokens: Vec<&[u32]> = examples.tokens.iter().collect();
    let Some(all) = log_probabilities_until(base, adapters, &tokens, batch_size, frozen, stop)? else {
        return Ok(None);
    };
    let summaries = all.iter().map(|values| summarize(values, &examples.labels, base.classes));
    summaries.collect::<Result<_, _>>().map(Some)
}

fn summarize(log_probabilities: &[f32], labels: &[u32], classes: usize) -> Result<Evaluation, TrainError> {
    if labels.is_empty() {
        return Err(TrainError::Setting("there are no examples to evaluate on".to_string()));
    }
    let rows = || log_probabilities.chunks(classes);
    let predicted: Vec<u32> = rows().map(|row| most_probable(row) as u32).collect();
    let confidences: Vec<f64> =
        rows().zip(&predicted).map(|(row, &class)| f64::from(row[class as usize]).exp()).collect();
    let losses: Vec<f64> = rows().zip(labels).map(|(row, &label)| -f64::from(row[label as usize])).collect();
    let examples =
        metrics::Examples { classes, labels, predicted: &predicted, confidences: &confidences, losses: &losses };
    let evaluated = Evaluated::new(examples).map_err(|error| TrainError::Setting(error.to_string()))?;
    Ok(Evaluation {
        figures: Figures { metrics: MetricValues::of_evaluation(&evaluated) },
        probabilities: log_probabilities.iter().map(|value| value.exp()).collect(),
    })
}

/// Index of the largest value; the first of equals.
fn most_probable(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = class;
        }
    }
    best
}

/// The predictions of an evaluation as they are recorded.
pub fn predictions(probabilities: &[f32], examples: &Examples, classes: usize) -> Vec<Prediction> {
    let rows = probabilities.chunks(classes).zip(&examples.labels).zip(&examples.rows);
    rows.map(|((row, &label), &example)| Prediction {
        example,
        label,
        predicted: most_probable(row) as u32,
        probabilities: row.to_vec(),
    })
    .collect()
}

/// A tensor's values on the host.
pub fn to_host(tensor: &Tensor) -> Result<Vec<f32>, TrainError> {
    Ok(Vec::<f32>::try_from(tensor.f_reshape([-1])?)?)
}
