//! On what it was computed, how long it took, and with which programs.

use crate::event::StopReason;
use crate::metrics::Summary;
use crate::report::model::{Report, Run};
use crate::store::Machine;
use crate::words::counted;

use super::different::different;
use super::item::{Answer, Item};

pub(super) fn items(report: &Report) -> Vec<Item> {
    vec![
        Item::recorded(
            "Which devices?",
            different(report, |run| run.device.clone()).map(|devices| format!("{}.", devices.join(", "))),
            "the device; no run has started",
        ),
        hardware(report),
        Item::recorded("How long did a run take?", per_run(report), "the time of a run; none is completed"),
        Item::recorded("How long did all take?", in_all(report), "the time in all; no epoch is recorded"),
        Item::recorded("How much memory did a run take?", memory(report), "memory; no pack has left its record"),
        Item::unknown(
            "What else was spent?",
            "energy and its carbon footprint, and computation outside this sweep (preliminary and failed experiments)",
        ),
    ]
}

fn hardware(report: &Report) -> Item {
    let machine = |run: &Run| run.versions.as_ref()?.machine.as_ref().map(in_words);
    let otherwise = "processor, threads and instruction set; the runs were begun by a version that did not record them, or \
                     not begun";
    let found = different(report, machine).map(|machines| format!("{}.", machines.join("; ")));
    Item::recorded("Which hardware?", found, otherwise)
}

/// `Example 9000, 2 threads, AVX-512; GPU: NVIDIA H200`
fn in_words(machine: &Machine) -> String {
    let mut parts = vec![machine.processor.clone().unwrap_or_else(|| "a processor without a name".to_string())];
    parts.extend(machine.threads.map(|threads| counted(threads, "thread")));
    parts.extend(machine.instructions.clone());
    let mut text = parts.join(", ");
    if let Some(gpu) = &machine.gpu {
        text.push_str(&format!(", GPU: {gpu}"));
    }
    text
}

fn seconds(run: &Run) -> f64 {
    run.epochs.iter().map(|epoch| epoch.seconds).sum()
}

fn per_run(report: &Report) -> Option<String> {
    let all: Vec<f64> = report.runs.iter().filter(|run| run.ended_by_itself()).map(seconds).collect();
    let Summary { mean, min, max, count, .. } = Summary::of(&all)?;
    let range = if count > 1 { format!(" ({} to {})", duration(min), duration(max)) } else { String::new() };
    Some(format!(
        "{} on average over {}{range}, evaluation after each epoch included. Runs of a pack train at the same time on one \
         device: their times overlap.",
        duration(mean),
        report.ended_runs_in_words(count)
    ))
}

fn in_all(report: &Report) -> Option<String> {
    let busy = report.device_seconds.filter(|seconds| *seconds > 0.0)?;
    Some(format!("Devices trained and evaluated for {} together, packs counted once.", duration(busy)))
}

fn memory(report: &Report) -> Option<String> {
    let most = report.runs.iter().filter_map(|run| run.memory).max()?;
    Some(format!(
        "At most {:.0} MiB beside the frozen weights, which the runs of a pack share.",
        most as f64 / 1_048_576.0
    ))
}

/// `49 s`, `12 min 3 s`, `3 h 10 min`.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

pub(super) fn programs(report: &Report) -> Vec<Item> {
    let version = |of: fn(&crate::store::Versions) -> Option<String>| {
        different(report, |run| of(run.versions.as_ref()?)).map(|versions| versions.join(", "))
    };
    let mut items = vec![
        Item::recorded("Which version of this program?", version(|v| Some(v.sweep.clone())), "it; no run has started"),
        Item::recorded("Which version of libtorch?", version(|v| v.libtorch.clone()), "the version of libtorch"),
        Item::recorded(
            "Which commit of the folder that it was started in?",
            version(|v| v.git_commit.clone()),
            "a commit; the folder was no repository, or no run has started",
        ),
    ];
    if report.command.is_empty() {
        items.push(Item::unknown("How is it done again?", "the command"));
    } else {
        let command = crate::report::command::shell(&report.command);
        items.push(Item { question: "How is it done again?", answer: Answer::Command(command) });
        items.extend(asked(report));
        items.push(Item::said(
            "With which file?",
            vec!["`sweep.yaml` in the results folder: the sweep file as run, byte for byte.".to_string()],
        ));
    }
    items
}

/// What the command does not do.
fn asked(report: &Report) -> Option<Item> {
    let stopped = report.runs.iter().filter(|run| run.stopped_because == Some(StopReason::Request)).count();
    let extended = report.runs.iter().filter(|run| run.extended_from.is_some()).count();
    (stopped + extended > 0).then(|| {
        let (stopped, extended) = (counted(stopped, "run"), counted(extended, "run"));
        Item::said(
            "What was asked of it beside this command?",
            vec![format!("To stop {stopped} (that are still stopped), and to train {extended} further.")],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_machines_in_words() {
        assert_eq!([0.4, 49.0, 723.2, 11_423.0].map(duration), ["0 s", "49 s", "12 min 3 s", "3 h 10 min"]);
        let machine = Machine {
            processor: Some("Example 9000".to_string()),
            instructions: Some("AVX-512".to_string()),
            threads: Some(2),
            gpu: None,
        };
        assert_eq!(in_words(&machine), "Example 9000, 2 threads, AVX-512");
        let gpu = Machine { gpu: Some("NVIDIA H200".to_string()), ..machine };
        assert_eq!(in_words(&gpu), "Example 9000, 2 threads, AVX-512, GPU: NVIDIA H200");
    }
}
