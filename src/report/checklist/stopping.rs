//! Which runs ended before their last epoch, and why.

use crate::event::StopReason;
use crate::report::model::{Report, Run};
use crate::spec::StopRule;
use crate::words::counted;

use super::different::different;

/// Whether training was stopped early, by what, and how often.
pub(super) fn stopping(report: &Report) -> Vec<String> {
    let epochs = different(report, |run| Some(run.spec.epochs.to_string())).unwrap_or_default().join(", ");
    let ways: Vec<String> =
        [by_search(report), by_itself(report), on_request(report), paused(report)].into_iter().flatten().collect();
    if ways.is_empty() {
        return vec![format!("No: a run trains all its epochs ({epochs}), unless its loss is no number.")];
    }
    let stopped = report.runs.iter().filter(|run| run.stopped_because.is_some()).count();
    let all = counted(report.runs.len(), "run");
    let mut said = vec![if stopped == 0 {
        format!("It could have been; none of {all} was.")
    } else {
        format!("Yes: {stopped} of {all}.")
    }];
    said.extend(ways);
    said.push(format!("All others train all their epochs ({epochs}), unless their loss is no number."));
    said.extend(further(report));
    said
}

/// Runs that are stopped for this reason.
fn stopped(report: &Report, because: StopReason) -> usize {
    report.runs.iter().filter(|run| run.stopped_because == Some(because)).count()
}

fn by_search(report: &Report) -> Option<String> {
    let rule = match *report.search.as_ref()?.evidence.settings.stop.as_ref()? {
        StopRule::Asha { min_resource, reduction_factor } => format!(
            "successive halving (`asha`): after {}, and {reduction_factor} times as many each time, the best in \
             {reduction_factor} of the samples that have come so far go on",
            counted(min_resource, "epoch")
        ),
        StopRule::Median { startup, warmup, interval } => format!(
            "`median`: after every {} from epoch {warmup} on, a sample stops that is worse than the median of the others there, as \
             soon as {startup} others have come so far",
            if interval == 1 { "epoch".to_string() } else { counted(interval, "epoch") }
        ),
    };
    let runs = counted(stopped(report, StopReason::Pause), "run");
    Some(format!("By the search: {rule}. So far {runs} went no further."))
}

fn by_itself(report: &Report) -> Option<String> {
    let rule = |run: &Run| {
        let rule = run.spec.early_stopping?;
        Some(format!(
            "a run ends after {} in a row without a gain in {} of more than {} over the best one before",
            counted(rule.patience, "evaluation"),
            run.spec.metric_for_best.title().to_lowercase(),
            rule.min_delta
        ))
    };
    let rules = different(report, rule)?;
    let having = report.runs.iter().filter(|run| run.spec.early_stopping.is_some()).count();
    let who = if having == report.runs.len() { "every run".to_string() } else { counted(having, "run") };
    let early = stopped(report, StopReason::EarlyStopping);
    Some(format!(
        "By their own `early_stopping`, which {who} had: {}. It ended {}, whose results count like others.",
        rules.join("; or "),
        counted(early, "run")
    ))
}

fn on_request(report: &Report) -> Option<String> {
    let runs = stopped(report, StopReason::Request);
    (runs > 0).then(|| format!("Because somebody asked for it: {}.", counted(runs, "run")))
}

/// At an epoch that a plan had, without a search that stops.
fn paused(report: &Report) -> Option<String> {
    let searched = report.search.as_ref().is_some_and(|found| found.evidence.settings.stop.is_some());
    let runs = stopped(report, StopReason::Pause);
    (runs > 0 && !searched).then(|| format!("Because they were planned no further: {}.", counted(runs, "run")))
}

/// Runs that went on after they had stopped.
fn further(report: &Report) -> Option<String> {
    let runs = report.runs.iter().filter(|run| run.extended_from.is_some()).count();
    (runs > 0).then(|| {
        format!(
            "Trained further on request after they had stopped, without their early stopping: {}.",
            counted(runs, "run")
        )
    })
}
