//! `--notify`: a command hears of runs that fail and of the end, and changes nothing.

use serde_json::Value;

use crate::support::Place;

/// What the command was told, an object each.
fn told(place: &Place) -> Vec<Value> {
    let text = std::fs::read_to_string(place.path("told")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_command_hears_of_failures_and_of_the_end() {
    let place = Place::new();
    let faults = ["--mock-fault", "nan@3@rank=4, seed=1", "--mock-fault", "fail@2@base, seed=2"];
    let notify = ["--notify", "cat >> told; echo \"$SWEEP_EVENT $SWEEP_LABEL $SWEEP_SUMMARY\" >> said"];
    let output = place.mock(&[&faults[..], &notify].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", place.plain(&output.stderr));
    let told = told(&place);
    let events: Vec<&str> = told.iter().map(|told| told["event"].as_str().unwrap()).collect();
    assert!(events.contains(&"failed") && events.contains(&"diverged") && events.last() == Some(&"end"), "{told:?}");
    let failed = told.iter().find(|told| told["event"] == "failed").unwrap();
    assert_eq!((&failed["sweep"], &failed["label"]), (&"little".into(), &"base, seed=2".into()));
    assert!(failed["reason"].as_str().unwrap().contains("the mock was told to fail"), "{failed}");
    let end = told.last().unwrap();
    assert_eq!((&end["exit_code"], &end["runs"]["completed"]), (&1.into(), &4.into()));
    assert_eq!(end["best"]["metric"], "accuracy");
    let said = std::fs::read_to_string(place.path("said")).unwrap();
    assert!(said.ends_with("end  6 runs: 4 completed, 1 failed, 1 diverged\n"), "{said}");
}

#[test]
fn a_command_that_fails_is_told_once_and_changes_nothing() {
    let place = Place::new();
    let output = place.mock(&["--notify", "exit 7"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = place.plain(&output.stderr);
    assert!(said.contains("--notify: the command failed 1 time: exit status: 7"), "{said}");
    assert!(place.plain(&output.stdout).contains("Best run: rank=4, seed=1, accuracy 89.38 % in epoch 2"));
    assert_eq!(place.mock(&["--notify", "true", "--dry-run"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn a_command_hears_that_the_tables_could_not_be_written() {
    let place = Place::new();
    // A folder where the table belongs: it cannot be replaced by a file.
    std::fs::create_dir_all(place.path("results/little/metrics.csv/kept")).unwrap();
    let output = place.mock(&["--notify", "cat >> told"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", place.plain(&output.stderr));
    let told = told(&place);
    let end = told.last().expect("the end is told");
    assert_eq!((&end["event"], &end["exit_code"]), (&"end".into(), &1.into()));
    assert!(end["reason"].as_str().unwrap().contains("metrics.csv"), "{end}");
}
