//! Observations in words, the same in tables and pages.

use crate::metrics::{ALPHA, Scale};
use crate::report::decimals::decimals;
use crate::report::verdicts;
use crate::spec::{Against, Metric, Observation, Observed as Quantity, Until};

use super::claim::{claim, scale};
use super::judged::{Judgement, Observed};

/// What is claimed of the difference, as [`verdicts::claim_words`] has it.
pub(crate) fn claimed(observation: &Observation) -> String {
    claim(observation).map_or_else(
        |_| "claim without a sound margin".to_string(),
        |claim| verdicts::expectation_words(observation.expect, claim, scale(&observation.observe)),
    )
}

/// A quantity in words.
pub(crate) fn words(quantity: &Quantity) -> String {
    let lower = |name: Metric| name.title().to_lowercase();
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
pub(crate) fn against_words(observation: &Observation) -> String {
    match &observation.against {
        Against::Value(value) => chosen(&observation.observe, *value),
        Against::Quantity(quantity) => {
            let words = words(quantity);
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        }
    }
}

/// A quantity's value: `92.81 %`, `0.953`, `3.0 epochs`.
pub(crate) fn amount(quantity: &Quantity, value: f64) -> String {
    match scale(quantity) {
        Scale::Share => format!("{:.2} %", value * 100.0),
        other => verdicts::amount(other, value),
    }
}

/// A value that the sweep file gives: as [`amount`] has it, with more decimals where it has more of them.
fn chosen(quantity: &Quantity, value: f64) -> String {
    match scale(quantity) {
        Scale::Share => format!("{:.1$} %", value * 100.0, decimals(value * 100.0).max(2)),
        other => verdicts::exact_amount(other, value),
    }
}

/// `3 supported, 1 refuted`; empty without observations.
pub(crate) fn tally(observed: &[Observed]) -> String {
    verdicts::tally_of(observed.iter().map(Observed::verdict))
}

/// The p-value after correction, or why there is none.
pub(crate) fn p_words(observed: &Observed) -> String {
    match observed.measured.map(|measured| measured.judgement) {
        Some(Judgement::Exact(_)) => "exact".to_string(),
        Some(Judgement::Assessed(assessment)) => verdicts::p_words(assessment.adjusted_p_value),
        None => verdicts::p_words(None),
    }
}

/// What tables say of all observations.
pub(crate) fn caption() -> String {
    format!(
        "Paired by seed, with 95 % intervals over seeds on the examples of this sweep; p-values are corrected by Holm across \
         the observations, at most {:.0} % of such tables hold a wrong verdict.",
        100.0 * ALPHA
    )
}
