//! Two sides of a comparison, paired by seed and by evaluation example.

use std::collections::BTreeMap;

use crate::event::EpochRecord;
use crate::metrics::{Effect, PairedExamples, PairedSeeds, ScoreName, example_values};
use crate::spec::{HypothesisMetric, MetricName};

use super::metric;
use super::model::{Answers, Run};

/// What two sides have in common.
pub(super) struct Pairs<'a> {
    /// (treatment, baseline) with the same seed, by seed.
    pub(super) runs: Vec<(&'a Run, &'a Run)>,
    /// Runs that have no partner.
    pub(super) unpaired: usize,
}

/// Pairs the completed runs of two configurations by their seeds.
pub(super) fn by_seed<'a>(
    treatment: impl Iterator<Item = &'a Run>,
    baseline: impl Iterator<Item = &'a Run>,
) -> Pairs<'a> {
    let sorted = |runs: &mut dyn Iterator<Item = &'a Run>| -> BTreeMap<u64, &'a Run> {
        runs.filter(|run| run.completed()).map(|run| (run.spec.seed, run)).collect()
    };
    let (treatment, baseline) = (sorted(&mut { treatment }), sorted(&mut { baseline }));
    let runs: Vec<_> = treatment.iter().filter_map(|(seed, run)| Some((*run, *baseline.get(seed)?))).collect();
    let unpaired = treatment.len() + baseline.len() - 2 * runs.len();
    Pairs { runs, unpaired }
}

/// The effect of the treatment on a metric: treatment minus baseline.
///
/// # Errors
/// A sentence that says why they cannot be compared.
pub(super) fn effect(pairs: &Pairs<'_>, of: HypothesisMetric) -> Result<Effect, String> {
    if pairs.runs.is_empty() {
        return Err("no completed pair of runs with the same seed".to_string());
    }
    if of.has_values_per_example() { Ok(paired_examples(pairs, of)?.effect()) } else { per_seed(pairs, of) }
}

/// The differences on each example.
///
/// # Errors
/// A sentence that says why there are none.
pub(super) fn paired_examples(pairs: &Pairs<'_>, of: HypothesisMetric) -> Result<PairedExamples, String> {
    let HypothesisMetric::Best(name) = of else {
        return Err("this metric has no values per example".to_string());
    };
    let mut sides = (Vec::new(), Vec::new());
    for (treatment, baseline) in &pairs.runs {
        let (Some(a), Some(b)) = (&treatment.answers, &baseline.answers) else {
            return Err("predictions are missing".to_string());
        };
        if a.examples != b.examples || a.labels != b.labels {
            return Err("the two sides were evaluated on different examples".to_string());
        }
        sides.0.push(a);
        sides.1.push(b);
    }
    let paired = match name {
        MetricName::Accuracy => {
            let correct = |side: &[&Answers]| side.iter().map(|answers| answers.correct()).collect::<Vec<_>>();
            PairedExamples::of_correctness(&correct(&sides.0), &correct(&sides.1))
        }
        MetricName::EvalLoss => measured(&sides, |answers| &answers.losses),
        MetricName::MeanConfidence => measured(&sides, |answers| &answers.confidences),
        other => {
            let values =
                |side: &[&Answers]| side.iter().map(|answers| scored(answers, other)).collect::<Option<Vec<_>>>();
            let (Some(a), Some(b)) = (values(&sides.0), values(&sides.1)) else {
                return Err("too few examples".to_string());
            };
            PairedExamples::of_scores(&a, &b)
        }
    };
    paired.map_err(|error| error.to_string())
}

fn measured(
    sides: &(Vec<&Answers>, Vec<&Answers>),
    of: impl Fn(&Answers) -> &Vec<f64>,
) -> Result<PairedExamples, crate::metrics::PairingError> {
    let values = |side: &[&Answers]| side.iter().map(|answers| of(answers).clone()).collect::<Vec<_>>();
    PairedExamples::of_measurements(&values(&sides.0), &values(&sides.1))
}

fn scored(answers: &Answers, name: MetricName) -> Option<Vec<f64>> {
    let score = match name {
        MetricName::F1 => ScoreName::F1,
        MetricName::Precision => ScoreName::Precision,
        MetricName::Recall => ScoreName::Recall,
        _ => ScoreName::Accuracy,
    };
    example_values(answers.class_names.len(), &answers.labels, &answers.predicted, score)
}

fn per_seed(pairs: &Pairs<'_>, of: HypothesisMetric) -> Result<Effect, String> {
    let resolution = if matches!(of, HypothesisMetric::EpochsToReach { .. }) { 1.0 } else { 0.0 };
    let mut values = (Vec::new(), Vec::new());
    for (treatment, baseline) in &pairs.runs {
        values.0.push(value(treatment, of)?);
        values.1.push(value(baseline, of)?);
    }
    let paired = PairedSeeds::of(&values.0, &values.1, resolution).map_err(|error| error.to_string())?;
    Ok(paired.effect())
}

/// A run's value of a metric.
fn value(run: &Run, of: HypothesisMetric) -> Result<f64, String> {
    let last = || run.epochs.last().ok_or_else(|| format!("{} has no epochs", run.label));
    match of {
        HypothesisMetric::Best(name) => {
            run.best_epoch().map(|epoch| epoch.metric(name)).ok_or_else(|| format!("{} has no best epoch", run.label))
        }
        HypothesisMetric::Last(name) => Ok(last()?.metric(name)),
        HypothesisMetric::AfterEpoch { metric, epoch } => {
            let found = run.epochs.iter().find(|record| record.epoch == epoch);
            found.map(|record| record.metric(metric)).ok_or_else(|| format!("{} has no epoch {epoch}", run.label))
        }
        HypothesisMetric::EpochsToReach { metric: name, value } => Ok(epochs_to_reach(run, name, value)),
        HypothesisMetric::GeneralizationGap => last().map(|epoch| epoch.eval_loss - epoch.train_loss),
    }
}

/// One more than its epochs where the run never gets there, which understates how late it would be.
fn epochs_to_reach(run: &Run, name: MetricName, goal: f64) -> f64 {
    let reached = |record: &&EpochRecord| {
        let value = record.metric(name);
        if metric::higher_is_better(name) { value >= goal } else { value <= goal }
    };
    let never = run.epochs.last().map_or(0, |record| record.epoch) + 1;
    run.epochs.iter().find(reached).map_or(never, |record| record.epoch) as f64
}

/// Whether every pair reaches the goal; only then is the number of epochs known.
pub(super) fn all_reach(pairs: &Pairs<'_>, name: MetricName, goal: f64) -> bool {
    let reaches = |run: &Run| epochs_to_reach(run, name, goal) <= run.epochs.last().map_or(0, |r| r.epoch) as f64;
    pairs.runs.iter().all(|(a, b)| reaches(a) && reaches(b))
}
