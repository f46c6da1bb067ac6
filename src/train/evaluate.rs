//! Evaluation of runs on examples that they are not trained on just then, several runs in one pass.

use tch::Tensor;

use super::TrainError;
use super::data::Examples;
use super::frozen_states::FrozenStates;
use crate::event::Figures;
use crate::model::{Adapter, Base, Classifier, Layout, RunPass, RunSequences};
use crate::task::{self, Prediction, Targets, Task};

/// What evaluating one run gives.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub figures: Figures,
    /// `[examples * outputs]`, example after example: what is recorded of predictions.
    pub outputs: Vec<f32>,
}

/// The task's values ([`Task::values`]) of every example for each adapter, `[examples * outputs]`: batches are made of
/// sequences of similar length, the result is in the examples' order. `frozen` is what earlier calls with the same base and
/// examples have left; none where nothing is worth keeping.
pub fn values(
    base: &Base,
    task: &dyn Task,
    adapters: &[&Adapter],
    examples: &[&[u32]],
    batch_size: usize,
    frozen: Option<&mut FrozenStates>,
) -> Result<Vec<Vec<f32>>, TrainError> {
    // It is never asked to stop.
    Ok(values_until(base, task, adapters, examples, batch_size, frozen, &|| false)?.unwrap_or_default())
}

/// [`values`]; none where `stop` asked to leave before they were complete.
fn values_until(
    base: &Base,
    task: &dyn Task,
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
        let values = to_host(&task.values(&logits)?)?;
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

/// Evaluates each adapter; `frozen` as for [`values`].
pub fn evaluate(
    base: &Base,
    task: &dyn Task,
    adapters: &[&Adapter],
    examples: &Examples,
    batch_size: usize,
    frozen: Option<&mut FrozenStates>,
) -> Result<Vec<Evaluation>, TrainError> {
    // It is never asked to stop.
    Ok(evaluate_until(base, task, adapters, examples, batch_size, frozen, &|| false)?.unwrap_or_default())
}

/// [`evaluate`]; none where `stop` asked to leave before it was complete.
pub(super) fn evaluate_until(
    base: &Base,
    task: &dyn Task,
    adapters: &[&Adapter],
    examples: &Examples,
    batch_size: usize,
    frozen: Option<&mut FrozenStates>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<Evaluation>>, TrainError> {
    let tokens: Vec<&[u32]> = examples.tokens.iter().collect();
    let Some(all) = values_until(base, task, adapters, &tokens, batch_size, frozen, stop)? else {
        return Ok(None);
    };
    let evaluations = all.iter().map(|values| evaluated(task, values, &examples.labels, base.classes));
    evaluations.collect::<Result<_, _>>().map(Some)
}

fn evaluated(task: &dyn Task, values: &[f32], targets: &[u32], outputs: usize) -> Result<Evaluation, TrainError> {
    let task::Evaluation { metrics, outputs } = task.evaluate(values, targets, outputs)?;
    Ok(Evaluation { figures: Figures { metrics }, outputs })
}

/// The predictions of an evaluation as they are recorded.
pub fn predictions(outputs: &[f32], examples: &Examples, targets: &Targets) -> Vec<Prediction> {
    let rows = outputs.chunks(targets.outputs()).zip(&examples.labels).zip(&examples.rows);
    rows.map(|((row, &label), &example)| Prediction {
        example,
        label,
        predicted: targets.task().predicted(row),
        outputs: row.to_vec(),
    })
    .collect()
}

/// A tensor's values on the host.
pub fn to_host(tensor: &Tensor) -> Result<Vec<f32>, TrainError> {
    Ok(Vec::<f32>::try_from(tensor.f_reshape([-1])?)?)
}
