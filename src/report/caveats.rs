//! What stands in the way of a conclusion, or qualifies it.

use crate::metrics::{Basis, Effect, LEVEL};
use crate::spec::HypothesisMetric;
use crate::words::counted;

use super::pairing::{self, Pairs};
use super::planned_seeds::PlannedSeeds;
use super::verdicts::{difference, interval_words};

/// Of a hypothesis that the plan did not have when results could first be seen.
pub(super) const LATE: &str = "stated or changed after results could be seen: it may have been made from what it claims, and only new \
     seeds can test it";

/// How epochs to a goal are compared that some runs never reach.
const SIGNS: &str = "the difference is the median of the pairs, tested by their signs";

/// What is to be known of a treatment's pairs of runs and their difference.
pub(super) fn of_pairs(name: &str, pairs: &Pairs<'_>, of: HypothesisMetric, effect: &Effect) -> Vec<String> {
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
    found.extend(of_randomness(name, pairs, of));
    found.extend(of_metric(name, pairs, of));
    found
}

/// What is to be known of the random numbers of the two sides.
fn of_randomness(name: &str, pairs: &Pairs<'_>, of: HypothesisMetric) -> Vec<String> {
    let mut found = Vec::new();
    let apart = pairing::sources_apart(pairs);
    if !apart.is_empty() {
        found.push(format!("{name}: the two sides differ in their random numbers ({})", apart.join(", ")));
    }
    if of.has_values_per_example() && pairing::split_varies(pairs) {
        found.push(format!(
            "{name}: each seed holds out other rows, so there is one difference per seed and the interval is about other seeds \
             with other splits of these rows; as splits have rows in common, it can be somewhat too narrow"
        ));
    }
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
                (0, one) => Some(format!(
                    "{name}: {}; only its direction counts: {SIGNS}",
                    unreached(one, "on one side only reach")
                )),
                (neither, 0) => {
                    Some(format!("{name}: {} and were left out: {SIGNS}", unreached(neither, "on neither side reach")))
                }
                (neither, one) => Some(format!(
                    "{name}: {}, of which only the direction counts, and {neither} on neither side, which were left out: {SIGNS}",
                    unreached(one, "on one side only reach")
                )),
            }
        }
        HypothesisMetric::Best(_) if pairing::epochs_differ(pairs) && pairing::chosen_on_judged(pairs) => {
            Some(format!(
                "{name}: the best epoch is chosen on the examples that are judged, and the side with more epochs has more to choose from"
            ))
        }
        HypothesisMetric::Last(_) if pairing::has_values_per_example(pairs, of) => None,
        HypothesisMetric::Last(_) | HypothesisMetric::AfterEpoch { .. } if !pairing::split_varies(pairs) => {
            Some(format!(
                "{name}: paired by seed only, so the interval is about other seeds on these evaluation examples, not about other examples"
            ))
        }
        HypothesisMetric::GeneralizationGap if pairing::gap_has_dropout(pairs) => Some(format!(
            "{name}: the training loss was taken with dropout, over an epoch in which the model changed (a result of an older \
             version), so the gap is too small, the more dropout the smaller"
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

/// What is said before there can be a verdict.
pub(super) fn provisional(ended: usize, planned: usize, when: &str) -> String {
    let is = if ended == 1 { "is" } else { "are" };
    format!("provisional: {ended} of {} {is} in; {when}", counted(planned, "planned seed"))
}

/// What is to be known of seeds that were added or taken away after results could be seen.
pub(super) fn of_seeds(name: &str, seeds: &PlannedSeeds<'_>, of: Option<HypothesisMetric>) -> Vec<String> {
    let mut found = Vec::new();
    let withdrawn = seeds.withdrawn();
    if !withdrawn.is_empty() {
        found.push(format!(
            "{name}: {} not in the sweep file any more, though planned when the first results came; the verdict is given when \
             all planned seeds have ended",
            listed(&withdrawn, "is", "are")
        ));
    }
    if !seeds.added().is_empty() {
        let added = listed(seeds.added(), "was", "were");
        found.push(format!(
            "{name}: {added} added after results could be seen and cannot decide{}",
            of.and_then(|of| with_all(seeds, of)).unwrap_or_default()
        ));
    }
    found
}

/// The difference by all seeds, those that decide nothing included.
fn with_all(seeds: &PlannedSeeds<'_>, of: HypothesisMetric) -> Option<String> {
    let pairs = seeds.all();
    let effect = pairing::effect(&pairs, of).ok()?;
    let scale = of.scale();
    let interval =
        effect.interval(LEVEL).map_or(String::new(), |interval| format!(" {}", interval_words(scale, interval)));
    Some(format!(" (by all {}: {}{interval})", counted(pairs.runs.len(), "seed"), difference(scale, effect.estimate)))
}

/// `seed 4 was`, `seeds 4 and 5 were`.
fn listed(seeds: &[u64], is: &str, are: &str) -> String {
    let numbers: Vec<String> = seeds.iter().map(u64::to_string).collect();
    match numbers.split_last() {
        Some((last, [])) => format!("seed {last} {is}"),
        Some((last, others)) => format!("seeds {} and {last} {are}", others.join(", ")),
        None => String::new(),
    }
}
