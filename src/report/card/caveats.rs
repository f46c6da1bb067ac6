//! What qualifies the figures of a card.

use crate::spec::Metric;
use crate::store::RunState;
use crate::words::counted;

use super::subject::Subject;

/// Sentences, the most important first.
pub(super) fn caveats(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if subject.report.invented {
        found.push("INVENTED: a mock executor made these results for a test. Nothing was trained.".to_owned());
    }
    if subject.report.rehearsal {
        found.push(
            "A rehearsal: the design was tried on a small model and corpus. Figures say nothing about the model and data that the \
             sweep names."
                .to_owned(),
        );
    }
    found.extend(selection(subject));
    found.extend(seeds(subject));
    found.extend(ending(subject));
    found.extend(data(subject));
    found.push(
        "Figures hold for texts that are drawn as the evaluated ones were. How the model does on others, on other kinds of text, or \
         for parts of the population was not measured."
            .to_owned(),
    );
    found
}

fn selection(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let epochs = subject.run.epochs.len();
    if !subject.run.has_test() && epochs > 1 {
        found.push(format!(
            "The epoch was chosen among {epochs} on the same examples that the figures are of, so they are somewhat too good."
        ));
    }
    let ended = subject.report.runs.iter().filter(|run| run.ended_by_itself()).count();
    if ended > 1 {
        found.push(format!(
            "This run is one of {} of its sweep. If it was chosen because it did best, its figures are too good, the more runs \
             there were to choose from.",
            subject.report.ended_runs_in_words(ended)
        ));
    }
    found
}

/// How much another seed would differ.
fn seeds(subject: &Subject<'_>) -> Option<String> {
    let Some(spread) = subject.configuration.best.get(&Metric::ACCURACY).filter(|spread| spread.count > 1) else {
        return Some("One seed was trained: how much the figures vary from seed to seed is not known.".to_owned());
    };
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let interval = subject.configuration.accuracy_interval.map_or(String::new(), |interval| {
        format!(", 95 % interval of the mean {} to {}", percent(interval.low), percent(interval.high))
    });
    Some(format!(
        "The same settings with {}: accuracy {} on average, between {} and {}{interval}.",
        counted(spread.count, "seed"),
        percent(spread.mean),
        percent(spread.min),
        percent(spread.max),
    ))
}

fn ending(subject: &Subject<'_>) -> Option<String> {
    let (run, recorded) = (subject.run, subject.run.epochs.len());
    if run.ended_early() {
        return Some(format!(
            "The run ended after {recorded} of {} epochs, by its `early_stopping`: its metric improved no more.",
            run.spec.epochs
        ));
    }
    (run.state == RunState::Stopped).then(|| {
        format!("The run stopped after {recorded} of {} epochs, and was not trained to its end.", run.spec.epochs)
    })
}

fn data(subject: &Subject<'_>) -> Vec<String> {
    let Some(facts) = &subject.run.facts else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(lengths) = facts.token_lengths.as_ref().filter(|lengths| lengths.cut > 0) {
        found.push(format!(
            "{} of {} texts are longer than {} tokens and were cut.",
            lengths.cut, lengths.texts, lengths.max_length
        ));
    }
    if let Some(data) = &facts.data {
        found.extend(data.warnings.iter().map(|warning| format!("Of the data: {warning}")));
        found.extend(data.assumed.iter().map(|assumed| format!("Assumed of the data: {assumed}")));
    }
    found
}
