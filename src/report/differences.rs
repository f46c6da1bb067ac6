//! Every configuration against the baseline: what nobody claimed beforehand, with the share of false discoveries under control.

use crate::metrics::{Effect, Improvement, Interval, LEVEL, Scale, benjamini_hochberg};
use crate::spec::{HypothesisMetric, Metric};

use super::model::{Configuration, Report, Run};
use super::pairing::{self, Pairs};
use super::verdicts;

/// What the comparisons are, and what is not to be read into them.
pub(crate) const NOTE: &str = "Exploratory: nobody claimed these differences beforehand, and they rest on all seeds that are there, \
     whenever they were planned. Intervals are not corrected. q is the p-value after Benjamini and Hochberg's correction: of the \
     differences with q up to 0.05, one in twenty is expected to be nothing. With one seed there is neither, \
     and the interval is about two trained models. \
     \"Better in\" is the estimated share of pairs of runs, whatever their seeds, in which the configuration beats the baseline.";

/// Accuracy at the best epoch of a configuration minus the baseline's.
#[derive(Clone, Debug)]
pub(crate) struct Difference<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) effect: &'a Effect,
    /// 95 %.
    pub(crate) interval: Option<Interval>,
    /// None where a single seed was compared.
    pub(crate) p_value: Option<f64>,
    /// `p_value`, corrected across the configurations of the sweep.
    pub(crate) q_value: Option<f64>,
    pub(crate) improvement: Option<Improvement>,
}

/// In the order of the plan; configurations that cannot be compared are left out.
pub(crate) fn of<'a>(report: &'a Report) -> Vec<Difference<'a>> {
    let Some(baseline) = report.baseline.map(|index| &report.configurations[index]) else {
        return Vec::new();
    };
    let accuracy = HypothesisMetric::Best(Metric::ACCURACY);
    let difference = |configuration, effect: &'a Effect| {
        let pairs = pairing::by_seed(report.figured(configuration), report.figured(baseline));
        Difference {
            configuration,
            effect,
            interval: effect.interval(LEVEL),
            p_value: effect.p_value(0.0).filter(|_| effect.basis().settles()),
            q_value: None,
            improvement: improvement(&pairs, accuracy),
        }
    };
    let compared = report.configurations.iter().filter_map(|one| Some((one, one.versus_baseline.as_ref()?)));
    let mut differences: Vec<Difference<'_>> =
        compared.map(|(configuration, effect)| difference(configuration, effect)).collect();
    let tested: Vec<usize> = (0..differences.len()).filter(|&place| differences[place].p_value.is_some()).collect();
    let p_values: Vec<f64> = differences.iter().filter_map(|difference| difference.p_value).collect();
    for (place, q) in tested.into_iter().zip(benjamini_hochberg(&p_values)) {
        differences[place].q_value = Some(q);
    }
    differences
}

/// How often a run of the treatment is better than one of the baseline. None where a run lacks the metric.
pub(super) fn improvement(pairs: &Pairs<'_>, of: HypothesisMetric) -> Option<Improvement> {
    let value = |run: &Run| pairing::value(run, of).ok();
    let treatment: Vec<f64> = pairs.runs.iter().map(|(run, _)| value(run)).collect::<Option<_>>()?;
    let baseline: Vec<f64> = pairs.runs.iter().map(|(_, run)| value(run)).collect::<Option<_>>()?;
    Improvement::of(&treatment, &baseline, of.direction(), LEVEL)
}

/// `83 % [41, 97]`: the estimate with its 95 % interval.
pub(crate) fn improvement_words(improvement: Option<Improvement>) -> String {
    let percent = |share: f64| format!("{:.0}", 100.0 * share);
    match improvement {
        None => "–".to_string(),
        Some(Improvement { probability, interval: None }) => format!("{} %", percent(probability)),
        Some(Improvement { probability, interval: Some(Interval { low, high }) }) => {
            format!("{} % [{}, {}]", percent(probability), percent(low), percent(high))
        }
    }
}

impl Difference<'_> {
    /// The difference, its interval, p, q and the probability of improvement, as people read them.
    pub(crate) fn cells(&self) -> [String; 5] {
        [
            verdicts::difference(Scale::Share, self.effect.estimate),
            self.interval.map_or("–".to_string(), |interval| verdicts::interval_words(Scale::Share, interval)),
            verdicts::p_words(self.p_value),
            verdicts::p_words(self.q_value),
            improvement_words(self.improvement),
        ]
    }
}

/// Headings of [`Difference::cells`].
pub(crate) const HEADINGS: [&str; 5] = ["Accuracy difference", "95 % interval", "p", "q (BH)", "Better in"];
