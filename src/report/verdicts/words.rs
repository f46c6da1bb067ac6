//! Claims, differences, intervals and verdicts in words, the same in tables, charts and pages.

use crate::metrics::{self, Assessment, Average, ExpectedEffect, Scale, Verdict};
use crate::report::decimals::decimals;
use crate::report::metric;
use crate::spec::{Expectation, Hypothesis, HypothesisMetric};
use crate::words::counted;

use super::claim::claim;
use super::judged::Judged;

/// The metric of a hypothesis in words.
pub(crate) fn metric_words(of: HypothesisMetric) -> String {
    match of {
        HypothesisMetric::Best(name) => format!("{} at the best epoch", name.titles().judged),
        HypothesisMetric::Last(name) => format!("{} at the last epoch", name.titles().judged),
        HypothesisMetric::AfterEpoch { metric: name, epoch } => format!("{} after epoch {epoch}", name.title()),
        HypothesisMetric::EpochsToReach { metric: name, value } => {
            format!("Epochs until {} reaches {}", name.title().to_lowercase(), metric::write_chosen(name, value))
        }
        HypothesisMetric::GeneralizationGap => "Validation minus training loss at the last epoch".to_string(),
    }
}

/// What is claimed of the difference: `higher`, `lower by more than 0.5 points`, `within ±1.0 points`.
pub(crate) fn claim_words(hypothesis: &Hypothesis) -> String {
    let Ok(claim) = claim(hypothesis) else {
        return "claim without a sound margin".to_string();
    };
    expectation_words(hypothesis.expect, claim, hypothesis.metric.scale())
}

pub(crate) fn expectation_words(expect: Expectation, claim: ExpectedEffect, scale: Scale) -> String {
    let margin = exact_amount(scale, claim.margin());
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

/// An amount that somebody chose, such as a margin: as [`amount`] has it, with more decimals where it has more of them.
pub(crate) fn exact_amount(scale: Scale, value: f64) -> String {
    let with = |value: f64, least: usize| format!("{value:.0$}", decimals(value).max(least));
    match scale {
        Scale::Share => format!("{} points", with(value * 100.0, 1)),
        Scale::Loss | Scale::Correlation => with(value, 3),
        Scale::Epochs => format!("{} epochs", with(value, 1)),
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

/// The difference that an assessment is of, and what it is of the seeds' differences where that is not their mean:
/// `−1.0 epochs (median)`.
pub(crate) fn effect_words(scale: Scale, assessment: &Assessment) -> String {
    let shown = difference(scale, assessment.effect);
    match assessment.average {
        Average::Mean => shown,
        Average::Median => format!("{shown} (median)"),
    }
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

/// The level of an assessment's interval: `95 %`, `99.5 %`.
pub(crate) fn level_words(assessment: &Assessment) -> String {
    let percent = format!("{:.2}", 100.0 * assessment.level());
    format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// The interval as [`interval_words`] has it, with its level where that is not the usual one.
pub(crate) fn interval_at_level(scale: Scale, assessment: &Assessment) -> String {
    match assessment.interval {
        None => "–".to_string(),
        Some(interval) if assessment.share == 1.0 => interval_words(scale, interval),
        Some(interval) => format!("{} ({})", interval_words(scale, interval), level_words(assessment)),
    }
}

/// What was measured of a claim, in one sentence.
pub(crate) fn found_words(judged: &Judged) -> String {
    let Some(assessment) = judged.joint.as_ref().map(|joint| &joint.assessment) else {
        return "nothing yet".to_string();
    };
    let scale = judged.hypothesis.metric.scale();
    let effect = effect_words(scale, assessment);
    let interval = assessment.interval.map_or_else(
        || "no interval".to_string(),
        |interval| format!("{} interval {}", level_words(assessment), interval_words(scale, interval)),
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
pub(crate) fn tally_of(verdicts: impl Iterator<Item = Verdict> + Clone) -> String {
    let count = |verdict: Verdict| verdicts.clone().filter(|found| *found == verdict).count();
    let parts: Vec<String> = [Verdict::Supported, Verdict::Refuted, Verdict::Inconclusive]
        .into_iter()
        .filter(|&verdict| count(verdict) > 0)
        .map(|verdict| format!("{} {}", count(verdict), word(verdict)))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_and_goals_are_written_as_they_were_chosen() {
        assert_eq!(
            [0.75, 1.0, 0.5].map(|margin| exact_amount(Scale::Epochs, margin)),
            ["0.75 epochs", "1.0 epochs", "0.5 epochs"]
        );
        let points = [0.0025, 0.0004, 0.01, 0.07].map(|margin| exact_amount(Scale::Share, margin));
        assert_eq!(points, ["0.25 points", "0.04 points", "1.0 points", "7.0 points"]);
        assert_eq!([0.02, 0.0125].map(|margin| exact_amount(Scale::Loss, margin)), ["0.020", "0.0125"]);
        let claim = ExpectedEffect::new(Expectation::Equivalent, Some(0.75), Scale::Epochs).unwrap();
        assert_eq!(expectation_words(Expectation::Equivalent, claim, Scale::Epochs), "less than 0.75 epochs apart");
        let goal =
            |value| metric_words(HypothesisMetric::EpochsToReach { metric: crate::spec::Metric::ACCURACY, value });
        assert_eq!(goal(0.9275), "Epochs until accuracy reaches 92.75 %");
        assert_eq!(goal(0.92), "Epochs until accuracy reaches 92.0 %");
    }
}
