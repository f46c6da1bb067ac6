//! How fast each configuration trained, and what it took of the device's memory.

use crate::event::EpochRecord;
use crate::metrics::Summary;
use crate::report::model::{Report, Run};

use super::bars::{self, Bar, Words};
use super::{Chart, DrawError, Looks, axis};

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let speeds: Vec<Bar> = (0..report.configurations.len()).filter_map(|i| speed(report, i)).collect();
    let description = match bars::extremes(report, &speeds, |value| format!("{value:.0}")) {
        Some((fast, _)) if speeds.len() == 1 => {
            format!("Training examples per second, evaluation excluded: {fast}.")
        }
        Some((fast, slow)) => {
            format!("Training examples per second, evaluation excluded. Fastest: {fast}; slowest: {slow}.")
        }
        None => String::new(),
    };
    let words = Words {
        title: "Training throughput",
        remark: "runs of a pack share the device",
        axis: "Training examples per second",
        widest: "100.0k tokens/s · 1000.0 s per epoch",
    };
    let picture = bars::draw(report, looks, speeds, &words)?;
    Ok(picture.map(|picture| Chart::new("throughput", words.title, description, picture)))
}

/// Means over a configuration's runs of their means over epochs.
fn speed(report: &Report, configuration: usize) -> Option<Bar> {
    let runs: Vec<&Run> =
        report.runs_of(&report.configurations[configuration]).filter(|run| !run.epochs.is_empty()).collect();
    let mean =
        |run: &Run, of: fn(&EpochRecord) -> f64| run.epochs.iter().map(of).sum::<f64>() / run.epochs.len() as f64;
    let over_runs =
        |of: fn(&EpochRecord) -> f64| Summary::of(&runs.iter().map(|run| mean(run, of)).collect::<Vec<f64>>());
    let tokens = axis::count(over_runs(|epoch| epoch.tokens_per_second)?.mean);
    let seconds = over_runs(|epoch| epoch.seconds)?.mean;
    Some(Bar {
        configuration,
        value: over_runs(|epoch| epoch.examples_per_second)?,
        note: format!("{tokens} tokens/s · {seconds:.1} s per epoch"),
    })
}

/// Where memory was recorded.
pub(super) fn draw_memory(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let taken: Vec<Bar> = (0..report.configurations.len()).filter_map(|i| memory(report, i)).collect();
    let description = match bars::extremes(report, &taken, |value| format!("{value:.0} MiB")) {
        Some((most, _)) if taken.len() == 1 => format!("Device memory of a run beside the frozen weights: {most}."),
        Some((most, least)) => {
            format!("Device memory of a run beside the frozen weights, which all share. Most: {most}; least: {least}.")
        }
        None => String::new(),
    };
    let words = Words {
        title: "Device memory per run",
        remark: "at most, beside the frozen weights",
        axis: "MiB",
        widest: "100,000 MiB",
    };
    let picture = bars::draw(report, looks, taken, &words)?;
    Ok(picture.map(|picture| Chart::new("memory", words.title, description, picture)))
}

fn memory(report: &Report, configuration: usize) -> Option<Bar> {
    const MEBIBYTE: f64 = 1_048_576.0;
    let runs = report.runs_of(&report.configurations[configuration]);
    let taken: Vec<f64> = runs.filter_map(|run| Some(run.memory? as f64 / MEBIBYTE)).collect();
    let value = Summary::of(&taken)?;
    Some(Bar { configuration, value, note: format!("{:.0} MiB", value.mean) })
}
