//! Which epoch was chosen by what, and how results vary.

use std::collections::BTreeSet;

use crate::report::model::{Report, Run};
use crate::report::tables;
use crate::spec::Metric;
use crate::words::counted;

use super::different::different;
use super::item::Item;

pub(super) fn selection(report: &Report) -> Vec<Item> {
    vec![
        Item::said("How was the epoch of a run chosen?", epoch(report)),
        Item::said("On which examples are results given?", examples(report)),
        Item::said(
            "Was training stopped early?",
            vec![format!(
                "No: a run trains all its epochs ({}), unless its loss is no number.",
                different(report, |run| Some(run.spec.epochs.to_string())).unwrap_or_default().join(", ")
            )],
        ),
    ]
}

fn epoch(report: &Report) -> Vec<String> {
    let metrics: BTreeSet<Metric> = report.runs.iter().map(|run| run.spec.metric_for_best).collect();
    let rule = |name: &Metric| {
        let best = if !name.lower_is_better() { "highest" } else { "lowest" };
        format!("{best} {}", name.title().to_lowercase())
    };
    let rules: Vec<String> = metrics.iter().map(rule).collect();
    let mut said = vec![format!(
        "The one with the {} on the evaluation examples, the earliest of equals (`metric_for_best`).",
        rules.join(" or the ")
    )];
    let chosen: Vec<f64> = report
        .runs
        .iter()
        .filter(|run| run.ended_by_itself())
        .filter_map(|run| Some(run.best_epoch()?.epoch as f64))
        .collect();
    if let Some(summary) = crate::metrics::Summary::of(&chosen) {
        said.push(format!(
            "Chosen in {}: epoch {} to {}.",
            report.ended_runs_in_words(chosen.len()),
            summary.min,
            summary.max
        ));
    }
    said
}

fn examples(report: &Report) -> Vec<String> {
    let tested = report.runs.iter().filter(|run| run.spec.dataset.test.is_some()).count();
    let chosen =
        "figures on the evaluation examples at the best epoch are somewhat too good, and more so with more epochs";
    if tested == 0 {
        return vec![format!(
            "On the evaluation examples, which also chose the epoch. No test part was set aside, so {chosen}."
        )];
    }
    let who = if tested == report.runs.len() { "Every run".to_string() } else { counted(tested, "run") };
    let verb = if tested == 1 || tested == report.runs.len() { "has" } else { "have" };
    vec![
        format!("{who} {verb} a test part that chooses nothing; a run is judged on it once, when it is over."),
        format!("The evaluation examples choose the epoch: {chosen}."),
    ]
}

pub(super) fn items(report: &Report) -> Vec<Item> {
    vec![
        Item::said(
            "Which measures of central tendency and variation are given?",
            vec![
                "Mean over seeds, ± the sample standard deviation over seeds (n − 1).".to_string(),
                format!(
                    "95 % interval of the mean accuracy: over {}s (Wilson) and over seeds (Student's t).",
                    report.judged_example()
                ),
            ],
        ),
        Item::table(
            "What are they?",
            &[
                "Configuration",
                if report.runs.iter().any(Run::ended_early) { "Ended runs" } else { "Completed runs" },
                "Accuracy (%)",
                "95 % interval (%)",
                "F1 (%)",
                report.judged_title(Metric::EVAL_LOSS),
            ],
            table(report),
        ),
        Item::said("Which tests were made?", tests(report)),
    ]
}

fn table(report: &Report) -> Vec<Vec<String>> {
    let cell = |row: &tables::Row<'_>, name| {
        row.spread(name).map_or("–".to_string(), |spread| tables::mean_and_deviation(name, spread, " ± "))
    };
    tables::rows(report)
        .iter()
        .map(|row| {
            let interval = row.interval().map(|i| format!("{:.1} to {:.1}", i.low * 100.0, i.high * 100.0));
            vec![
                row.configuration.name.clone(),
                format!("{} of {}", row.ended, row.planned),
                cell(row, Metric::ACCURACY),
                interval.unwrap_or_else(|| "–".to_string()),
                cell(row, Metric::F1),
                cell(row, Metric::EVAL_LOSS),
            ]
        })
        .collect()
}

fn tests(report: &Report) -> Vec<String> {
    if report.hypotheses.is_empty() && report.observed.is_empty() {
        return vec!["None: the sweep file states no hypothesis.".to_string()];
    }
    let mut said = Vec::new();
    if !report.hypotheses.is_empty() {
        said.push(format!(
            "{}, each stated in the sweep file with its metric, direction and margin. Runs are paired by seed, at the best \
             and the last epoch also by {}. p-values are corrected by Holm across the hypotheses.",
            counted(report.hypotheses.len(), "hypothesis"),
            report.judged_example()
        ));
    }
    if !report.observed.is_empty() {
        said.push(format!(
            "{} about the runs of one configuration, corrected by Holm among themselves.",
            counted(report.observed.len(), "statement")
        ));
    }
    said.push("The report's page has every verdict with its effect, interval and p-value.".to_string());
    said
}
