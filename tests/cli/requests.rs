//! What is asked of a sweep on the command line while it is worked on, or before it is again.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use sweep::store::{Request, Store};

use crate::support::{Place, SWEEP};

/// Exit code, standard output and standard error.
fn said(place: &Place, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = place.sweep_mock(arguments).output().unwrap();
    (output.status.code(), place.plain(&output.stdout), place.plain(&output.stderr))
}

fn run(place: &Place, more: &[&str]) -> String {
    let output = place.mock(more).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    place.plain(&output.stdout)
}

/// The requests of a sweep, with what came of them.
fn answers(place: &Place) -> Vec<String> {
    let folder = place.path("results/little/requests/answered");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let text = |path: &std::path::PathBuf| {
        let record: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let answer = &record["answer"];
        format!(
            "{}: {}{}",
            answer["outcome"],
            answer["what"].as_str().unwrap_or(""),
            answer["reason"].as_str().unwrap_or("")
        )
    };
    files.iter().map(text).collect()
}

#[test]
fn a_run_that_is_stopped_before_it_begins_is_left_out_until_it_is_extended() {
    let place = Place::new();
    run(&place, &["--only", "seed=1"]);
    let (code, text, _) = said(&place, &["stop", "base, seed=2"]);
    assert_eq!(code, Some(0));
    assert_eq!(text.trim_end(), "base, seed=2: stop: stopped before its first epoch was over; `extend` has it go on");
    assert!(run(&place, &[]).contains("6 runs: 5 completed, 1 stopped"));
    // A run without an epoch is no trouble to who reads results.
    let (code, _, errors) = said(&place, &["report", "results/little"]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(said(&place, &["status", "results/little"]).0, Some(0));
    let (code, text, _) = said(&place, &["extend", "base, seed=2", "--epochs", "1"]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("it is planned to go on to epoch 1") && text.contains("the next `sweep run` trains it"),
        "{text}"
    );
    assert!(run(&place, &[]).contains("6 runs: 5 completed, 1 stopped"));
    assert_eq!(said(&place, &["extend", "base, seed=2"]).0, Some(0));
    assert!(run(&place, &[]).contains("6 runs: 6 completed"));
    let (code, _, errors) = said(&place, &["extend", "base, seed=2"]);
    assert_eq!(code, Some(2));
    assert!(
        errors.contains("run `base, seed=2` is completed; more than its 2 epochs would make another run of it"),
        "{errors}"
    );
}

#[test]
fn a_failed_run_is_done_again() {
    let place = Place::new();
    let output = place.mock(&["--mock-fault", "fail@2@base, seed=2"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (code, text, _) = said(&place, &["retry", "--failed"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("base, seed=2: retry: it is pending again, with all its attempts"), "{text}");
    assert!(run(&place, &[]).contains("6 runs: 6 completed"));
    let (code, _, errors) = said(&place, &["retry", "base, seed=2"]);
    assert_eq!((code, errors.contains("is completed; runs that failed are done again")), (Some(2), true), "{errors}");
    assert_eq!(said(&place, &["retry"]).0, Some(2));
    assert_eq!(said(&place, &["retry", "nothing"]).0, Some(2));
}

#[test]
fn seeds_are_added_for_good_and_the_answer_says_what_follows_for_verdicts() {
    let place = Place::new();
    let hypothesis =
        "hypotheses:\n  - {id: rank, claim: Rank 4 is better., vary: rank, metric: accuracy, expect: higher}\n";
    place.write("little.yaml", &format!("{SWEEP}{hypothesis}"));
    run(&place, &[]);
    let (code, text, _) = said(&place, &["add-seeds", "results/little", "3"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("add seeds 3: asked for by "), "{text}");
    let (_, status, _) = said(&place, &["status", "results/little"]);
    assert!(status.contains("  waits: add seeds 3: asked for by "), "{status}");
    assert!(run(&place, &[]).contains("9 runs: 9 completed"));
    let [answer] = answers(&place).try_into().unwrap();
    assert!(answer.starts_with("\"done\": every configuration has them in the plan; the seeds of `base`"), "{answer}");
    assert!(answer.contains("verdicts rest on those planned before (seed 1, 2)"), "{answer}");
    let (_, status, _) = said(&place, &["status", "results/little"]);
    assert!(!status.contains("waits"), "{status}");
    // They stay, and are not asked for twice.
    assert!(run(&place, &[]).contains("9 runs: 9 completed"));
    let (code, _, errors) = said(&place, &["add-seeds", "results/little", "3", "2"]);
    assert_eq!((code, errors.contains("all configurations have these seeds already")), (Some(2), true), "{errors}");
}

/// Asked while a worker is busy: a stop and more seeds, in one command that goes on until all of it is done.
#[test]
fn a_sweep_that_is_worked_on_takes_what_is_asked_for() {
    let place = Place::new();
    let (base, _) = SWEEP.split_once("ablate:").unwrap();
    place.write("little.yaml", &format!("{}seeds: [1]\n", base.replace("batch_size: 4", "batch_size: 16")));
    let program = assert_cmd::cargo::cargo_bin("sweep-mock");
    let mut command = Command::new(program);
    command.args(["run", "little.yaml", "--mock-delay", "120"]).current_dir(place.path(""));
    let mut child = command.envs(place.environment()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains(" started ")));
    let rest = std::thread::spawn(move || lines.collect::<Vec<_>>().join("\n"));
    let store = Store::open(&place.path("results/little")).unwrap();
    let run = store.record().runs[0].id.clone();
    store.ask(&Request::Stop { run }, "a test").unwrap();
    store.ask(&Request::AddSeeds { seeds: vec![2] }, "a test").unwrap();
    let output = child.wait_with_output().unwrap();
    let (text, told) = (place.plain(&output.stdout), rest.join().unwrap());
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(text.contains("2 runs: 1 completed, 1 stopped"), "{text}\n{told}");
    assert_eq!(answers(&place).len(), 2);
}

/// The run is in a pack with others, which would train it to its last epoch.
#[test]
fn a_run_that_was_stopped_in_its_pack_is_extended_to_an_epoch_and_no_further() {
    let place = Place::new();
    // The plan stands, and nothing is trained.
    let mut launch = place.mock(&["--launch", "slurm"]);
    launch.env("PATH", place.path("model")).assert().code(2);
    assert_eq!(said(&place, &["stop", "base, seed=2"]).0, Some(0));
    assert!(run(&place, &[]).contains("6 runs: 5 completed, 1 stopped"));
    let text = run(&place, &["--extend", "base, seed=2", "--epochs", "1"]);
    assert!(text.contains("6 runs: 5 completed, 1 stopped"), "{text}");
    let text = run(&place, &[]);
    assert!(text.contains("6 runs: 5 completed, 1 stopped"), "{text}");
    let (_, status, _) = said(&place, &["status", "results/little", "--json"]);
    assert!(status.contains("after epoch 1 of 2, to which it was extended"), "{status}");
}
