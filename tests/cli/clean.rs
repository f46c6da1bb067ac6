//! `sweep clean`: what nothing needs any more, and nothing else.

use std::time::{Duration, SystemTime};

use crate::support::{Place, SWEEP};

#[track_caller]
fn said(place: &Place, arguments: &[&str]) -> String {
    let output = place.sweep_mock(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", place.plain(&output.stderr), place.plain(&output.stdout));
    place.plain(&output.stdout)
}

/// The folder of a run by its label.
fn folder(place: &Place, label: &str) -> String {
    let plan = std::fs::read_to_string(place.path("results/little/sweep.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let runs = plan["runs"].as_array().unwrap();
    let run = runs.iter().find(|run| run["label"] == label).unwrap();
    format!("results/little/runs/{}", run["id"].as_str().unwrap())
}

fn packs(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path("results/little/packs")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_nothing_needs_is_listed_and_removed_where_that_is_asked_for() {
    let place = Place::new();
    place.mock(&[]).assert().success();
    assert_eq!(said(&place, &["clean"]), "Nothing is left over.");
    // A worker was killed just before it cleared its pack; another one while it wrote; and a run left the sweep file.
    let pack = format!("results/little/packs/{}", packs(&place)[0]);
    place.write(&format!("{pack}/checkpoint-0.bin"), &"x".repeat(2048));
    let kept = folder(&place, "base, seed=1");
    let gone = folder(&place, "rank=4, seed=2");
    for name in [".result.json.1.tmp", ".young.2.tmp"] {
        place.write(&format!("{kept}/{name}"), "{");
    }
    let old = std::fs::File::options().write(true).open(place.path(&format!("{kept}/.result.json.1.tmp"))).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(7200)).unwrap();
    place.write("little.yaml", &SWEEP.replace("  rank: [4]\n", ""));
    place.mock(&[]).assert().success();
    let before = place.files("results");
    let listed = said(&place, &["clean", "results"]);
    for line in [
        "checkpoints of a pack whose runs have ended",
        "run that is no longer in the sweep file",
        "rank=4, seed=2",
        "half-written file",
        "4 things, ",
        "`sweep clean results --yes` does it",
    ] {
        assert!(listed.contains(line), "no `{line}`: {listed}");
    }
    assert_eq!(place.files("results"), before, "listing removes nothing");
    let report = |place: &Place| {
        place.sweep_mock(&["report", "results/little", "--out", "reports"]).assert().success();
    };
    report(&place);
    let removed = said(&place, &["clean", "results", "--yes"]);
    assert!(removed.contains("4 things removed, ") && removed.contains(" freed."), "{removed}");
    assert!(!place.exists(&gone) && place.exists(&kept) && place.exists(&format!("{kept}/.young.2.tmp")));
    assert!(!place.exists(&format!("{pack}/checkpoint-0.bin")));
    assert_eq!(said(&place, &["clean", "results"]), "Nothing is left over.");
    // What remains is whole, and the removed run can come back.
    report(&place);
    place.mock(&[]).assert().success();
    place.write("little.yaml", SWEEP);
    place.mock(&[]).assert().success();
    assert!(place.exists(&format!("{gone}/result.json")));
}

#[test]
fn what_an_open_run_needs_is_kept() {
    let place = Place::new();
    place.mock(&[]).assert().success();
    // All packs are open again: a run of each lost its result.
    let open = folder(&place, "base, seed=1");
    let gone = folder(&place, "rank=4, seed=1");
    for pack in packs(&place) {
        place.write(&format!("results/little/packs/{pack}/checkpoint-1.bin"), "x");
    }
    let others = ["base, seed=1", "base, seed=2", "rank=4, seed=2", "learning_rate=0.001, seed=1"];
    for label in others.into_iter().chain(["learning_rate=0.001, seed=2"]) {
        std::fs::remove_file(place.path(&folder(&place, label)).join("result.json")).unwrap();
    }
    // The plan says that the run is gone.
    let plan = std::fs::read_to_string(place.path("results/little/sweep.json")).unwrap();
    let mut plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let runs = plan["runs"].as_array_mut().unwrap();
    let run = runs.iter_mut().find(|run| gone.ends_with(run["id"].as_str().unwrap())).unwrap();
    run["removed"] = true.into();
    place.write("results/little/sweep.json", &serde_json::to_string(&plan).unwrap());
    let before = place.files("results");
    said(&place, &["clean", "results/little", "--yes", "--stopped"]);
    let after = place.files("results");
    for needed in [&open, &gone] {
        assert!(place.exists(needed), "{needed}");
    }
    let checkpoints = |files: &[String]| files.iter().filter(|file| file.contains("checkpoint")).count();
    assert_eq!(checkpoints(&after), checkpoints(&before), "{after:?}");
}

#[test]
fn folders_without_results_are_told() {
    let place = Place::new();
    let output = place.sweep(&["clean", "model"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(place.plain(&output.stderr).contains("model: no results here"));
}
