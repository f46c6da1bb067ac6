//! Which epoch was chosen by what, and how results vary.

use std::collections::BTreeSet;

use crate::report::model::{Report, Run};
use crate::report::{differences, tables};
use crate::spec::Metric;
use crate::words::counted;

use super::item::Item;
use super::searched;
use super::stopping::stopping;

pub(super) fn selection(report: &Report) -> Vec<Item> {
    vec![
        Item::said("How was the epoch of a run chosen?", epoch(report)),
        Item::said("On which examples are results given?", examples(report)),
        Item::said("Was training stopped early?", stopping(report)),
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
        let also = if report.search.is_some() { "the epoch and the best samples of the search" } else { "the epoch" };
        return vec![format!(
            "On the evaluation examples, which also chose {also}. No test part was set aside, so {chosen}."
        )];
    }
    let who = if tested == report.runs.len() { "Every run".to_string() } else { counted(tested, "run") };
    let verb = if tested == 1 || tested == report.runs.len() { "has" } else { "have" };
    let mut said = vec![
        format!("{who} {verb} a test part that chooses nothing; a run is judged on it when it is over."),
        format!("The evaluation examples choose the epoch: {chosen}."),
    ];
    if report.search.is_some() {
        said.push("They also chose the best samples of the search, whose own means are of them.".to_string());
    }
    said
}

pub(super) fn items(report: &Report) -> Vec<Item> {
    vec![
        Item::said("Which measures of central tendency and variation are given?", measures(report)),
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

fn measures(report: &Report) -> Vec<String> {
    let mixed = !report.has_test() && report.runs.iter().any(Run::has_test);
    let examples = if mixed {
        "the examples that a run is judged on".to_string()
    } else {
        format!("{}s", report.judged_example())
    };
    let mut said = vec![
        "Mean over seeds, ± the sample standard deviation over seeds (n − 1).".to_string(),
        format!("95 % interval of the mean accuracy: over {examples} (Wilson) and over seeds (Student's t)."),
    ];
    said.extend(tables::note_of_seeds(report).map(str::to_string));
    said
}

fn tests(report: &Report) -> Vec<String> {
    let mut said = Vec::new();
    if !report.hypotheses.is_empty() {
        said.push(format!(
            "{}, each stated in the sweep file with its metric, direction and margin. Runs are paired by seed, at the best \
             and the last epoch also by {}. p-values are corrected by Holm across the hypotheses{}.",
            counted(report.hypotheses.len(), "hypothesis"),
            report.judged_example(),
            if report.looks.is_empty() { "" } else { " and for the declared looks" }
        ));
    }
    if !report.dropped.is_empty() {
        let dropped = counted(report.dropped.len(), "hypothesis");
        said.push(format!("{dropped} that the sweep file does not state any more, counted in the correction."));
    }
    if !report.observed.is_empty() {
        said.push(format!(
            "{} about the runs of one configuration, corrected by Holm among themselves.",
            counted(report.observed.len(), "statement")
        ));
    }
    said.extend(searched::tests(report));
    let explored = differences::of(report).len();
    if explored > 0 {
        said.push(format!(
            "Exploratory, claimed by nobody: {} with the baseline, of accuracy at the best epoch. Where several seeds were compared \
             they have p-values, also after the correction of Benjamini and Hochberg.",
            counted(explored, "comparison")
        ));
    }
    if said.is_empty() {
        return vec!["None: the sweep file states no hypothesis, and nothing was compared.".to_string()];
    }
    if !report.judged.is_empty() || !report.observed.is_empty() {
        said.push("The report's page has every verdict with its effect, interval and p-value.".to_string());
    }
    said
}
