//! What nobody claimed beforehand: differences from the baseline, and figures across data sets.

use crate::report::differences::{self, HEADINGS};
use crate::report::model::Report;
use crate::report::several_data_sets::{self, Across};

use super::escape::escape;

/// Columns: configuration; accuracy at the best epoch minus the baseline's (shares of 1) with its 95 % interval; p-value, and q
/// after Benjamini and Hochberg's correction; the probability that a run is better than one of the baseline, with its 95 %
/// interval; seeds. Empty where unknown. None without differences.
pub(crate) fn differences_csv(report: &Report) -> Option<Vec<u8>> {
    let differences = differences::of(report);
    if differences.is_empty() {
        return None;
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header =
        ["configuration", "difference", "low_95", "high_95", "p", "q_bh", "better", "better_low_95", "better_high_95"];
    // Writing to memory cannot fail, and every record has as many fields as the header.
    writer.write_record(header.iter().chain(&["seeds"])).ok();
    for one in &differences {
        let better = one.improvement.and_then(|improvement| improvement.interval);
        let fields = [
            one.configuration.name.clone(),
            one.effect.estimate.to_string(),
            shown(one.interval.map(|interval| interval.low)),
            shown(one.interval.map(|interval| interval.high)),
            shown(one.p_value),
            shown(one.q_value),
            shown(one.improvement.map(|improvement| improvement.probability)),
            shown(better.map(|interval| interval.low)),
            shown(better.map(|interval| interval.high)),
            one.effect.seeds.to_string(),
        ];
        writer.write_record(fields).ok();
    }
    writer.into_inner().ok()
}

/// Columns: method, accuracy, and the share of runs (averaged over data sets) with more: the performance profile. None for a sweep
/// with one data set.
pub(crate) fn profile_csv(report: &Report) -> Option<Vec<u8>> {
    let across = several_data_sets::across(report)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    // As above.
    writer.write_record(["method", "accuracy", "share_above"]).ok();
    for method in &across.methods {
        for (accuracy, share) in &method.profile {
            writer.write_record([method.name.clone(), accuracy.to_string(), share.to_string()]).ok();
        }
    }
    writer.into_inner().ok()
}

/// Both parts of `summary.md`; empty where there is nothing to compare.
pub(super) fn markdown(report: &Report) -> String {
    let differences = differences::of(report);
    let mut text = String::new();
    if !differences.is_empty() {
        text.push_str(&format!("\n## Differences from the baseline\n\n{}\n\n", differences::NOTE));
        text.push_str(&format!(
            "| Configuration | {} |\n|:--|{}\n",
            HEADINGS.join(" | "),
            "--:|".repeat(HEADINGS.len())
        ));
        for one in &differences {
            let cells = one.cells().map(|cell| escape(&cell));
            text.push_str(&format!("| {} | {} |\n", escape(&one.configuration.name), cells.join(" | ")));
        }
    }
    text.push_str(&several_data_sets::across(report).map_or(String::new(), |across| markdown_across(&across)));
    text
}

fn markdown_across(across: &Across) -> String {
    let data_sets: Vec<String> = across.data_sets.iter().map(|name| escape(name)).collect();
    let mut text = format!(
        "\n## Across data sets\n\nOn {}. {} The performance profile is in `profile.csv`.\n\n\
         | Configuration | Runs | Interquartile mean | 95 % interval |\n|:--|--:|--:|--:|\n",
        data_sets.join(", "),
        several_data_sets::NOTE
    );
    for method in &across.methods {
        let [mean, interval] = method.cells();
        text.push_str(&format!("| {} | {} | {mean} | {interval} |\n", escape(&method.name), method.runs));
    }
    text
}

/// Empty where there is none.
fn shown(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
