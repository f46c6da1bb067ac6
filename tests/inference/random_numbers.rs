//! Runs that differ in nothing but where their random numbers come from.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Place, root};

const BASE: &str = "\
base:
  model: MODEL
  dataset: {path: CORPUS, limit: 60, eval: {test_size: 20, seed: 1}}
  target_modules: {layers: all, modules: [query]}
  rank: 2
  lora_alpha: 4
  max_length: 24
  learning_rate: 1e-2
  batch_size: 8
  epochs: 2
";

/// The sweep file `name`.yaml with this after its base.
fn write(place: &Place, name: &str, rest: &str) {
    let model = root().join("tests/fixtures/reference/bert/model");
    let corpus = root().join("sweeps/data/newswire.csv");
    let base = BASE.replace("MODEL", model.to_str().unwrap()).replace("CORPUS", corpus.to_str().unwrap());
    place.write(&format!("{name}.yaml"), &format!("{base}{rest}"));
}

/// Trains `name`.yaml; by label, the adapter and the predictions of each run.
fn trained(place: &Place, name: &str) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    place.output(&["run", &format!("{name}.yaml"), "--devices", "cpu"]);
    let runs = std::fs::read_dir(place.path(&format!("results/{name}/runs"))).unwrap();
    let read = |run: &Path, file: &str| std::fs::read(run.join(file)).unwrap();
    let mut found: Vec<_> = runs
        .map(|run| run.unwrap().path())
        .map(|run| {
            let record: serde_json::Value = serde_json::from_slice(&read(&run, "run.json")).unwrap();
            let label = record["run"]["label"].as_str().unwrap().to_owned();
            (label, read(&run, "adapter/adapter_model.safetensors"), read(&run, "predictions.csv"))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn sides_with_other_random_numbers_differ_and_the_same_random_numbers_give_the_same_run() {
    let place = Place::new();
    let own = "seed + 1000";
    let rest = format!(
        "ablate:\n  again: [{{init_seed: {own}, order_seed: {own}, dropout_seed: {own}}}]\n  init_seed: [{own}]\n  \
         order_seed: [{own}]\n  dropout_seed: [{own}]\nseeds: [1]\n"
    );
    write(&place, "apart", &rest);
    let apart = trained(&place, "apart");
    let labels: Vec<&str> = apart.iter().map(|(label, ..)| label.as_str()).collect();
    assert_eq!(
        labels,
        ["again=seed + 1000", "base", "dropout_seed=seed + 1000", "init_seed=seed + 1000", "order_seed=seed + 1000"]
    );
    let adapters: BTreeSet<&Vec<u8>> = apart.iter().map(|(_, adapter, _)| adapter).collect();
    assert_eq!(adapters.len(), 5, "each source alone makes another run");

    write(&place, "whole", "seeds: [1, 1001]\n");
    let whole = trained(&place, "whole");
    let same = |one: usize, other: usize| (&apart[one].1, &apart[one].2) == (&whole[other].1, &whole[other].2);
    assert!(same(1, 0), "nothing set apart: the run of seed 1");
    assert!(same(0, 1), "everything set apart: to the last bit the run of seed 1001");

    write(&place, "spelled", "ablate: {again: {init_seed: seed, order_seed: 1, dropout_seed: seed + 0}}\nseeds: [1]\n");
    let spelled = trained(&place, "spelled");
    assert_eq!((spelled.len(), &spelled[0]), (1, &apart[1]), "base in other words is base");
}

#[test]
fn each_seed_can_hold_out_other_rows() {
    let place = Place::new();
    write(&place, "splits", "ablate: {rank: [4]}\nseeds: [1, 2]\n");
    let text = std::fs::read_to_string(place.path("splits.yaml")).unwrap();
    place.write("splits.yaml", &text.replace("  rank: 2\n", "  rank: 2\n  split_seed: seed\n"));
    let runs = trained(&place, "splits");
    let rows = |predictions: &[u8]| -> Vec<String> {
        let text = String::from_utf8(predictions.to_vec()).unwrap();
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
    };
    let [base_1, base_2, rank_1, rank_2] = [0, 1, 2, 3].map(|run| rows(&runs[run].2));
    assert_eq!((&base_1, &base_2), (&rank_1, &rank_2), "both sides of a comparison hold out the same");
    assert_ne!(base_1, base_2);
    let shown = place.output(&["run", "splits.yaml", "--dry-run"]);
    for seed in [1, 2] {
        assert!(shown.contains(&format!("newswire.csv with split_seed {seed}: 40 training and 20")), "{shown}");
    }
    let report = place.output(&["report", "results/splits"]);
    assert!(report.contains("splits: "), "{report}");
    let compared = place.output(&["compare", "splits/rank=4", "splits/base"]);
    assert!(compared.contains("2 pairs of runs"), "{compared}");
}

#[test]
fn nonsense_is_refused() {
    let place = Place::new();
    write(&place, "wrong", "ablate: {dropuot_seed: [1]}\nseeds: [1, 2]\n");
    assert!(place.refusal(&["run", "wrong.yaml"]).contains("did you mean `dropout_seed`?"));
    write(&place, "wrong", "ablate: {dropout_seed: [seed - 1]}\nseeds: [1, 2]\n");
    let said = place.refusal(&["run", "wrong.yaml"]);
    assert!(said.contains("relative to the run's seed (`seed`, `seed + 1000`), found text `seed - 1`"), "{said}");
    let said = place.refusal(&["run", "wrong.yaml", "--set", "split_seed=seed +"]);
    assert!(said.contains("--set split_seed: must be a whole number"), "{said}");
}
