use predicates::prelude::*;

use crate::support::{Place, SWEEP};

/// What the program says to bad input, having written nothing.
fn refusal(place: &Place, arguments: &[&str]) -> String {
    let output = place.sweep(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    assert!(!place.exists("results"), "{arguments:?} wrote results");
    place.plain(&output.stderr)
}

#[test]
fn all_problems_of_a_sweep_file_come_at_once() {
    let place = Place::new();
    place.write("little.yaml", &SWEEP.replace("epochs: 2", "epoch: 2").replace("rank: 2", "rank: none"));
    let said = refusal(&place, &["run", "little.yaml"]);
    assert!(said.starts_with("error: little.yaml: 2 problems"), "{said}");
    assert!(said.contains("did you mean `epochs`?"), "{said}");
    assert!(said.contains("base.rank"), "{said}");
}

#[test]
fn what_is_not_there_is_named() {
    let place = Place::new();
    assert!(refusal(&place, &["run", "absent.yaml"]).contains("absent.yaml"));
    let said = refusal(&place, &["run", "little.yaml", "--set", "model=acme/tiny"]);
    assert!(said.contains("acme/tiny") && said.contains("--set model="), "{said}");
    let said = refusal(&place, &["run", "little.yaml", "--set", "dataset.path=nowhere.csv"]);
    assert!(said.contains("nowhere.csv"), "{said}");
    let said = refusal(&place, &["run", "little.yaml", "--devices", "cuda:99"]);
    assert!(said.contains("cuda:99") && said.contains("this machine has"), "{said}");
}

#[test]
fn options_that_fit_nothing_are_refused() {
    let place = Place::new();
    assert!(refusal(&place, &["run", "little.yaml", "--set", "epoch=3"]).contains("epochs"));
    assert!(refusal(&place, &["run", "little.yaml", "--only", "rank=77"]).contains("rank=77"));
    let said = refusal(&place, &["run", "little.yaml", "--devices", "gpu"]);
    assert!(said.contains("is no device"), "{said}");
}

#[test]
fn places_without_results_are_said() {
    let place = Place::new();
    for verb in ["status", "report"] {
        place.sweep(&[verb]).assert().code(2).stderr(predicate::str::contains("results"));
    }
    place.sweep(&["logs", "x"]).assert().code(2).stderr(predicate::str::contains("results"));
}

#[test]
fn the_doctor_says_what_mends_it() {
    let place = Place::new();
    place
        .sweep(&["doctor"])
        .assert()
        .success()
        .stdout(predicate::str::contains("libtorch").and(predicate::str::contains("2.11.0")));
    #[cfg(target_arch = "x86_64")]
    place.sweep(&["doctor"]).env("SWEEP_ISA", "avx2").assert().success().stdout(predicate::str::contains(
        "fp32: AVX2, products in float32; bf16: AVX2, products in float32 of numbers rounded to bfloat16",
    ));
    let mut broken = place.sweep(&["doctor"]);
    broken.env("SWEEP_MINILM", place.path("nowhere"));
    broken.assert().code(1).stdout(predicate::str::is_match("(?s)missing +model .*→ make setup").unwrap());
}
