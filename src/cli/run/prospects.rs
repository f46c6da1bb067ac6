//! Which hypotheses the planned seeds and examples can settle, and what would settle the others.

use std::collections::BTreeSet;

use crate::cli::cost::Costs;
use crate::cli::text::{Align, Table, count};
use crate::metrics::{
    self, ALPHA, DEFAULT_CORRELATION, DEFAULT_SEED_SD, Design, Needs, POWER, Prospect, Quantity, Scale,
};
use crate::report::seed_noise::{Earlier, SeedNoise};
use crate::report::{outlook, verdicts};
use crate::spec::{Expectation, Hypothesis, HypothesisMetric, Metric, PlannedRun, RunId, Sweep};
use crate::store::Deciding;

use super::chosen::Chosen;
use super::options::Run;

/// Assumed where no figure is given to compare with.
const ACCURACY: f64 = 0.9;

/// Earlier runs may have varied less than runs do by chance: a plan is made with a bound that holds with this confidence.
const CONFIDENCE: f64 = 0.8;

/// A hypothesis and what the plan can say of it.
struct Planned<'a> {
    hypothesis: &'a Hypothesis,
    /// Common seeds of the treatment that has the fewest, and the examples that the metric is measured on.
    seeds: usize,
    examples: usize,
    /// Whether the baseline is judged on a test.
    tested: bool,
    prospect: Prospect,
    /// What earlier runs showed of its metric.
    noise: Option<SeedNoise>,
}

impl Planned<'_> {
    /// An effect may well be larger than the one that is to be found; a margin is what it is.
    fn settles_large_effects(&self) -> bool {
        let directed = matches!(self.hypothesis.expect, Expectation::Lower | Expectation::Higher);
        directed && self.prospect.settles.is_some()
    }
}

/// A table of the sweep's hypotheses; empty where it has none. Chosen and completed runs count, with the seeds that decide.
pub fn section(
    options: &Run,
    chosen: &Chosen<'_>,
    done: &BTreeSet<RunId>,
    deciding: &Deciding,
    costs: &Costs<'_>,
) -> String {
    let sweep = &chosen.sweep;
    let decides =
        |run: &PlannedRun| deciding.seeds.get(&run.configuration).is_none_or(|seeds| seeds.contains(&run.spec.seed));
    let there = |run: &&PlannedRun| (chosen.contains(&run.id) || done.contains(&run.id)) && decides(run);
    let runs: Vec<&PlannedRun> = sweep.runs.iter().filter(there).collect();
    let known = EarlierResults::read(options, chosen, &runs, costs);
    let mut planned = Vec::with_capacity(sweep.hypotheses.len());
    let mut rows = 0;
    for hypothesis in &sweep.hypotheses {
        let common = fewest_common_seeds(&runs, hypothesis);
        let baseline = runs.iter().find(|run| run.configuration == hypothesis.vary.baseline);
        let mut basis = Basis { seeds: common, examples: 0, tested: false };
        if let Some((run, cost)) = baseline.and_then(|run| Some((run, costs.estimate(&run.spec)?))) {
            let judged = hypothesis.metric.is_judged();
            let examples = if judged { cost.judged_examples } else { cost.eval_examples };
            basis.examples = examples.unwrap_or(0);
            basis.tested = run.spec.dataset.test.is_some();
            rows = rows.max(cost.examples.unwrap_or(0));
        }
        planned.extend(foresee(hypothesis, basis, &known, &deciding.looks, sweep.hypotheses.len()));
    }
    if planned.is_empty() {
        return String::new();
    }
    let mut text = text(&planned, &known, rows, &deciding.looks);
    deciding.notices.iter().for_each(|notice| text.push_str(&format!("Note: {notice}.\n")));
    text
}

/// What is known of runs like those that are planned.
struct EarlierResults {
    earlier: Earlier,
    /// Of the runs: measured, or reported, or assumed.
    accuracy: f64,
    is_measured: bool,
}

impl EarlierResults {
    fn read(options: &Run, chosen: &Chosen<'_>, runs: &[&PlannedRun], costs: &Costs<'_>) -> Self {
        let sweep = &chosen.sweep;
        let baseline = runs.iter().find(|run| Some(&run.configuration) == sweep.baseline.as_ref()).or(runs.first());
        let examples = baseline.and_then(|run| costs.estimate(&run.spec)?.judged_examples);
        let earlier = baseline.zip(examples).map_or_else(Earlier::default, |(run, examples)| {
            let executor = chosen.executors.kind();
            Earlier::read(&options.results, &sweep.name, &run.spec, examples, options.rehearse, executor)
        });
        let measured = earlier.noise(HypothesisMetric::Best(Metric::ACCURACY)).map(|noise| noise.mean);
        let accuracy = measured.unwrap_or_else(|| expected_accuracy(sweep));
        Self { accuracy, is_measured: measured.is_some(), earlier }
    }
}

/// What a hypothesis is planned to rest on, as [`Planned`] has it.
struct Basis {
    seeds: usize,
    examples: usize,
    tested: bool,
}

/// None where the hypothesis claims nothing sound, which the report will say.
fn foresee<'a>(
    hypothesis: &'a Hypothesis,
    basis: Basis,
    known: &EarlierResults,
    looks: &[usize],
    claims: usize,
) -> Option<Planned<'a>> {
    let Basis { seeds, examples, tested } = basis;
    let claim = verdicts::claim(hypothesis).ok()?;
    let quantity = quantity(hypothesis.metric, known.accuracy);
    let assumed = quantity.design(seeds, examples, hypothesis.metric.has_values_per_example(), claims);
    let noise = known.earlier.noise(hypothesis.metric);
    let design = noise.as_ref().map_or(assumed, |noise| assumed.with_run_sd(noise.spread.upper(CONFIDENCE)));
    let last_look = metrics::looks(looks, seeds).last().map_or(1.0, |look| look.share);
    let design = Design { last_look, ..design };
    let prospect = Prospect::of(&design, claim, hypothesis.vary.treatments.len(), quantity.scale());
    Some(Planned { hypothesis, seeds, examples, tested, prospect, noise })
}

fn quantity(metric: HypothesisMetric, accuracy: f64) -> Quantity {
    match metric.scale() {
        Scale::Epochs => Quantity::Epochs,
        Scale::Loss | Scale::Correlation => Quantity::Loss,
        Scale::Share if metric.recorded().is_some_and(|metric| !metric.counts_examples()) => Quantity::Confidence,
        Scale::Share => Quantity::Score { accuracy },
    }
}

/// The final accuracy that somebody reported.
fn expected_accuracy(sweep: &Sweep) -> f64 {
    let reported = sweep.reference.iter().filter(|figure| figure.metric == "accuracy");
    reported.max_by_key(|figure| figure.epoch.unwrap_or(usize::MAX)).map_or(ACCURACY, |figure| figure.value)
}

fn fewest_common_seeds(runs: &[&PlannedRun], hypothesis: &Hypothesis) -> usize {
    let seeds = |configuration: &str| -> BTreeSet<u64> {
        runs.iter().filter(|run| run.configuration == configuration).map(|run| run.spec.seed).collect()
    };
    let baseline = seeds(&hypothesis.vary.baseline);
    let treatments = hypothesis.vary.treatments.iter();
    treatments.map(|treatment| seeds(treatment).intersection(&baseline).count()).min().unwrap_or(0)
}

fn text(planned: &[Planned<'_>], known: &EarlierResults, rows: usize, looks: &[usize]) -> String {
    let mut table = Table::new([
        ("hypothesis", Align::Left),
        ("planned", Align::Left),
        ("settles", Align::Left),
        ("to settle", Align::Left),
        ("it needs about", Align::Left),
    ]);
    for planned in planned {
        let scale = planned.hypothesis.metric.scale();
        table.row([
            planned.hypothesis.id.clone(),
            basis(planned),
            planned.prospect.settles.map_or("nothing".to_string(), |value| settled(planned.hypothesis, value)),
            claimed(planned.hypothesis, verdicts::exact_amount(scale, planned.prospect.wanted)),
            outlook::needs_words(planned.prospect.needs, planned.tested),
        ]);
    }
    format!("\n{}\n\n{table}\n{}", headline(planned), footnote(planned, known, rows, looks))
}

fn headline(planned: &[Planned<'_>]) -> String {
    let all = count(planned.len(), "hypothesis");
    let short = || planned.iter().filter(|planned| planned.prospect.needs != Needs::Nothing);
    let open = short().filter(|planned| !planned.settles_large_effects()).count();
    let large = short().count() - open;
    let tested = planned.iter().all(|planned| planned.tested);
    let examples = if tested { "test examples" } else { "evaluation examples" };
    let what = match (open, large) {
        (0, 0) => return format!("The planned seeds and {examples} can settle {all}:"),
        (0, large) => format!("can settle {large} of {all} only if the effect is large"),
        (open, 0) => format!("cannot settle {open} of {all}"),
        (open, large) => format!("cannot settle {open} of {all}, and {large} only if the effect is large"),
    };
    format!("Warning: the planned seeds and {examples} {what}:")
}

/// `3 seeds × 640 examples`.
fn basis(planned: &Planned<'_>) -> String {
    match (planned.seeds, planned.hypothesis.metric.has_values_per_example()) {
        (0, _) => "no common seed".to_string(),
        (seeds, false) => count(seeds, "seed"),
        (seeds, true) => format!("{} × {}", count(seeds, "seed"), count(planned.examples, "example")),
    }
}

/// `2.1 points lower`, `margin 0.5 points`: what a plan settles.
fn settled(hypothesis: &Hypothesis, value: f64) -> String {
    let scale = hypothesis.metric.scale();
    // As many digits as tell two amounts apart that are not the same.
    let shown = if scale == Scale::Share && value < 0.001 {
        format!("{:.2} points", 100.0 * value)
    } else {
        verdicts::amount(scale, value)
    };
    claimed(hypothesis, shown)
}

/// An amount as what a hypothesis claims.
fn claimed(hypothesis: &Hypothesis, shown: String) -> String {
    match hypothesis.expect {
        Expectation::Lower => format!("{shown} lower"),
        Expectation::Higher => format!("{shown} higher"),
        Expectation::NotHigher | Expectation::NotLower | Expectation::Equivalent => format!("margin {shown}"),
    }
}

fn footnote(planned: &[Planned<'_>], known: &EarlierResults, rows: usize, looks: &[usize]) -> String {
    let claims = planned.len();
    let over = if claims > 1 { format!(" over all {claims} hypotheses") } else { String::new() };
    let mut text = format!(
        "Settled: a true claim is supported with a probability of {:.0} %, and wrong verdicts come at most {:.0} % of the\n\
         time{over}. To settle: of `higher` and `lower` the smallest difference that matters ({},\n\
         {} of a loss, {}) beyond any margin; of the others the margin, if there is no effect.\n",
        100.0 * POWER,
        100.0 * ALPHA,
        verdicts::amount(Scale::Share, Scale::Share.default_margin()),
        verdicts::amount(Scale::Loss, Scale::Loss.default_margin()),
        verdicts::amount(Scale::Epochs, Scale::Epochs.default_margin()),
    );
    text.push_str(&basis_of_noise(planned, known));
    text.push_str(&timing(planned, looks));
    if planned.iter().any(|planned| needed_examples(planned.prospect.needs) > rows) {
        text.push_str(&format!("The data set has {} in all.\n", count(rows, "example")));
    }
    text
}

/// What was measured of the noise, and what is assumed.
fn basis_of_noise(planned: &[Planned<'_>], known: &EarlierResults) -> String {
    let mut lines: Vec<String> = Vec::new();
    for planned in planned {
        let Some(noise) = &planned.noise else {
            continue;
        };
        let scale = planned.hypothesis.metric.scale();
        let (sd, bound) = (noise.spread.sd, noise.spread.upper(CONFIDENCE));
        let line = format!(
            "  {}: {} from seed to seed, taken as {} ({} of {}, of {})\n",
            verdicts::metric_words(planned.hypothesis.metric),
            verdicts::amount(scale, sd),
            verdicts::amount(scale, bound),
            count(noise.spread.values, "run"),
            count(noise.spread.groups, "configuration"),
            noise.sweeps.join(", "),
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let assumed_noise = if planned.iter().any(|planned| planned.noise.is_none()) {
        let rest = if lines.is_empty() { "" } else { " where nothing was measured" };
        format!(" {:.1} points of noise between seeds{rest},", 100.0 * DEFAULT_SEED_SD)
    } else {
        String::new()
    };
    let as_measured = if known.is_measured { " as measured" } else { "" };
    if !lines.is_empty() {
        lines.insert(0, "Measured, with a bound that holds with 80 % confidence where runs are few:\n".to_string());
    }
    format!(
        "{}Assumed: accuracies of about {:.1} %{as_measured},{assumed_noise} and that the right and wrong answers\nof two runs are \
         correlated by {DEFAULT_CORRELATION}.\n",
        lines.concat(),
        100.0 * known.accuracy,
    )
}

/// When verdicts are given, and what that costs.
fn timing(planned: &[Planned<'_>], looks: &[usize]) -> String {
    let seeds = planned.iter().map(|planned| planned.seeds).max().unwrap_or(0);
    let looks = metrics::looks(looks, seeds);
    let Some((last, earlier)) = looks.split_last().filter(|(_, earlier)| !earlier.is_empty()) else {
        return "A verdict is given when all planned seeds are in. Seeds that are added later decide nothing.\n"
            .to_string();
    };
    let earlier: Vec<String> = earlier.iter().map(|look| look.seeds.to_string()).collect();
    format!(
        "Verdicts are given at {} and {} seeds; the last of these looks has a level of {:.1} %, and `settles` is what it alone\n\
         settles.\n",
        earlier.join(", "),
        last.seeds,
        100.0 * ALPHA * last.share
    )
}

fn needed_examples(needs: Needs) -> usize {
    match needs {
        Needs::Both { examples, .. } | Needs::Either { examples: Some(examples), .. } => examples,
        Needs::Nothing | Needs::Either { .. } | Needs::OutOfReach => 0,
    }
}
