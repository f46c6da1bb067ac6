use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use predicates::prelude::*;

use crate::support::Place;

#[test]
fn a_sweep_runs_and_is_not_run_again() {
    let place = Place::new();
    let output = place.mock(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(place.plain(&output.stdout));
    let lines = place.plain(&output.stderr);
    assert_eq!(lines.matches(" completed ").count(), 6, "{lines}");
    assert!(lines.contains("(6/6 runs)"), "{lines}");

    let before = place.files("results/little");
    for name in ["runs.csv", "metrics.csv", "sweep.yaml"] {
        assert!(before.contains(&name.to_string()), "{name} is not in {before:?}");
    }
    let again = place.mock(&[]).output().unwrap();
    assert_eq!(again.status.code(), Some(0));
    assert!(place.plain(&again.stderr).contains("0 runs to train"));
    assert_eq!(again.stdout, output.stdout);
    assert_eq!(place.files("results/little"), before);
}

#[test]
fn progress_that_nobody_watches_is_time_stamped_lines() {
    let place = Place::new();
    let output = place.mock(&["--only", "rank=4, seed=1"]).output().unwrap();
    let lines = place.plain(&output.stderr);
    let stamped = stamped_lines(&lines);
    assert_eq!(stamped.iter().filter(|line| line.starts_with("epoch ")).count(), 2, "{lines}");
    for start in [
        "pack ",
        "started rank=4, seed=1 ",
        "epoch 1/2 rank=4, seed=1: train loss ",
        "completed rank=4, seed=1: best epoch ",
    ] {
        assert!(stamped.iter().any(|line| line.starts_with(start)), "{start} is not in {lines}");
    }
}

/// The lines that begin with a time, without it.
fn stamped_lines(text: &str) -> Vec<&str> {
    let stamped = |line: &&str| line.len() > 21 && line.as_bytes()[10] == b'T' && line.as_bytes()[19] == b'Z';
    text.lines().filter(stamped).map(|line| &line[21..]).collect()
}

#[test]
fn a_run_that_fails_leaves_the_others_alone() {
    let place = Place::new();
    let faults = ["--mock-fault", "nan@3@rank=4, seed=1", "--mock-fault", "fail@2@base, seed=2"];
    let output = place.mock(&faults).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", place.plain(&output.stderr));
    let text = place.plain(&output.stdout);
    assert!(text.contains("6 runs: 4 completed, 1 failed, 1 diverged"), "{text}");
    assert!(text.contains("failed base, seed=2: the mock was told to fail"), "{text}");

    // Not tried again unless asked; what diverged would diverge again.
    place.mock(&[]).assert().code(1);
    let output = place.mock(&["--retry-failed"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(place.plain(&output.stdout).contains("6 runs: 5 completed, 1 diverged"));
}

#[test]
fn a_worker_that_dies_is_survived() {
    let place = Place::new();
    let output = place.mock(&["--mock-fault", "abort@3@rank=4, seed=1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = place.plain(&output.stdout);
    assert!(text.contains("6 runs: 5 completed, 1 failed"), "{text}");
    assert!(text.contains("SIGABRT"), "{text}");
}

#[test]
fn a_program_whose_file_is_replaced_goes_on_with_what_it_was() {
    let place = Place::new();
    let program = place.path("sweep");
    std::fs::copy(place.mock(&[]).get_program(), &program).unwrap();
    let mut command = std::process::Command::new(&program);
    command.args(["run", "little.yaml"]).current_dir(place.path("")).envs(place.environment());
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Before it has started a worker, or while it does.
    std::fs::remove_file(&program).unwrap();
    place.write("sweep", "another program");
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    assert!(place.plain(&output.stdout).contains("6 runs: 6 completed"));
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let place = Place::new();
    let arguments = ["--max-pack", "1", "--fail-fast", "--mock-fault", "fail@1@base, seed=1"];
    let output = place.mock(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = place.plain(&output.stdout);
    assert!(text.contains("pending"), "{text}");
}

#[test]
fn an_interrupted_sweep_continues() {
    let place = Place::new();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("USR2", 140)] {
        // One run after the other, so that there always is a first epoch to come.
        let mut child = start(&place, &["--max-pack", "1", "--mock-delay", "40"]);
        wait_for(&mut child, "epoch 1/2");
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let folder = place.path("results/little");
        place
            .sweep(&["status", folder.to_str().unwrap()])
            .assert()
            .success()
            .stdout(predicate::str::contains("interrupted"));
    }
    let output = place.mock(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(place.plain(&output.stderr).contains(" resumed "));

    // The same figures as without interruptions.
    let other = Place::new();
    let undisturbed = other.mock(&[]).output().unwrap();
    assert_eq!(figures(&output.stdout), figures(&undisturbed.stdout));
}

/// Of what was wrong before anything ran one hears with code 2.
#[test]
fn results_that_cannot_be_written_after_training_are_a_failure() {
    let place = Place::new();
    let mut child = start(&place, &["--max-pack", "1", "--mock-delay", "40"]);
    wait_for(&mut child, "epoch 1/2");
    // Where a file belongs that lists what was trained, there is a folder now.
    let index = place.path("results/little/runs.csv");
    std::fs::remove_file(&index).ok();
    std::fs::create_dir(&index).unwrap();
    place.write("results/little/runs.csv/mine", "");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(place.plain(&output.stdout), "", "nothing is summed up of a folder that is broken");
    // With the folder out of the way the same command goes on.
    std::fs::remove_dir_all(&index).unwrap();
    place.mock(&[]).assert().code(0).stdout(predicate::str::contains("6 runs: 6 completed"));

    // So it is where all was trained before and only the lists are left to be written.
    std::fs::remove_file(&index).unwrap();
    std::fs::create_dir(&index).unwrap();
    place.write("results/little/runs.csv/mine", "");
    place.mock(&[]).assert().code(1).stderr(predicate::str::contains("runs.csv: cannot write"));
}

fn start(place: &Place, more: &[&str]) -> Child {
    let program = assert_cmd::cargo::cargo_bin("sweep-mock");
    let mut command = std::process::Command::new(program);
    command.args(["run", "little.yaml"]).args(more).current_dir(place.path(""));
    command.envs(place.environment()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads the progress until a line contains `text`; goes on reading it elsewhere, so that the program is not held up.
fn wait_for(child: &mut Child, text: &str) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(text)), "{text} did not come");
    std::thread::spawn(move || lines.for_each(drop));
}

/// The summary without times.
fn figures(summary: &[u8]) -> Vec<String> {
    let text = String::from_utf8(summary.to_vec()).unwrap();
    let without_time =
        |line: &str| line.rsplit_once("  ").map_or(line.to_string(), |(figures, _)| figures.trim_end().to_string());
    text.lines().filter(|line| line.contains(" completed ")).map(without_time).collect()
}

#[test]
fn runs_that_stopped_are_trained_further_where_that_is_asked_for() {
    let place = Place::new();
    let file = place.plain(&std::fs::read(place.path("little.yaml")).unwrap());
    let early = "  early_stopping: {patience: 1, min_delta: 0.9}\n  epochs: 4\n";
    let without = file.lines().filter(|line| !line.trim_start().starts_with("epochs:")).collect::<Vec<_>>().join("\n");
    place.write(
        "early.yaml",
        &without.replace("base:\n", &format!("base:\n{early}")).replace("name: little", "name: early"),
    );
    let sweep = |more: &[&str]| {
        let output = place.sweep_mock(&[&["run", "early.yaml"], more].concat()).output().unwrap();
        (output.status.code(), place.plain(&output.stdout), place.plain(&output.stderr))
    };
    let (code, ..) = sweep(&["--extend", "rank=4, seed=1"]);
    assert_eq!(code, Some(2), "nothing has stopped yet");
    let (code, table, lines) = sweep(&[]);
    assert_eq!(code, Some(0), "{lines}");
    assert!(table.contains("6 runs: 6 stopped"), "{table}");
    assert!(lines.contains("stopped rank=4, seed=1: after epoch 2"), "{lines}");
    let refused = |more: &[&str]| {
        let (code, _, lines) = sweep(&[&["--extend", "rank=4, seed=1"], more].concat());
        assert_eq!(code, Some(2), "{lines}");
        lines.lines().find(|line| line.contains("--e")).unwrap_or(&lines).to_owned()
    };
    assert!(refused(&["--epochs", "5"]).contains("run `rank=4, seed=1` has 4 epochs, over which its learning rate"));
    assert!(refused(&["--epochs", "2"]).contains("has been trained for 2 epochs already"));
    let (code, table, lines) = sweep(&["--extend", "rank=4, seed=1", "--epochs", "3"]);
    assert_eq!((code, table.contains("6 runs: 6 stopped")), (Some(0), true), "{lines}");
    let (code, table, lines) = sweep(&["--extend", "rank=4, seed=1"]);
    assert_eq!((code, table.contains("6 runs: 1 completed, 5 stopped")), (Some(0), true), "{table}{lines}");
    assert!(refused(&[]).contains("no run that is named has stopped: `rank=4, seed=1` is completed"));
    let log = place.sweep_mock(&["logs", "early/rank=4, seed=1"]).output().unwrap();
    let log = place.plain(&log.stdout);
    assert!(log.contains("extended: it is to go on from epoch 2 to epoch 3") && log.contains("completed"), "{log}");
}
