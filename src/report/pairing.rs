//! Two sides of a comparison, paired by seed and by evaluation example.

use std::collections::BTreeMap;

use crate::event::EpochRecord;
use crate::metrics::{ByExample, Effect, PairedExamples, PairedSeeds, PairedTimes, PairingError, TimeToReach};
use crate::spec::{HypothesisMetric, Metric, RunSpec};

use super::model::{Answers, Run};
use super::no_figure::NoFigure;

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
        runs.filter(|run| run.ended_by_itself()).map(|run| (run.spec.seed, run)).collect()
    };
    let (treatment, baseline) = (sorted(&mut { treatment }), sorted(&mut { baseline }));
    let runs: Vec<_> = treatment.iter().filter_map(|(seed, run)| Some((*run, *baseline.get(seed)?))).collect();
    let unpaired = treatment.len() + baseline.len() - 2 * runs.len();
    Pairs { runs, unpaired }
}

/// The effect of the treatment on a metric: treatment minus baseline.
///
/// # Errors
/// They cannot be compared.
pub(super) fn effect(pairs: &Pairs<'_>, of: HypothesisMetric) -> Result<Effect, NoFigure> {
    if pairs.runs.is_empty() {
        return Err(NoFigure::NoPairs);
    }
    if of.is_judged() && pairs.runs.iter().any(|(a, b)| a.has_test() != b.has_test()) {
        return Err(NoFigure::TestOnOneSide);
    }
    if has_values_per_example(pairs, of) && !split_varies(pairs) {
        return Ok(paired_examples(pairs, of)?.effect());
    }
    per_seed(pairs, of)
}

/// Whether there are values for each example. Results of older versions have no predictions of the last epoch.
pub(super) fn has_values_per_example(pairs: &Pairs<'_>, of: HypothesisMetric) -> bool {
    let recorded = |run: &Run| run.last_answers().is_some();
    let is_there = match of {
        HypothesisMetric::Last(_) => pairs.runs.iter().all(|(a, b)| recorded(a) && recorded(b)),
        _ => true,
    };
    of.has_values_per_example() && is_there
}

/// Whether the pairs were evaluated on different examples, each on its own. Then there is one difference per seed, which
/// has the noise of its examples in it.
pub(super) fn split_varies(pairs: &Pairs<'_>) -> bool {
    let pair = |(a, b): &(&'_ Run, &'_ Run)| {
        let (a, b) = (a.answers.as_ref()?, b.answers.as_ref()?);
        (a.examples == b.examples).then(|| a.examples.clone())
    };
    let examples: Option<Vec<_>> = pairs.runs.iter().map(pair).collect();
    examples.is_some_and(|examples| examples.windows(2).any(|two| two[0] != two[1]))
}

/// The sources of variation whose seeds are not the same on both sides of some pair, by their parameters' names.
pub(super) fn sources_apart(pairs: &Pairs<'_>) -> Vec<&'static str> {
    let of = |spec: &RunSpec| {
        let [init, order, dropout] = [spec.init_seed(), spec.order_seed(), spec.dropout_seed()];
        [Some(init), Some(order), Some(dropout), spec.dataset.split_seed()]
    };
    let apart = |source: usize| pairs.runs.iter().any(|(a, b)| of(&a.spec)[source] != of(&b.spec)[source]);
    let names = ["init_seed", "order_seed", "dropout_seed", "split_seed"].into_iter().enumerate();
    names.filter(|(source, _)| apart(*source)).map(|(_, name)| name).collect()
}

/// The differences on each example.
///
/// # Errors
/// There are none.
pub(super) fn paired_examples<'a>(pairs: &Pairs<'a>, of: HypothesisMetric) -> Result<PairedExamples, NoFigure> {
    let (HypothesisMetric::Best(name) | HypothesisMetric::Last(name)) = of else {
        return Err(NoFigure::NoValuesPerExample);
    };
    let answers = |run: &&'a Run| match of {
        HypothesisMetric::Last(_) => run.last_answers(),
        _ => run.answers.as_ref(),
    };
    let mut sides = (Vec::new(), Vec::new());
    for (treatment, baseline) in &pairs.runs {
        let (Some(a), Some(b)) = (answers(treatment), answers(baseline)) else {
            return Err(NoFigure::NoPredictions);
        };
        if a.examples != b.examples || a.labels != b.labels {
            return Err(NoFigure::OtherExamples);
        }
        if sides.0.first().is_some_and(|first: &&Answers| first.examples != a.examples) {
            return Err(NoFigure::OtherExamplesPerSeed);
        }
        sides.0.push(a);
        sides.1.push(b);
    }
    let paired = match name.by_example() {
        ByExample::None => return Err(NoFigure::NoValuesPerExample),
        ByExample::Correctness => {
            let correct = |side: &[&Answers]| side.iter().map(|answers| answers.correct()).collect::<Vec<_>>();
            PairedExamples::of_correctness(&correct(&sides.0), &correct(&sides.1))
        }
        ByExample::Scores(score) => {
            let values = |side: &[&Answers]| {
                side.iter().map(|answers| score(&answers.examples_in_metrics())).collect::<Option<Vec<_>>>()
            };
            let (Some(a), Some(b)) = (values(&sides.0), values(&sides.1)) else {
                return Err(NoFigure::TooFewExamples);
            };
            PairedExamples::of_scores(&a, &b)
        }
        ByExample::Measurements(measure) => {
            let values = |side: &[&Answers]| -> Vec<Vec<f64>> {
                side.iter().map(|answers| measure(&answers.examples_in_metrics())).collect()
            };
            PairedExamples::of_measurements(&values(&sides.0), &values(&sides.1))
        }
    };
    Ok(paired?)
}

fn per_seed(pairs: &Pairs<'_>, of: HypothesisMetric) -> Result<Effect, NoFigure> {
    if let HypothesisMetric::EpochsToReach { metric, value } = of {
        let times = times_to_reach(pairs, metric, value)?;
        return times.effect().ok_or(NoFigure::NeitherReaches);
    }
    let mut values = (Vec::new(), Vec::new());
    for (treatment, baseline) in &pairs.runs {
        if of == HypothesisMetric::GeneralizationGap && gap_has_dropout(pairs) {
            values.0.push(gap_with_dropout(treatment)?);
            values.1.push(gap_with_dropout(baseline)?);
            continue;
        }
        values.0.push(value(treatment, of)?);
        values.1.push(value(baseline, of)?);
    }
    let paired = PairedSeeds::of(&values.0, &values.1, resolution(pairs, of))?;
    Ok(paired.effect())
}

/// The step in which a run's value is measured: that of a share is one example of those that it is a share of.
fn resolution(pairs: &Pairs<'_>, of: HypothesisMetric) -> f64 {
    let Some(name) = of.recorded().filter(|metric| metric.counts_examples()) else {
        return 0.0;
    };
    let examples = |run: &Run| {
        let facts = run.facts.as_ref()?;
        match of {
            _ if name.is_of_training() => Some(facts.train_examples),
            _ if of.is_judged() => run.judged_examples(),
            _ => Some(facts.eval_examples),
        }
    };
    let fewest = pairs.runs.iter().flat_map(|(a, b)| [examples(a), examples(b)]).flatten().min();
    fewest.map_or(0.0, |examples| 1.0 / examples.max(1) as f64)
}

/// A run's value of a metric.
pub(super) fn value(run: &Run, of: HypothesisMetric) -> Result<f64, NoFigure> {
    let name = || run.label.clone();
    let last = || run.epochs.last().ok_or_else(|| NoFigure::NoEpochs { run: name() });
    match of {
        HypothesisMetric::Best(metric) => {
            let epoch = run.best_epoch().ok_or_else(|| NoFigure::NoBestEpoch { run: name() })?.epoch;
            run.judged(metric).ok_or_else(|| NoFigure::NotTestedAtBest { run: name(), epoch })
        }
        HypothesisMetric::Last(metric) => {
            let epoch = last()?.epoch;
            run.judged_at_last(metric).ok_or_else(|| NoFigure::NotTestedAtLast { run: name(), epoch })
        }
        HypothesisMetric::AfterEpoch { metric, epoch } => {
            let found = run.epochs.iter().find(|record| record.epoch == epoch);
            found.map(|record| record.metric(metric)).ok_or_else(|| NoFigure::NoEpoch { run: name(), epoch })
        }
        HypothesisMetric::EpochsToReach { metric, value } => time_to_reach(run, metric, value)
            .reached
            .map(|epoch| epoch as f64)
            .ok_or_else(|| NoFigure::NeverReached { run: name(), value }),
        HypothesisMetric::GeneralizationGap => match last()?.train_eval_loss {
            Some(trained) => Ok(last()?.metric(Metric::EVAL_LOSS) - trained),
            None => gap_with_dropout(run),
        },
    }
}

/// The gap to the training loss as it was taken on the way, where there is no other.
fn gap_with_dropout(run: &Run) -> Result<f64, NoFigure> {
    let last = run.epochs.last().ok_or_else(|| NoFigure::NoEpochs { run: run.label.clone() })?;
    Ok(last.metric(Metric::EVAL_LOSS) - last.metric(Metric::TRAIN_LOSS))
}

/// Whether some run of the pairs has no loss of training examples without dropout: a record of an older version.
pub(super) fn gap_has_dropout(pairs: &Pairs<'_>) -> bool {
    let lacks = |run: &Run| run.epochs.last().is_some_and(|epoch| epoch.train_eval_loss.is_none());
    pairs.runs.iter().any(|(a, b)| lacks(a) || lacks(b))
}

/// When both sides reached a value of a metric.
///
/// # Errors
/// No pairs.
pub(super) fn times_to_reach(pairs: &Pairs<'_>, name: Metric, goal: f64) -> Result<PairedTimes, PairingError> {
    let times: (Vec<_>, Vec<_>) =
        pairs.runs.iter().map(|(a, b)| (time_to_reach(a, name, goal), time_to_reach(b, name, goal))).unzip();
    PairedTimes::of(&times.0, &times.1)
}

fn time_to_reach(run: &Run, name: Metric, goal: f64) -> TimeToReach {
    let reached = |record: &&EpochRecord| {
        let value = record.metric(name);
        if name.lower_is_better() { value <= goal } else { value >= goal }
    };
    let epochs = run.epochs.last().map_or(0, |record| record.epoch);
    TimeToReach { reached: run.epochs.iter().find(reached).map(|record| record.epoch), epochs }
}

/// Whether the best epoch is chosen on the examples that are judged.
pub(super) fn chosen_on_judged(pairs: &Pairs<'_>) -> bool {
    pairs.runs.iter().any(|(a, b)| !a.has_test() || !b.has_test())
}

/// Whether the two sides of a pair trained for different numbers of epochs.
pub(super) fn epochs_differ(pairs: &Pairs<'_>) -> bool {
    pairs.runs.iter().any(|(a, b)| a.spec.epochs != b.spec.epochs)
}
