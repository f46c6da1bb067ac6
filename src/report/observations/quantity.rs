//! The quantities of observations, measured on a run.

use crate::report::model::Run;
use crate::report::no_figure::NoFigure;
use crate::report::pairing;
use crate::spec::{Against, HypothesisMetric, Metric, Observation, Observed as Quantity, Until};

/// The examples that both sides of an observation are measured on: what is compared must be of the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Examples {
    /// Those that judge the sweep: the test part where there is one.
    Judged,
    /// The evaluation part, of which there are figures after every epoch.
    Evaluation,
}

impl Examples {
    pub(super) fn of(observation: &Observation) -> Self {
        let needs_epochs = |quantity: &Quantity| {
            matches!(quantity, Quantity::Rise { .. } | Quantity::Metric(HypothesisMetric::AfterEpoch { .. }))
        };
        let against = match &observation.against {
            Against::Value(_) => false,
            Against::Quantity(quantity) => needs_epochs(quantity),
        };
        if needs_epochs(&observation.observe) || against { Self::Evaluation } else { Self::Judged }
    }

    /// A run's value of a metric.
    fn value(self, run: &Run, of: HypothesisMetric) -> Result<f64, NoFigure> {
        let after = |name: Metric, epoch: Option<usize>| {
            let epoch = epoch.ok_or_else(|| NoFigure::NoEpochs { run: run.label.clone() })?;
            pairing::value(run, HypothesisMetric::AfterEpoch { metric: name, epoch })
        };
        match (self, of) {
            (Self::Evaluation, HypothesisMetric::Last(name)) => after(name, run.epochs.last().map(|epoch| epoch.epoch)),
            (Self::Evaluation, HypothesisMetric::Best(name)) => after(name, run.best_epoch().map(|epoch| epoch.epoch)),
            _ => pairing::value(run, of),
        }
    }

    fn count(self, run: &Run) -> Option<usize> {
        match self {
            Self::Judged => run.judged_examples(),
            Self::Evaluation => Some(run.facts.as_ref()?.eval_examples),
        }
    }
}

/// A run's value of a quantity.
pub(super) fn value(run: &Run, quantity: &Quantity, examples: Examples) -> Result<f64, NoFigure> {
    match quantity {
        Quantity::Metric(of) => examples.value(run, *of),
        Quantity::Rise { metric, from, to } => {
            let end = match to {
                Until::Epoch(epoch) => HypothesisMetric::AfterEpoch { metric: *metric, epoch: *epoch },
                Until::Last => HypothesisMetric::Last(*metric),
            };
            let start = HypothesisMetric::AfterEpoch { metric: *metric, epoch: *from };
            Ok(examples.value(run, end)? - examples.value(run, start)?)
        }
        Quantity::Correlation(one, other) => correlation(run, *one, *other),
        Quantity::Spread(metrics) => {
            let values: Vec<f64> = metrics
                .iter()
                .map(|metric| examples.value(run, HypothesisMetric::Best(*metric)))
                .collect::<Result<_, _>>()?;
            let (low, high) =
                values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
            Ok(high - low)
        }
        Quantity::ClassBias => class_bias(run),
        Quantity::TrainableShare => {
            let facts = run.facts.as_ref().ok_or_else(|| NoFigure::NoFacts { run: run.label.clone() })?;
            Ok(facts.trainable_parameters as f64 / facts.total_parameters as f64)
        }
    }
}

/// Pearson's correlation over the epochs.
fn correlation(run: &Run, one: Metric, other: Metric) -> Result<f64, NoFigure> {
    let column = |name: Metric| -> Vec<f64> { run.epochs.iter().map(|epoch| epoch.metric(name)).collect() };
    let (a, b) = (column(one), column(other));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(&b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>();
    let found = sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    if a.len() < 3 || !found.is_finite() {
        return Err(NoFigure::NoCorrelation { run: run.label.clone() });
    }
    Ok(found)
}

fn class_bias(run: &Run) -> Result<f64, NoFigure> {
    let answers = run.answers.as_ref().ok_or_else(|| NoFigure::NoPredictionsOf { run: run.label.clone() })?;
    let share = |of: &[u32], class: usize| {
        of.iter().filter(|&&one| one as usize == class).count() as f64 / of.len().max(1) as f64
    };
    let bias = |class: usize| (share(&answers.predicted, class) - share(&answers.labels, class)).abs();
    Ok((0..answers.targets.names().len()).map(bias).fold(0.0, f64::max))
}

/// The step in which a quantity is measured.
pub(super) fn resolution(runs: &[&Run], quantity: &Quantity, examples: Examples) -> f64 {
    let share = match quantity {
        Quantity::Metric(
            HypothesisMetric::Best(name)
            | HypothesisMetric::Last(name)
            | HypothesisMetric::AfterEpoch { metric: name, .. },
        )
        | Quantity::Rise { metric: name, .. } => name.counts_examples(),
        Quantity::Spread(_) | Quantity::ClassBias => true,
        Quantity::Metric(HypothesisMetric::EpochsToReach { .. }) => return 1.0,
        _ => false,
    };
    let fewest = runs.iter().filter_map(|run| examples.count(run)).min();
    if share { fewest.map_or(0.0, |examples| 1.0 / examples.max(1) as f64) } else { 0.0 }
}
