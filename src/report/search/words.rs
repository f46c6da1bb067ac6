//! What a search has found, in words: the same in tables, pages and on the terminal.

use crate::metrics::{Interval, Metric, Summary};
use crate::report::{metric, verdicts};
use crate::spec::{Coordinate, Distribution, StopRule};
use crate::words::{counted, grouped};

use super::evidence::{Evidence, Trial};
use super::found::Found;
use super::outcome::{Outcome, Winner, outcome};

/// Configurations that a sentence names at most.
const MOST_NAMED: usize = 3;

/// `tpe, 20 samples of 2 seeds each, the best 3 confirmed with 3 fresh seeds, stopped by asha`.
pub(in crate::report) fn method(evidence: &Evidence) -> String {
    let settings = &evidence.settings;
    let samples = counted(evidence.trials.len(), "sample");
    let mut text = format!("{}, {samples} of {} each", settings.method, counted(settings.seeds.len(), "seed"));
    if let Some(confirm) = settings.confirm {
        let fresh = counted(confirm.seeds, "fresh seed");
        text.push_str(&format!(", the best {} confirmed with {fresh}", grouped(confirm.top)));
    }
    text.push_str(match settings.stop {
        Some(StopRule::Asha { .. }) => ", stopped by asha",
        Some(StopRule::Median { .. }) => ", stopped by median",
        None => "",
    });
    text
}

/// How far a search has come: `generation 3, 12 of 20 samples, best so far rank=8: accuracy 92.0 % (mean of 2 seeds, not
/// confirmed)`.
pub(in crate::report) fn standing_words(evidence: &Evidence) -> String {
    let (ended, wanted) = (evidence.ended(), evidence.settings.samples);
    let samples = format!("{} of {}", grouped(ended), counted(wanted.max(evidence.trials.len()), "sample"));
    let mut text = format!("generation {}, {samples}", grouped(evidence.generations));
    if let Outcome::Confirmed(winner) = outcome(evidence) {
        let (best, value) = (&evidence.trials[winner.trial], value(evidence.metric(), winner.fresh.mean));
        text.push_str(&format!(", best so far {}: {value} ({})", best.configuration, over(winner.fresh, "fresh seed")));
    } else if let Some((best, summary)) = evidence.best().and_then(|best| Some((best, best.summary()?))) {
        let value = value(evidence.metric(), summary.mean);
        let of = over(summary, "seed");
        text.push_str(&format!(", best so far {}: {value} ({of}, not confirmed)", best.configuration));
    }
    text
}

/// A value with the name of its metric: `accuracy 92.0 %`.
pub(in crate::report) fn value(name: Metric, value: f64) -> String {
    format!("{} {}", name.name(), metric::write(name, value))
}

/// `mean of 3 seeds`.
fn over(summary: Summary, noun: &str) -> String {
    if summary.count == 1 { format!("one {noun}") } else { format!("mean of {}", counted(summary.count, noun)) }
}

/// What was found, as sentences: the winner, what its own mean was worth, from whom it cannot be told apart, and its figure on
/// the test examples.
pub(in crate::report) fn conclusion(found: &Found) -> Vec<String> {
    let evidence = &found.evidence;
    let name = evidence.metric();
    let best = |index: usize| {
        let trial = &evidence.trials[index];
        let told = trial.summary().map(|summary| format!("{} ({})", value(name, summary.mean), over(summary, "seed")));
        format!("{}: {}", trial.configuration, told.unwrap_or_default())
    };
    let samples = counted(evidence.trials.len(), "sample");
    match &found.outcome {
        Outcome::Nothing => vec!["No sample of the search has a result yet.".to_owned()],
        Outcome::Unconfirmed(index) => {
            vec![format!("Best of {samples}: {}.", best(*index)), unconfirmed(evidence.trials.len())]
        }
        Outcome::Confirming { best: index, ended, planned } => vec![
            format!("Best of {samples} so far: {}.", best(*index)),
            format!(
                "Not confirmed yet; runs with fresh seeds that are done: {} of {}.",
                grouped(*ended),
                grouped(*planned)
            ),
        ],
        Outcome::Confirmed(winner) => confirmed(evidence, winner),
    }
}

fn unconfirmed(samples: usize) -> String {
    if samples == 1 {
        return "Not confirmed: no other seeds were trained, so its figure is that of the seeds that chose it."
            .to_owned();
    }
    format!(
        "Not confirmed: the best of {} noisy results is partly the luckiest, so expect less of it. `confirm` in the section \
         `search` trains the best with fresh seeds.",
        grouped(samples)
    )
}

fn confirmed(evidence: &Evidence, winner: &Winner) -> Vec<String> {
    let name = evidence.metric();
    let trial = &evidence.trials[winner.trial];
    let fresh = over(winner.fresh, "fresh seed");
    let range = winner.interval.map_or(String::new(), |interval| format!(", 95 % interval {}", range(name, interval)));
    let mut lines =
        vec![format!("Best: {}: {} ({fresh}{range}).", trial.configuration, value(name, winner.fresh.mean))];
    lines.push(shrinkage(name, winner));
    lines.extend(not_told_apart(evidence, winner));
    lines.extend(trial.test_summary().map(|test| {
        let deviation = test.sd.map_or(String::new(), |sd| format!(" ± {}", bare(name, sd)));
        format!("On the test examples, which chose nothing: {}{deviation}.", metric::write(name, test.mean))
    }));
    lines
}

/// What also figures over fresh seeds do not tell; none where there is a test, or nothing was confirmed.
pub(in crate::report) fn caveat(found: &Found) -> Option<&'static str> {
    let Outcome::Confirmed(winner) = &found.outcome else {
        return None;
    };
    let is_tested = found.evidence.trials[winner.trial].test_summary().is_some();
    (!is_tested && !found.evidence.metric().is_of_training()).then_some(
        "All of these are figures on the evaluation examples, by which the search has chosen: on other examples expect somewhat \
         less. A test part (`dataset.test`) would tell.",
    )
}

fn range(name: Metric, interval: Interval) -> String {
    format!("{} to {}", metric::write(name, interval.low), metric::write(name, interval.high))
}

/// A deviation in the unit of the metric, without its sign of percent.
fn bare(name: Metric, deviation: f64) -> String {
    metric::write(name, deviation).trim_end_matches(" %").to_owned()
}

fn shrinkage(name: Metric, winner: &Winner) -> String {
    let scale = name.scale();
    let own = format!(
        "The search's own mean of it was {} ({})",
        metric::write(name, winner.search.mean),
        over(winner.search, "seed")
    );
    let amount = winner.shrinkage.amount;
    let range = winner
        .shrinkage
        .interval
        .map_or(String::new(), |interval| format!(" (95 % interval {})", verdicts::interval_words(scale, interval)));
    let shown = verdicts::amount(scale, amount.abs());
    if shown == verdicts::amount(scale, 0.0) {
        format!("{own}: the fresh seeds give the same{range}.")
    } else if amount > 0.0 {
        format!("{own}: too good by {shown}{range}.")
    } else {
        format!("{own}: not too good, the fresh seeds are better by {shown}{range}.")
    }
}

fn not_told_apart(evidence: &Evidence, winner: &Winner) -> Option<String> {
    if winner.others.is_empty() {
        return Some("No other configuration was confirmed, so nothing says that this one is better.".to_owned());
    }
    let named: Vec<&str> = winner
        .not_told_apart
        .iter()
        .take(MOST_NAMED)
        .map(|&index| evidence.trials[index].configuration.as_str())
        .collect();
    if named.is_empty() {
        return None;
    }
    let more = winner.not_told_apart.len() - named.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Some(format!("No clear winner: the fresh seeds do not tell it apart from {}{more}.", named.join("; ")))
}

/// The values of a sample by dimension, in the order of the space; none where the dimension does not apply.
pub(in crate::report) fn points(evidence: &Evidence, trial: &Trial) -> Vec<Option<String>> {
    let shown = |(coordinate, distribution): (&Option<Coordinate>, &Distribution)| {
        Some(match (coordinate.as_ref()?, distribution) {
            (Coordinate::Number(number), _) => number_words(*number),
            (Coordinate::Choice(choice), Distribution::Choice(choices)) => choices.get(*choice)?.clone(),
            (Coordinate::Choice(choice), _) => choice.to_string(),
        })
    };
    let distributions = evidence.space.iter().map(|dimension| &dimension.distribution);
    trial.point.0.iter().zip(distributions).map(shown).collect()
}

/// As labels of runs have it.
fn number_words(number: f64) -> String {
    let shown = format!("{number:?}");
    shown.strip_suffix(".0").unwrap_or(&shown).to_owned()
}

/// Mean and deviation of a sample over its own and over the fresh seeds, as cells of a table.
pub(in crate::report) fn sample_values(evidence: &Evidence, trial: &Trial, plus_minus: &str) -> [Option<String>; 2] {
    let name = evidence.metric();
    let cell = |summary: Summary| {
        let deviation = summary.sd.map_or(String::new(), |sd| format!("{plus_minus}{}", bare(name, sd)));
        format!("{}{deviation}", bare(name, summary.mean))
    };
    [trial.summary().map(cell), trial.fresh_summary().map(cell)]
}
