//! What the evidence says about each hypothesis of a sweep.

use crate::metrics::{self, Assessment, Basis, Claim, ClaimError, Joint, Scale, Verdict};
use crate::spec::{Expectation, Hypothesis, HypothesisMetric, MetricName};
use crate::words::counted;

use super::metric;
use super::model::{Configuration, Report};
use super::pairing::{self, Pairs};

/// A hypothesis with the evidence on it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub hypothesis: Hypothesis,
    /// Decides the hypothesis; p-values corrected across the sweep's hypotheses. None where there is nothing to assess.
    pub joint: Option<Joint>,
    /// Each treatment by itself, uncorrected.
    pub treatments: Vec<(String, Assessment)>,
    /// What stands in the way of a conclusion, or qualifies it.
    pub caveats: Vec<String>,
}

impl Judged {
    /// Inconclusive where there is no evidence.
    pub fn verdict(&self) -> Verdict {
        self.joint.as_ref().map_or(Verdict::Inconclusive, |joint| joint.assessment.verdict)
    }
}

/// Judges all hypotheses of a sweep, in its order, with Holm's correction across them.
pub fn judge(report: &Report) -> Vec<Judged> {
    let mut judged: Vec<Judged> = report.hypotheses.iter().map(|hypothesis| one(report, hypothesis)).collect();
    let mut assessments: Vec<Assessment> =
        judged.iter().filter_map(|judged| Some(judged.joint.as_ref()?.assessment)).collect();
    metrics::correct(&mut assessments);
    let joints = judged.iter_mut().filter_map(|judged| judged.joint.as_mut());
    for (joint, corrected) in joints.zip(assessments) {
        joint.assessment = corrected;
    }
    let claims = judged.len();
    for open in judged.iter_mut().filter(|judged| judged.verdict() == Verdict::Inconclusive) {
        open.caveats.extend(outlook(report, open, claims));
    }
    judged
}

/// What would settle a hypothesis, by the treatment that decides it.
fn outlook(report: &Report, judged: &Judged, claims: usize) -> Option<String> {
    let hypothesis = &judged.hypothesis;
    let (name, _) = judged.treatments.get(judged.joint.as_ref()?.treatment)?;
    let (treatment, baseline) = (named(report, name)?, named(report, &hypothesis.vary.baseline)?);
    let pairs = pairing::by_seed(report.runs_of(treatment), report.runs_of(baseline));
    super::outlook::of(hypothesis, claim(hypothesis).ok()?, &pairs, claims)
}

fn one(report: &Report, hypothesis: &Hypothesis) -> Judged {
    let mut judged =
        Judged { hypothesis: hypothesis.clone(), joint: None, treatments: Vec::new(), caveats: Vec::new() };
    let claim = match claim(hypothesis) {
        Ok(claim) => claim,
        Err(error) => {
            judged.caveats.push(error.to_string());
            return judged;
        }
    };
    let Some(baseline) = named(report, &hypothesis.vary.baseline) else {
        judged.caveats.push(format!("the sweep has no configuration `{}`", hypothesis.vary.baseline));
        return judged;
    };
    let mut missing = false;
    for name in &hypothesis.vary.treatments {
        match treatment(report, name, baseline, hypothesis.metric, &mut judged.caveats) {
            Ok(effect) => judged.treatments.push((name.clone(), metrics::assess(&effect, claim))),
            Err(reason) => {
                missing = true;
                judged.caveats.push(format!("{name}: {reason}"));
            }
        }
    }
    let assessments: Vec<Assessment> = judged.treatments.iter().map(|(_, assessment)| *assessment).collect();
    judged.joint = metrics::all_of(&assessments);
    if missing {
        without_all_treatments(&mut judged);
    }
    judged
}

/// A claim about several treatments is refuted by one of them but supported only by all.
fn without_all_treatments(judged: &mut Judged) {
    if judged.joint.as_ref().is_some_and(|joint| joint.assessment.verdict == Verdict::Supported) {
        judged.joint = None;
        judged.caveats.push("not every treatment could be compared".to_string());
    }
}

fn treatment(
    report: &Report,
    name: &str,
    baseline: &Configuration,
    of: HypothesisMetric,
    caveats: &mut Vec<String>,
) -> Result<metrics::Effect, String> {
    let treatment = named(report, name).ok_or("the sweep has no such configuration")?;
    let pairs = pairing::by_seed(report.runs_of(treatment), report.runs_of(baseline));
    let effect = pairing::effect(&pairs, of)?;
    caveats.extend(qualifications(name, &pairs, of, &effect));
    Ok(effect)
}

fn qualifications(name: &str, pairs: &Pairs<'_>, of: HypothesisMetric, effect: &metrics::Effect) -> Vec<String> {
    let mut found = Vec::new();
    if effect.basis() == Basis::Nothing {
        found.push(format!("{name}: one seed does not tell how much this metric varies; run at least three"));
    } else if effect.seeds == 1 {
        found.push(format!(
            "{name}: one seed; interval and p-value are about these two trained models, another seed may show the opposite"
        ));
    }
    if effect.basis() != Basis::Nothing && !effect.noise_seen() {
        let everywhere = if effect.examples.is_some() { "seed and example" } else { "seed" };
        found.push(format!(
            "{name}: no noise was seen: the difference from the baseline is the same for every {everywhere}, so how many \
             more would settle anything cannot be told"
        ));
    }
    if pairs.unpaired > 0 {
        found.push(format!("{name}: {}", without_partner(pairs.unpaired)));
    }
    found.extend(of_metric(name, pairs, of));
    found
}

/// What is to be known of a metric's differences.
fn of_metric(name: &str, pairs: &Pairs<'_>, of: HypothesisMetric) -> Option<String> {
    match of {
        HypothesisMetric::EpochsToReach { metric, value } => {
            let times = pairing::times_to_reach(pairs, metric, value).ok()?;
            let (neither, one) = (times.without_information(), times.one_sided());
            let unreached = |count: usize, who: &str| format!("{count} of {} pairs {who} the value", pairs.runs.len());
            match (neither, one) {
                (0, 0) => None,
                (0, one) => {
                    Some(format!("{name}: {}; only its direction counts", unreached(one, "on one side only reach")))
                }
                (neither, 0) => {
                    Some(format!("{name}: {} and were left out", unreached(neither, "on neither side reach")))
                }
                (neither, one) => Some(format!(
                    "{name}: {}, of which only the direction counts, and {neither} on neither side, which were left out",
                    unreached(one, "on one side only reach")
                )),
            }
        }
        HypothesisMetric::Best(_) if pairing::epochs_differ(pairs) => Some(format!(
            "{name}: the best epoch is chosen on the examples that are judged, and the side with more epochs has more to              choose from"
        )),
        HypothesisMetric::Last(_) | HypothesisMetric::AfterEpoch { .. } => Some(format!(
            "{name}: paired by seed only, so the interval is about other seeds on these evaluation examples, not about              other examples"
        )),
        _ => None,
    }
}

fn without_partner(runs: usize) -> String {
    let rest = if runs == 1 {
        "has no partner with the same seed and was"
    } else {
        "have no partner with the same seed and were"
    };
    format!("{} {rest} left out", counted(runs, "completed run"))
}

fn named<'a>(report: &'a Report, name: &str) -> Option<&'a Configuration> {
    report.configurations.iter().find(|configuration| configuration.name == name)
}

/// What a hypothesis claims of the difference.
///
/// # Errors
/// Its margin makes no claim.
pub(crate) fn claim(hypothesis: &Hypothesis) -> Result<Claim, ClaimError> {
    Claim::new(expectation(hypothesis.expect), hypothesis.margin, scale(hypothesis.metric))
}

pub(super) fn expectation(expect: Expectation) -> metrics::Expectation {
    match expect {
        Expectation::Lower => metrics::Expectation::Lower,
        Expectation::Higher => metrics::Expectation::Higher,
        Expectation::NotHigher => metrics::Expectation::NotHigher,
        Expectation::NotLower => metrics::Expectation::NotLower,
        Expectation::Equivalent => metrics::Expectation::Equivalent,
    }
}

/// The unit in which a metric's differences are given.
pub(crate) fn scale(of: HypothesisMetric) -> Scale {
    match of {
        HypothesisMetric::Best(name)
        | HypothesisMetric::Last(name)
        | HypothesisMetric::AfterEpoch { metric: name, .. } => scale_of(name),
        HypothesisMetric::EpochsToReach { .. } => Scale::Epochs,
        HypothesisMetric::GeneralizationGap => Scale::Loss,
    }
}

fn scale_of(name: MetricName) -> Scale {
    if metric::is_loss(name) { Scale::Loss } else { Scale::Share }
}

/// The metric of a hypothesis in words.
pub(crate) fn metric_words(of: HypothesisMetric) -> String {
    match of {
        HypothesisMetric::Best(name) => format!("{} at the best epoch", metric::title(name)),
        HypothesisMetric::Last(name) => format!("{} at the last epoch", metric::title(name)),
        HypothesisMetric::AfterEpoch { metric: name, epoch } => format!("{} after epoch {epoch}", metric::title(name)),
        HypothesisMetric::EpochsToReach { metric: name, value } => {
            format!("Epochs until {} reaches {}", metric::title(name).to_lowercase(), metric::write(name, value))
        }
        HypothesisMetric::GeneralizationGap => "Validation minus training loss at the last epoch".to_string(),
    }
}

/// What is claimed of the difference: `higher`, `lower by more than 0.5 points`, `within ±1.0 points`.
pub(crate) fn claim_words(hypothesis: &Hypothesis) -> String {
    let Ok(claim) = claim(hypothesis) else {
        return "claim without a sound margin".to_string();
    };
    expectation_words(hypothesis.expect, claim, scale(hypothesis.metric))
}

pub(super) fn expectation_words(expect: Expectation, claim: Claim, scale: Scale) -> String {
    let margin = amount(scale, claim.margin());
    match expect {
        Expectation::Higher if claim.margin() == 0.0 => "higher".to_string(),
        Expectation::Lower if claim.margin() == 0.0 => "lower".to_string(),
        Expectation::Higher => format!("higher by more than {margin}"),
        Expectation::Lower => format!("lower by more than {margin}"),
        Expectation::NotHigher => format!("not higher by {margin} or more"),
        Expectation::NotLower => format!("not lower by {margin} or more"),
        Expectation::Equivalent => format!("less than {margin} apart"),
    }
}

/// `1.0 points`, `0.020`, `0.5 epochs`.
pub(crate) fn amount(scale: Scale, value: f64) -> String {
    match scale {
        Scale::Share => format!("{:.1} points", value * 100.0),
        Scale::Loss | Scale::Correlation => format!("{value:.3}"),
        Scale::Epochs => format!("{value:.1} epochs"),
    }
}

/// A difference with its sign: `+1.2 points`, `−0.013`, `+1.5 epochs`.
pub(crate) fn difference(scale: Scale, value: f64) -> String {
    let (shown, unit) = match scale {
        Scale::Share => (format!("{:+.1}", value * 100.0), " points"),
        Scale::Loss | Scale::Correlation => (format!("{value:+.3}"), ""),
        Scale::Epochs => (format!("{value:+.1}"), " epochs"),
    };
    format!("{}{unit}", shown.replace('-', "\u{2212}"))
}

/// `[−2.1, +0.3]` in the unit of [`difference`].
pub(crate) fn interval_words(scale: Scale, interval: metrics::Interval) -> String {
    let bare = |value: f64| difference(scale, value).split(' ').next().unwrap_or_default().to_string();
    format!("[{}, {}]", bare(interval.low), bare(interval.high))
}

/// A p-value as papers print it.
pub(crate) fn p_words(p: Option<f64>) -> String {
    match p {
        None => "–".to_string(),
        Some(p) if p < 0.001 => "< 0.001".to_string(),
        Some(p) => format!("{p:.3}"),
    }
}

/// One word.
pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Supported => "supported",
        Verdict::Refuted => "refuted",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// What an assessment rests on: `3 seeds × 640 examples`.
pub(crate) fn basis_words(assessment: &Assessment) -> String {
    let seeds = counted(assessment.seeds, "seed");
    match assessment.examples {
        Some(examples) => format!("{seeds} × {}", counted(examples, "example")),
        None => seeds,
    }
}

/// What was measured of a claim, in one sentence.
pub(crate) fn found_words(judged: &Judged) -> String {
    let Some(assessment) = judged.joint.as_ref().map(|joint| &joint.assessment) else {
        return "nothing yet".to_string();
    };
    let scale = scale(judged.hypothesis.metric);
    let effect = difference(scale, assessment.effect);
    let interval = assessment.interval.map_or_else(
        || "no interval".to_string(),
        |interval| format!("95 % interval {}", interval_words(scale, interval)),
    );
    let name = metric_words(judged.hypothesis.metric);
    format!("{name}: {effect}, {interval}, with {}", compared_words(judged))
}

/// The treatment that decides, and of how many.
pub(crate) fn compared_words(judged: &Judged) -> String {
    let all = judged.hypothesis.vary.treatments.len();
    let deciding = judged.joint.as_ref().and_then(|joint| judged.treatments.get(joint.treatment));
    match deciding {
        Some((name, _)) if all > 1 => format!("{name} (decides among {all})"),
        Some((name, _)) => name.clone(),
        None => judged.hypothesis.vary.treatments.join("; "),
    }
}

/// `3 supported, 1 refuted, 5 inconclusive`; empty without hypotheses.
pub(crate) fn tally(judged: &[Judged]) -> String {
    tally_of(judged.iter().map(Judged::verdict))
}

/// The same of bare verdicts.
pub(super) fn tally_of(verdicts: impl Iterator<Item = Verdict> + Clone) -> String {
    let count = |verdict: Verdict| verdicts.clone().filter(|found| *found == verdict).count();
    let parts: Vec<String> = [Verdict::Supported, Verdict::Refuted, Verdict::Inconclusive]
        .into_iter()
        .filter(|&verdict| count(verdict) > 0)
        .map(|verdict| format!("{} {}", count(verdict), word(verdict)))
        .collect();
    parts.join(", ")
}
