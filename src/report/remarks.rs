//! What a reader must know before believing the figures: what is missing, and what therefore cannot be concluded.

use crate::store::RunState;

use super::model::{Report, Run};

/// Sentences, most important first. Empty for a complete sweep with several seeds.
pub(crate) fn of(report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    if report.invented {
        remarks.push(
            "INVENTED: a mock executor made these results for a test of this program. Nothing was trained, and no figure here says \
             anything about any model or data."
                .to_string(),
        );
    }
    if report.rehearsal {
        remarks.push(
            "Rehearsal: the design was tried on the embedded model and corpus. These figures say nothing about the \
             model and data that the sweep names."
                .to_string(),
        );
    }
    if !report.scaled.is_empty() {
        remarks.push(format!("Scaled for the rehearsal: {}.", report.scaled.join("; ")));
    }
    if report.runs.is_empty() {
        remarks.push("The sweep has no runs.".to_string());
        return remarks;
    }
    remarks.extend(unfinished(report));
    remarks.extend(ended_early(report));
    remarks.extend(ended_badly(report));
    remarks.extend(report.damages.iter().map(|damage| format!("Damaged: {damage}.")));
    remarks.extend(seeds(report));
    if !report.deciding.is_empty() {
        remarks.push(
            "Seeds changed after results could be seen. Verdicts rest on those planned before: adding seeds until a claim is clear \
             settles it wrongly more often than the level says. To look several times, declare `looks` before the first run; to \
             settle what is open, plan a sweep of another name with seeds that were not used yet."
                .to_string(),
        );
    }
    if !report.dropped.is_empty() {
        remarks.push(format!(
            "Taken out of the sweep file after results could be seen: {}. They count in the correction for the number of \
             hypotheses.",
            report.dropped.join(", ")
        ));
    }
    let tested = report.runs.iter().filter(|run| run.has_test()).count();
    if tested > 0 && tested < report.runs.len() {
        remarks.push(format!(
            "{tested} of {} runs are judged on a test and the others on their evaluation: the two kinds are not compared.",
            report.runs.len()
        ));
    }
    if report.eval_examples().is_none() && report.runs.iter().any(|run| run.facts.is_some()) {
        remarks.push(
            "The runs were evaluated on different numbers of examples: differences between them are not paired."
                .to_string(),
        );
    }
    remarks
}

fn unfinished(report: &Report) -> Option<String> {
    let total = report.runs.len();
    let count = |test: fn(&Run) -> bool| report.runs.iter().filter(|run| test(run)).count();
    let running = count(|run| run.state == RunState::Running);
    let interrupted = count(|run| run.state == RunState::Interrupted);
    let waiting = count(|run| matches!(run.state, RunState::Pending | RunState::Waiting));
    let stopped = count(|run| run.state == RunState::Stopped && !run.ended_early());
    if running + interrupted + waiting + stopped == 0 {
        return None;
    }
    if report.search.is_some() && running + interrupted + waiting == 0 {
        return Some(format!(
            "Stopped: {stopped} of {total} runs ended before their last epoch. Means over epochs take in what is there, and their \
             curves have gaps where the number of runs changes; figures at the best epoch rest on {} only.",
            ended_words(report)
        ));
    }
    let parts = [(running, "running"), (interrupted, "interrupted"), (waiting, "waiting"), (stopped, "stopped")];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let done = total - running - interrupted - waiting - stopped;
    Some(format!(
        "Not finished: {done} of {total} runs are done ({}). Means over epochs take in what is there, and their \
         curves have gaps where the number of runs changes; figures at the best epoch rest on {} only.",
        parts.join(", "),
        ended_words(report)
    ))
}

/// The runs that figures at the best epoch are of.
fn ended_words(report: &Report) -> &'static str {
    if report.runs.iter().any(Run::ended_early) { "runs that came to their end" } else { "completed runs" }
}

fn ended_early(report: &Report) -> Option<String> {
    let early = report.runs.iter().filter(|run| run.ended_early()).count();
    (early > 0).then(|| {
        format!(
            "Ended early: {early} of {} runs, by their own early_stopping. They count like others, by the best of the epochs that \
             they have; one that goes on has more epochs to choose from. Means over epochs take in what is there.",
            report.runs.len()
        )
    })
}

fn ended_badly(report: &Report) -> Option<String> {
    let bad: Vec<&Run> = report.runs.iter().filter(|run| !run.sound()).collect();
    if bad.is_empty() {
        return None;
    }
    let named: Vec<String> = bad
        .iter()
        .take(5)
        .map(|run| {
            let reason =
                run.reason.as_deref().map_or(String::new(), |reason| format!(": {}", reason.trim_end_matches('.')));
            format!("{} ({}{reason})", run.label, run.state)
        })
        .collect();
    let more = if bad.len() > 5 { format!("; and {} more", bad.len() - 5) } else { String::new() };
    Some(format!("In no mean: {}{more}.", named.join("; ")))
}

fn seeds(report: &Report) -> Option<String> {
    let single = report.configurations.iter().filter(|configuration| configuration.runs.len() == 1).count();
    match (single, report.configurations.len()) {
        (0, _) => None,
        (single, all) if single == all => Some(
            "One seed per configuration: how much results vary from seed to seed cannot be told, so a difference may be \
             the seed's."
                .to_string(),
        ),
        (single, all) => Some(format!("{single} of {all} configurations have one seed only.")),
    }
}
