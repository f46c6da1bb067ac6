//! What somebody needs to do the sweep again.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::report::command;
use crate::report::model::{Report, Run};
use crate::report::names;
use crate::spec::RunSpec;

pub(super) fn section(report: &Report) -> Markup {
    let of = |get: &dyn Fn(&Run) -> Option<String>| -> String {
        let values: BTreeSet<String> = report.runs.iter().filter_map(get).collect();
        if values.is_empty() {
            "unknown: no run has started".to_string()
        } else {
            values.into_iter().collect::<Vec<_>>().join(", ")
        }
    };
    let facts = [
        ("Model", names::short(report.runs.iter().map(|run| run.spec.model.as_str())).join(", ")),
        ("Data", names::short(report.runs.iter().map(|run| run.spec.dataset.path.as_str())).join(", ")),
        ("Model contents (blake3)", of(&|run| Some(run.facts.as_ref()?.model_digest.clone()))),
        ("Data contents (blake3)", of(&|run| Some(run.facts.as_ref()?.data_digest.clone()))),
        ("Training examples", of(&|run| Some(run.facts.as_ref()?.train_examples.to_string()))),
        ("Evaluation examples", of(&|run| Some(run.facts.as_ref()?.eval_examples.to_string()))),
        (
            "Test examples",
            of(&|run| Some(run.facts.as_ref()?.test_examples.map_or("none".to_string(), |n| n.to_string()))),
        ),
        ("Devices", of(&|run| run.device.clone())),
        ("Precision", of(&|run| Some(run.spec.precision.name().to_string()))),
        ("Seeds", of(&|run| Some(run.spec.seed.to_string()))),
        ("Seeds of their own", own_seeds(report)),
        ("sweep", of(&|run| Some(run.versions.as_ref()?.sweep.clone()))),
        ("libtorch", of(&|run| run.versions.as_ref()?.libtorch.clone())),
        ("Git commit", of(&|run| run.versions.as_ref()?.git_commit.clone())),
        ("Planned", report.created.clone()),
        ("Plan changed", report.changed.clone()),
    ];
    html! {
        @if !report.command.is_empty() { pre tabindex="0" { code { (command::shell(&report.command)) } } }
        div.scroll tabindex="0" role="region" aria-label="Environment, scrollable" {
            table {
                tbody {
                    @for (name, value) in &facts { tr { th scope="row" { (name) } td { (value) } } }
                }
            }
        }
        p { a href="checklist.html" { "The reproducibility checklist" } " says more: runs, hyperparameters, selection, variation, data, hardware, time." }
        p.muted { "The sweep file as run is " code { "sweep.yaml" } " in the results folder." }
    }
}

/// The sources of variation whose seeds are not the runs' seeds.
fn own_seeds(report: &Report) -> String {
    type Own = fn(&RunSpec) -> bool;
    let any = |own: Own| report.runs.iter().any(|run| own(&run.spec));
    let sources: [(&str, Own); 3] = [
        ("init_seed", |spec| spec.init_seed.is_some()),
        ("order_seed", |spec| spec.order_seed.is_some()),
        ("dropout_seed", |spec| spec.dropout_seed.is_some()),
    ];
    let mut own: Vec<&str> = sources.into_iter().filter(|(_, own)| any(*own)).map(|(name, _)| name).collect();
    let splits: BTreeSet<Option<u64>> = report.runs.iter().map(|run| run.spec.dataset.split_seed()).collect();
    if splits.len() > 1 {
        own.push("split_seed");
    }
    if own.is_empty() { "none".to_string() } else { own.join(", ") }
}
