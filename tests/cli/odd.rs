//! Arguments, folders and results that nobody expects: refused with a word, or taken as they are.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use predicates::prelude::*;

use crate::support::Place;

fn command(place: &Place, folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("sweep"));
    command.current_dir(folder).envs(place.environment());
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// R5: absurd numbers are refused with the range that makes sense, before anything is started.
#[test]
fn absurd_numbers_are_refused_with_the_range_that_makes_sense() {
    let place = Place::new();
    for (option, value, range) in [
        ("--threads", "100000", "must be a whole number from 1 to 1024"),
        ("--threads", "-3", "must be a whole number from 1 to 1024"),
        ("--max-pack", "1000000", "must be a whole number from 1 to 1024"),
        ("--checkpoint-minutes", "1e300", "must be a number of minutes above 0, and at most 1000000"),
        ("--checkpoint-minutes", "NaN", "must be a number of minutes above 0"),
        ("--device-memory", "-1", "must be a number of GiB above 0"),
        ("--devices", "cuda:99999", "is no device"),
    ] {
        let given = format!("{option}={value}");
        place.mock(&[&given]).assert().code(2).stderr(predicate::str::contains(range));
        assert!(!place.exists("results"), "{given}");
    }
    // More than this machine has use for.
    place.mock(&["--threads=1024"]).assert().code(2).stderr(predicate::str::contains("1024 threads: this machine has"));
    for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS"] {
        let mut run = place.mock(&[]);
        let said = format!("{variable}=100000: more threads than any machine has use for");
        run.env(variable, "100000").assert().code(2).stderr(predicate::str::contains(said));
    }
    for setting in ["workers=1000000", "warning=99999999999"] {
        let dry = ["run", "little.yaml", "--launch", "slurm", "--dry-run", "--slurm", setting];
        place.sweep(&dry).assert().code(2).stderr(predicate::str::contains("at most"));
    }
    place.sweep(&["worker", "--results", "x", "--device", "cpu", "--checkpoint-every", "inf"]).assert().code(2);
    place.sweep(&["task", "--results", "x", "--checkpoint-minutes", "-1"]).assert().code(2);
}

/// R8: names that are no UTF-8 text, in every verb.
#[test]
fn names_that_are_no_text_work() {
    let place = Place::new();
    let results = OsStr::from_bytes(b"bad\xff");
    let with = |arguments: &[&str]| {
        let output = command(&place, &place.path("")).args(arguments).arg("--results").arg(results).output().unwrap();
        assert!(!said(&output).contains("panicked"), "{arguments:?} {}", said(&output));
        output
    };
    let trained = with(&["run", "little.yaml", "--executor", "mock"]);
    assert_eq!(trained.status.code(), Some(0), "{}", said(&trained));
    assert_eq!(with(&["run", "little.yaml", "--dry-run"]).status.code(), Some(0));
    assert_eq!(with(&["logs", "base, seed=1"]).status.code(), Some(0));
    assert_eq!(with(&["compare", "base", "rank=4"]).status.code(), Some(0));
    // The mock's adapters are nobody's.
    assert_eq!(with(&["export", "little/best", "--adapter", "out"]).status.code(), Some(2));
    assert_eq!(with(&["predict", "--run", "nobody", "--text", "a"]).status.code(), Some(2));
    for arguments in [&["status"][..], &["status", "--json"], &["report", "--format", "svg"], &["cancel"]] {
        let output = command(&place, &place.path("")).args(arguments).arg(results).output().unwrap();
        let expected = if arguments == ["cancel"] { 2 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{arguments:?} {}", said(&output));
    }
    // Text by its nature.
    let output = command(&place, &place.path("")).args(["run", "little.yaml", "--only"]).arg(results).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("invalid UTF-8"), "{}", said(&output));
}

/// A copy of the place in a folder of that name.
fn within(place: &Place, name: &[u8]) -> PathBuf {
    let folder = place.path("").join(OsStr::from_bytes(name));
    std::fs::create_dir_all(folder.join("model")).unwrap();
    for file in ["little.yaml", "data.csv", "model/config.json", "model/vocab.txt"] {
        std::fs::copy(place.path(file), folder.join(file)).unwrap();
    }
    folder
}

/// R8: a working folder whose name is no text, or odd text.
#[test]
fn a_working_folder_may_have_any_name() {
    let place = Place::new();
    for name in [&b"bad\xff"[..], b"two\nlines", b"a space, 100 % and a 'quote\"", "über".as_bytes()] {
        let folder = within(&place, name);
        let output = command(&place, &folder).args(["run", "little.yaml", "--executor", "mock"]).output().unwrap();
        let text = said(&output);
        assert!(!text.contains("panicked"), "{text}");
        // A plan is text: where it cannot name a file it says so.
        let clear = output.status.code() == Some(2) && text.contains("UTF-8") && name.contains(&0xff);
        assert!(output.status.code() == Some(0) || clear, "{name:?} {text}");
    }
}

/// R18: nothing gets a line of its own into a job script.
#[test]
fn no_name_adds_a_line_to_a_job_script() {
    let place = Place::new();
    for (name, reason) in [
        (&b"two\n#SBATCH --uid=0\n"[..], "it holds a line break or another control character"),
        (b"a\rb", "it holds a line break or another control character"),
        (b"bad\xff", "it is no UTF-8 text"),
        (b"back\\slash", "it holds a backslash"),
    ] {
        let folder = within(&place, name);
        for dry in [&["--dry-run"][..], &[]] {
            let mut launch = command(&place, &folder);
            launch.args(["run", "little.yaml", "--launch", "slurm", "--executor", "mock"]).args(dry);
            let output = launch.output().unwrap();
            let text = said(&output);
            assert_eq!(output.status.code(), Some(2), "{text}");
            assert!(text.contains("cannot stand in a job script of Slurm") && text.contains(reason), "{text}");
            assert!(!text.contains("\n#SBATCH"), "{text}");
            assert!(!folder.join("results").exists());
        }
    }
    let folder = within(&place, b"100 % of 'it'");
    let mut dry = command(&place, &folder);
    dry.args(["run", "little.yaml", "--launch", "slurm", "--dry-run", "--results", "a b"]);
    let text = said(&dry.output().unwrap());
    assert!(text.contains("/100 %% of 'it'/a b/little/slurm/%A_%a.log\"\n"), "{text}");
    assert!(text.contains(r"/100 % of '\''it'\''/a b/little' "), "{text}");
}

/// R16: a completed run that lost a file is told by whoever needs it, and done again where that is asked for.
#[test]
fn a_completed_run_that_lost_a_file_is_told_and_done_again_with_retry_failed() {
    let place = Place::new();
    assert_eq!(place.mock(&[]).output().unwrap().status.code(), Some(0));
    let before = place.files("results/little/runs");
    let status = place.sweep(&["status", "--json"]).output().unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let id = status[0]["runs"][0]["id"].as_str().unwrap().to_owned();
    for file in [
        "adapter/adapter_model.safetensors",
        "adapter/adapter_config.json",
        "metrics.csv",
        "predictions.csv",
        "run.json",
    ] {
        let path = place.path(&format!("results/little/runs/{id}/{file}"));
        std::fs::remove_file(&path).unwrap();
        let missing = format!("{file} is missing");
        let advised = || {
            let damaged = predicate::str::contains("1 of them damaged").and(predicate::str::contains(missing.clone()));
            damaged.and(predicate::str::contains("--retry-failed does it again"))
        };
        place.sweep(&["status"]).assert().success().stdout(advised());
        place.mock(&[]).assert().code(1).stdout(advised());
        let report = place.sweep(&["report", "--format", "svg"]).output().unwrap();
        assert!(said(&report).contains(&missing), "{file}: {}", said(&report));
        if file.starts_with("adapter") || file == "run.json" {
            for verb in [&["export", &id, "--adapter", "out"][..], &["predict", "--run", &id, "--text", "a"]] {
                let told =
                    predicate::str::contains("this run is damaged").and(predicate::str::contains(missing.clone()));
                place.sweep(verb).assert().code(2).stderr(told);
            }
        }
        let again = place.mock(&["--retry-failed"]).output().unwrap();
        assert_eq!(again.status.code(), Some(0), "{}", said(&again));
        assert!(said(&again).contains("1 run tried again"), "{}", said(&again));
        assert_eq!(place.files("results/little/runs"), before);
    }
}

/// R17: after a failure the same command says how to go on.
#[test]
fn what_did_not_come_out_well_says_how_it_is_done_again() {
    let place = Place::new();
    let faults = ["--mock-fault", "nan@3@rank=4, seed=1", "--mock-fault", "fail@2@base, seed=2"];
    place.mock(&faults).assert().code(1);
    let told = || {
        let failed = "1 run failed, and not tried again by itself: the same command with --retry-failed";
        let diverged = "1 run diverged, and would do so again: change what makes it diverge";
        predicate::str::contains(failed).and(predicate::str::contains(diverged))
    };
    place.mock(&[]).assert().code(1).stdout(told());
    place.sweep(&["status"]).assert().success().stdout(told());
    // As it says.
    let status = place.sweep(&["status", "--json"]).output().unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let diverged = status[0]["runs"].as_array().unwrap().iter().find(|run| run["state"] == "diverged").unwrap();
    std::fs::remove_dir_all(place.path(&format!("results/little/runs/{}", diverged["id"].as_str().unwrap()))).unwrap();
    place.mock(&["--retry-failed"]).assert().code(0).stdout(predicate::str::contains("6 runs: 6 completed"));
}
