//! The sweeps that ship with the program.

use std::path::Path;

use sweep::spec::{Against, Sweep, SweepFile};

use crate::support::FakeFacts;

fn shipped(name: &str) -> Sweep {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps").join(name);
    let file = SweepFile::read(&path).unwrap_or_else(|errors| panic!("{errors}"));
    file.resolve(&FakeFacts::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Everything of a sweep that names its results.
fn summary(sweep: &Sweep) -> String {
    let mut text = format!("{}: {} runs, baseline {:?}\n\n", sweep.name, sweep.runs.len(), sweep.baseline);
    for run in &sweep.runs {
        text.push_str(&format!("{}  {}\n", run.id, run.label));
    }
    text.push_str("\nhypotheses\n");
    for hypothesis in &sweep.hypotheses {
        let vary = &hypothesis.vary;
        let margin = hypothesis.margin.map_or(String::new(), |margin| format!(" (margin {margin})"));
        text.push_str(&format!(
            "{}: {} of {:?} than of {:?}: {}{margin}\n",
            hypothesis.id,
            hypothesis.metric,
            vary.treatments,
            vary.baseline,
            hypothesis.expect.name()
        ));
    }
    if !sweep.observations.is_empty() {
        text.push_str("\nobservations\n");
    }
    for observation in &sweep.observations {
        let against = match &observation.against {
            Against::Value(value) => value.to_string(),
            Against::Quantity(quantity) => quantity.to_string(),
        };
        let margin = observation.margin.map_or(String::new(), |margin| format!(" (margin {margin})"));
        let (observe, expect) = (&observation.observe, observation.expect.name());
        text.push_str(&format!("{}: {observe} {expect} {against}{margin}\n", observation.id));
    }
    text.push_str("\nreference\n");
    for figure in &sweep.reference {
        text.push_str(&format!("{} {} {:?} {}\n", figure.source, figure.metric, figure.epoch, figure.value));
    }
    text
}

#[test]
fn quickstart() {
    insta::assert_snapshot!(summary(&shipped("quickstart.yaml")));
}

#[test]
fn ablation_settled() {
    insta::assert_snapshot!(summary(&shipped("ablation-settled.yaml")));
}

#[test]
fn ablation() {
    insta::assert_snapshot!(summary(&shipped("ablation.yaml")));
}

/// The ablation spells out the defaults: its base is the recipe that a file without a base means.
#[test]
fn the_ablations_base_is_the_default() {
    let ablation = shipped("ablation.yaml");
    let empty = crate::support::sweep("{}");
    assert_eq!(empty.runs.len(), 1);
    assert_eq!(ablation.runs[0].id, empty.runs[0].id);
    assert_eq!(ablation.runs[0].spec, empty.runs[0].spec);
}

#[test]
fn the_papers_recipe() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&crate::support::sweep("{}").runs[0].spec).unwrap());
}

/// Every shipped sweep is covered here: a new file must get its own snapshot.
#[test]
fn no_sweep_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut sweeps: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    sweeps.sort();
    assert_eq!(sweeps, ["ablation-settled.yaml", "ablation.yaml", "quickstart.yaml", "search.yaml"]);
}
