//! `--only`.

use sweep::spec::{Sweep, select};

use crate::support::sweep;

fn grid() -> Sweep {
    sweep(
        "ablate: {lora_dropout: [0.1, 0.2], dropout: [{hidden_dropout: 0.1, attention_dropout: 0.1}]}\ngrid: {rank: [1, 16], epochs: [5, 8]}\nseeds: [1, 2]",
    )
}

fn chosen(patterns: &[&str]) -> Vec<String> {
    let sweep = grid();
    let ids = select(&sweep, patterns).unwrap();
    let label = |id| sweep.runs.iter().find(|run| run.id == id).unwrap().label.clone();
    ids.into_iter().map(label).collect()
}

#[test]
fn parts_of_labels() {
    assert_eq!(chosen(&["base"]), ["base, seed=1", "base, seed=2"]);
    assert_eq!(chosen(&["lora"]).len(), 4);
}

#[test]
fn wildcards_match_whole_labels() {
    assert_eq!(
        chosen(&["lora_dropout=*, seed=2"]),
        ["lora_dropout=0.1, seed=2", "lora_dropout=0.2, seed=2"].map(String::from)
    );
    assert_eq!(chosen(&["b?se"]), ["base, seed=1", "base, seed=2"]);
}

#[test]
fn conditions_compare_values_not_texts() {
    assert_eq!(
        chosen(&["rank=1"]),
        [
            "rank=1, epochs=5, seed=1",
            "rank=1, epochs=5, seed=2",
            "rank=1, epochs=8, seed=1",
            "rank=1, epochs=8, seed=2"
        ]
    );
    assert_eq!(chosen(&["rank=16,epochs=8,seed=1"]), ["rank=16, epochs=8, seed=1"]);
    assert_eq!(chosen(&["lora_dropout=1e-1"]).len(), 2);
    assert_eq!(chosen(&["hidden_dropout=0.1"]), ["dropout=0.1, seed=1", "dropout=0.1, seed=2"]);
    assert_eq!(chosen(&["model=*roberta*, seed=1"]).len(), 7);
    assert_eq!(chosen(&["target_modules=*layer.11*"]).len(), 14);
    assert_eq!(chosen(&["dataset=fancyzhx/ag_news"]).len(), 14);
}

#[test]
fn named_changes_match_as_the_label_has_them() {
    assert_eq!(chosen(&["dropout=0.1"]), ["dropout=0.1, seed=1", "dropout=0.1, seed=2"]);
    assert_eq!(chosen(&["dropout=0.1, seed=2"]), ["dropout=0.1, seed=2"]);
}

#[test]
fn beginnings_of_ids() {
    let sweep = grid();
    let id = &sweep.runs[3].id;
    assert_eq!(select(&sweep, &[&id.0[..8]]).unwrap(), [id.clone()]);
}

#[test]
fn patterns_add_up_in_the_order_of_the_sweep() {
    assert_eq!(
        chosen(&["lora_dropout=0.2, seed=1", "base, seed=1", "base, seed=1"]),
        ["base, seed=1", "lora_dropout=0.2, seed=1"]
    );
    assert!(chosen(&[]).is_empty());
}

#[test]
fn a_pattern_without_runs_is_an_error() {
    let message = |pattern: &str| select(&grid(), &[pattern]).unwrap_err().to_string();
    assert_eq!(
        message("bsae"),
        "--only `bsae`: matches no run; did you mean `base`? (labels: `base`, `lora_dropout=0.1`, `lora_dropout=0.2`, `dropout=0.1`, `rank=1, epochs=5`, `rank=1, epochs=8`, `rank=16, epochs=8`)"
    );
    assert!(message("lora_droput=0.1").contains("did you mean `lora_dropout`?"));
    assert!(message("rank=2").starts_with("--only `rank=2`: matches no run"));
    assert!(message("").contains("matches no run"));
}
