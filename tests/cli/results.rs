use predicates::prelude::*;
use serde_json::Value;

use crate::support::Place;

/// A folder with a sweep in which one run failed.
fn place() -> Place {
    let place = Place::new();
    place.mock(&["--mock-fault", "fail@2@base, seed=2"]).assert().code(1);
    place
}

#[test]
fn status_says_where_runs_stand() {
    let place = place();
    let output = place.sweep(&["status"]).output().unwrap();
    assert!(output.status.success());
    insta::assert_snapshot!(place.plain(&output.stdout));
}

#[test]
fn status_names_a_run_that_was_stopped() {
    let place = Place::new();
    let early = ["--set", "epochs=4", "--set", "early_stopping={patience: 1, min_delta: 0.9}"];
    place.mock(&early).assert().success();
    let output = place.sweep(&["status"]).output().unwrap();
    assert!(place.plain(&output.stdout).contains("6 runs: 6 stopped"), "{}", place.plain(&output.stdout));
    // They are not trained any further, and that is well.
    place.mock(&early).assert().success().stdout(predicate::str::contains("stopped"));
}

#[test]
fn status_for_programs() {
    let place = place();
    let output = place.sweep(&["status", "results/little", "--json"]).output().unwrap();
    let sweeps: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sweeps[0]["name"], "little");
    let runs = sweeps[0]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 6);
    let failed: Vec<&Value> = runs.iter().filter(|run| run["state"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["label"], "base, seed=2");
    assert!(failed[0]["reason"].as_str().unwrap().contains("told to fail"));
    // The mock takes 64 MiB for every run.
    assert!(runs.iter().all(|run| run["memory"] == 64 << 20));
    assert!(runs.iter().all(|run| run["state"] == "failed" || run["accuracy"].as_f64().unwrap() > 0.25));
}

#[test]
fn a_log_is_found_by_label_id_and_folder() {
    let place = place();
    let shown = place.sweep(&["logs", "base, seed=2"]).output().unwrap();
    let text = place.plain(&shown.stdout);
    assert!(text.starts_with("base, seed=2 ["), "{text}");
    assert!(text.contains("told to fail"), "{text}");
    let id = text.split(['[', ']']).nth(1).unwrap().to_string();
    for name in [&id[..], &id[..7], &format!("results/little/runs/{id}/")] {
        let same = place.sweep(&["logs", name]).output().unwrap();
        assert_eq!(place.plain(&same.stdout), text, "{name}");
    }
    place.sweep(&["logs", "base, seed=9"]).assert().code(2).stderr(predicate::str::contains("no run `base, seed=9`"));
    // Every id begins with nothing.
    place.sweep(&["logs", ""]).assert().code(2).stderr(predicate::str::contains("is several runs"));
}

#[test]
fn a_pipe_that_closes_early_is_no_error() {
    let place = place();
    let program = assert_cmd::cargo::cargo_bin("sweep");
    let script = format!("'{}' status --json | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}", program.display());
    let mut command = std::process::Command::new("bash");
    let output = command.args(["-c", &script]).current_dir(place.path("")).envs(place.environment()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "0");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_report_is_made_of_results() {
    let place = place();
    place.sweep(&["report", "results/little"]).assert().success().stdout(predicate::str::contains("reports/little"));
    let files = place.files("reports/little");
    assert!(files.iter().any(|file| file.ends_with(".png")), "{files:?}");
    assert!(files.contains(&"summary.csv".to_string()), "{files:?}");
}

#[test]
fn two_configurations_are_compared() {
    let place = place();
    let compared = place.sweep(&["compare", "rank=4", "learning_rate=0.001"]).assert().success();
    compared.stdout(predicate::str::contains("accuracy").and(predicate::str::contains("2 pairs")));
    place.sweep(&["compare", "rank=4", "rank=5"]).assert().code(2).stderr(predicate::str::contains("rank=5"));
}
