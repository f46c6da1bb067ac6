//! What the evidence says about statements on the runs of one configuration.

use crate::metrics::{self, ALPHA, Assessment, Claim, PairedSeeds, Scale, Verdict};
use crate::spec::{Against, HypothesisMetric, MetricName, Observation, Observed as Quantity, Until};

use super::metric;
use super::model::{Report, Run};
use super::planned_seeds::PlannedSeeds;
use super::{caveats as qualified, pairing, verdicts};

/// An observation with the evidence on it.
#[derive(Clone, Debug)]
pub struct Observed {
    pub observation: Observation,
    /// None where nothing could be measured.
    pub measured: Option<Measured>,
    /// What stands in the way of a conclusion, or qualifies it.
    pub caveats: Vec<String>,
}

/// Means over the seeds, and what they say.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub observed: f64,
    pub against: f64,
    pub judgement: Judgement,
}

#[derive(Clone, Copy, Debug)]
pub enum Judgement {
    /// From the seeds of the configuration, p-values corrected across the sweep's observations.
    Assessed(Assessment),
    /// The quantity does not vary with the seed: whether the claim holds.
    Exact(bool),
}

impl Observed {
    /// Inconclusive where there is no evidence.
    pub fn verdict(&self) -> Verdict {
        match self.measured.map(|measured| measured.judgement) {
            Some(Judgement::Assessed(assessment)) => assessment.verdict,
            Some(Judgement::Exact(true)) => Verdict::Supported,
            Some(Judgement::Exact(false)) => Verdict::Refuted,
            None => Verdict::Inconclusive,
        }
    }

    pub fn assessment(&self) -> Option<Assessment> {
        match self.measured?.judgement {
            Judgement::Assessed(assessment) => Some(assessment),
            Judgement::Exact(_) => None,
        }
    }
}

/// Judges the observations of a sweep, in its order, with Holm's correction across them: each when all planned seeds of its
/// configuration have ended. Those that wait count as if they had p = 1.
pub(super) fn judge(report: &Report, observations: &[Observation]) -> Vec<Observed> {
    let mut judged: Vec<Observed> = observations.iter().map(|observation| one(report, observation)).collect();
    let mut assessments: Vec<Vec<Assessment>> = judged.iter().filter_map(|one| Some(vec![one.assessment()?])).collect();
    let awaits =
        |one: &&Observed| one.assessment().is_some_and(|found| found.basis.settles() && found.p_value.is_none());
    metrics::correct_looks(&mut assessments, judged.iter().filter(awaits).count());
    let mut corrected = assessments.into_iter().flatten();
    for measured in judged.iter_mut().filter_map(|observed| observed.measured.as_mut()) {
        if let Judgement::Assessed(assessment) = &mut measured.judgement
            && let Some(corrected) = corrected.next()
        {
            *assessment = corrected;
        }
    }
    judged
}

fn one(report: &Report, observation: &Observation) -> Observed {
    let mut caveats = Vec::new();
    let measured = measure(report, observation, &mut caveats);
    let measured = measured.map_err(|reason| caveats.push(reason)).ok();
    Observed { observation: observation.clone(), measured, caveats }
}

/// # Errors
/// A sentence that says why nothing can be said.
fn measure(report: &Report, observation: &Observation, caveats: &mut Vec<String>) -> Result<Measured, String> {
    let claim = claim(observation).map_err(|error| error.to_string())?;
    let configuration = report.configurations.iter().find(|known| known.name == observation.configuration);
    let configuration =
        configuration.ok_or_else(|| format!("the sweep has no configuration `{}`", observation.configuration))?;
    let seeds = PlannedSeeds::of(report, configuration, configuration);
    let runs: Vec<&Run> = seeds.so_far().runs.into_iter().map(|(run, _)| run).collect();
    if runs.is_empty() {
        return Err("no run of this configuration is completed".to_string());
    }
    let examples = Examples::of(observation);
    let mut values = (Vec::new(), Vec::new());
    for run in &runs {
        values.0.push(value(run, &observation.observe, examples)?);
        values.1.push(match &observation.against {
            Against::Value(number) => *number,
            Against::Quantity(quantity) => value(run, quantity, examples)?,
        });
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (observed, against) = (mean(&values.0), mean(&values.1));
    let exact = observation.observe.is_exact()
        && match &observation.against {
            Against::Value(_) => true,
            Against::Quantity(quantity) => quantity.is_exact(),
        };
    if exact {
        let (low, high) = claim.range();
        let difference = observed - against;
        let judgement = Judgement::Exact(low < difference && difference < high);
        return Ok(Measured { observed, against, judgement });
    }
    let resolution = resolution(&runs, &observation.observe, examples);
    let effect = PairedSeeds::of(&values.0, &values.1, resolution).map_err(|error| error.to_string())?.effect();
    if effect.seeds == 1 {
        caveats
            .push("one seed does not tell how much this quantity varies; a sweep with at least three can".to_string());
    }
    let mut assessment = metrics::assess(&effect, claim);
    if seeds.ended() < seeds.planned() {
        assessment = assessment.provisional();
        caveats.push(qualified::provisional(seeds.ended(), seeds.planned(), "the verdict is given when all are"));
    }
    caveats.extend(qualified::of_seeds(&observation.configuration, &seeds, None));
    Ok(Measured { observed, against, judgement: Judgement::Assessed(assessment) })
}

/// The examples that both sides of an observation are measured on: what is compared must be of the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Examples {
    /// Those that judge the sweep: the test part where there is one.
    Judged,
    /// The evaluation part, of which there are figures after every epoch.
    Evaluation,
}

impl Examples {
    fn of(observation: &Observation) -> Self {
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
    fn value(self, run: &Run, of: HypothesisMetric) -> Result<f64, String> {
        let after = |name: MetricName, epoch: Option<usize>| {
            let epoch = epoch.ok_or_else(|| format!("{} has no epochs", run.label))?;
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
fn value(run: &Run, quantity: &Quantity, examples: Examples) -> Result<f64, String> {
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
            let facts = run.facts.as_ref().ok_or_else(|| format!("{} has no record of its parameters", run.label))?;
            Ok(facts.trainable_parameters as f64 / facts.total_parameters as f64)
        }
    }
}

/// Pearson's correlation over the epochs.
fn correlation(run: &Run, one: MetricName, other: MetricName) -> Result<f64, String> {
    let column = |name: MetricName| -> Vec<f64> { run.epochs.iter().map(|epoch| epoch.metric(name)).collect() };
    let (a, b) = (column(one), column(other));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(&b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>();
    let found = sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    if a.len() < 3 || !found.is_finite() {
        return Err(format!("{}: a correlation needs three epochs at least, and values that vary", run.label));
    }
    Ok(found)
}

fn class_bias(run: &Run) -> Result<f64, String> {
    let answers = run.answers.as_ref().ok_or_else(|| format!("{}: its predictions are missing", run.label))?;
    let share = |of: &[u32], class: usize| {
        of.iter().filter(|&&one| one as usize == class).count() as f64 / of.len().max(1) as f64
    };
    let bias = |class: usize| (share(&answers.predicted, class) - share(&answers.labels, class)).abs();
    Ok((0..answers.class_names.len()).map(bias).fold(0.0, f64::max))
}

/// The step in which a quantity is measured.
fn resolution(runs: &[&Run], quantity: &Quantity, examples: Examples) -> f64 {
    let share = match quantity {
        Quantity::Metric(
            HypothesisMetric::Best(name)
            | HypothesisMetric::Last(name)
            | HypothesisMetric::AfterEpoch { metric: name, .. },
        )
        | Quantity::Rise { metric: name, .. } => name.is_share() && *name != MetricName::MeanConfidence,
        Quantity::Spread(_) | Quantity::ClassBias => true,
        Quantity::Metric(HypothesisMetric::EpochsToReach { .. }) => return 1.0,
        _ => false,
    };
    let fewest = runs.iter().filter_map(|run| examples.count(run)).min();
    if share { fewest.map_or(0.0, |examples| 1.0 / examples.max(1) as f64) } else { 0.0 }
}

fn claim(observation: &Observation) -> Result<Claim, metrics::ClaimError> {
    Claim::new(verdicts::expectation(observation.expect), observation.margin, scale(&observation.observe))
}

/// The unit in which a quantity is given.
pub(super) fn scale(quantity: &Quantity) -> Scale {
    match quantity {
        Quantity::Metric(metric) => verdicts::scale(*metric),
        Quantity::Rise { metric, .. } => verdicts::scale(HypothesisMetric::Last(*metric)),
        Quantity::Correlation(..) => Scale::Correlation,
        Quantity::Spread(_) | Quantity::ClassBias | Quantity::TrainableShare => Scale::Share,
    }
}

/// What is claimed of the difference, as [`verdicts::claim_words`] has it.
pub(super) fn claimed(observation: &Observation) -> String {
    claim(observation).map_or_else(
        |_| "claim without a sound margin".to_string(),
        |claim| verdicts::expectation_words(observation.expect, claim, scale(&observation.observe)),
    )
}

/// A quantity in words.
pub(super) fn words(quantity: &Quantity) -> String {
    let lower = |name: MetricName| metric::title(name).to_lowercase();
    match quantity {
        Quantity::Metric(metric) => verdicts::metric_words(*metric),
        Quantity::Rise { metric, from, to: Until::Epoch(to) } => {
            format!("Rise of {} from epoch {from} to {to}", lower(*metric))
        }
        Quantity::Rise { metric, from, to: Until::Last } => {
            format!("Rise of {} from epoch {from} to the last", lower(*metric))
        }
        Quantity::Correlation(one, other) => format!("Correlation of {} and {}", lower(*one), lower(*other)),
        Quantity::Spread(metrics) => {
            let names: Vec<String> = metrics.iter().map(|metric| lower(*metric)).collect();
            format!("Largest difference between {}", names.join(", "))
        }
        Quantity::ClassBias => "Largest difference of a class's share in predictions and labels".to_string(),
        Quantity::TrainableShare => "Share of trainable parameters".to_string(),
    }
}

/// What it is compared with, in words.
pub(super) fn against_words(observation: &Observation) -> String {
    match &observation.against {
        Against::Value(value) => amount(&observation.observe, *value),
        Against::Quantity(quantity) => {
            let words = words(quantity);
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        }
    }
}

/// A quantity's value: `92.81 %`, `0.953`, `3.0 epochs`.
pub(super) fn amount(quantity: &Quantity, value: f64) -> String {
    match scale(quantity) {
        Scale::Share => format!("{:.2} %", value * 100.0),
        other => verdicts::amount(other, value),
    }
}

/// `3 supported, 1 refuted`; empty without observations.
pub(super) fn tally(observed: &[Observed]) -> String {
    verdicts::tally_of(observed.iter().map(Observed::verdict))
}

/// The p-value after correction, or why there is none.
pub(super) fn p_words(observed: &Observed) -> String {
    match observed.measured.map(|measured| measured.judgement) {
        Some(Judgement::Exact(_)) => "exact".to_string(),
        Some(Judgement::Assessed(assessment)) => verdicts::p_words(assessment.adjusted_p_value),
        None => verdicts::p_words(None),
    }
}

/// What tables say of all observations.
pub(super) fn caption() -> String {
    format!(
        "Paired by seed, with 95 % intervals over seeds on the examples of this sweep; p-values are corrected by Holm across \
         the observations, at most {:.0} % of such tables hold a wrong verdict.",
        100.0 * ALPHA
    )
}
