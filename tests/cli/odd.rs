//! Arguments, folders and results that nobody expects: refused with a word, or taken as they are.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use predicates::prelude::*;

use crate::support::Place;

fn command(place: &Place, folder: &Path) -> Command {
    program("sweep", place, folder)
}

fn mock(place: &Place, folder: &Path) -> Command {
    program("sweep-mock", place, folder)
}

fn program(name: &str, place: &Place, folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin(name));
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
        let output = mock(&place, &place.path("")).args(arguments).arg("--results").arg(results).output().unwrap();
        assert!(!said(&output).contains("panicked"), "{arguments:?} {}", said(&output));
        output
    };
    let trained = with(&["run", "little.yaml"]);
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
    for file in ["little.yaml", "data.csv", "model/config.json", "model/vocab.txt", "model/model.safetensors"] {
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
        let output = mock(&place, &folder).args(["run", "little.yaml"]).output().unwrap();
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
            launch.args(["run", "little.yaml", "--launch", "slurm"]).args(dry);
            let output = launch.output().unwrap();
            let text = said(&output);
            assert_eq!(output.status.code(), Some(2), "{text}");
            assert!(text.contains("cannot stand in a job script") && text.contains(reason), "{text}");
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

/// R13: numbers below 0, with the option and its value as two words.
#[test]
fn numbers_below_zero_are_refused_with_the_range_that_makes_sense() {
    let place = Place::new();
    for (option, range) in [
        ("--threads", "must be a whole number from 1 to 1024"),
        ("--max-pack", "must be a whole number from 1 to 1024"),
        ("--checkpoint-minutes", "must be a number of minutes above 0"),
        ("--device-memory", "must be a number of GiB above 0"),
        ("--devices", "`-3` is no device"),
    ] {
        place.mock(&[option, "-3"]).assert().code(2).stderr(predicate::str::contains(range));
    }
    for (option, range) in [
        ("--threads", "must be a whole number from 1 to 1024"),
        ("--max-length", "must be a whole number from 1 to"),
        ("--batch-size", "must be a whole number from 1 to"),
    ] {
        let predict = ["predict", "--run", "x", "--text", "-5", option, "-3"];
        place.sweep(&predict).assert().code(2).stderr(predicate::str::contains(range));
    }
    let worker = ["worker", "--results", "x", "--device", "cpu", "--checkpoint-every", "-1"];
    place.sweep(&worker).assert().code(2).stderr(predicate::str::contains("must be a number of seconds"));
    let task = ["task", "--results", "x", "--threads", "-1"];
    place.sweep(&task).assert().code(2).stderr(predicate::str::contains("must be a whole number"));
}

/// R13: a working folder that was deleted is told by every verb, wherever its paths lead.
#[test]
fn a_deleted_working_folder_is_told() {
    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin("sweep");
    let (file, results) = (place.path("little.yaml"), place.path("results"));
    let (file, results) = (file.to_str().unwrap(), results.to_str().unwrap());
    for arguments in [
        &["run", file, "--results", results][..],
        &["run", file, "--dry-run"],
        &["run", "little.yaml"],
        &["predict", "--run", "x", "--text", "a"],
        &["export", "x", "--adapter", "out"],
        &["fetch", file],
        &["report", results],
        &["compare", "a", "b"],
        &["status", results],
        &["logs", "x"],
        &["cancel", results],
        &["doctor"],
        &["worker", "--results", results, "--device", "cpu"],
        &["task", "--results", results],
    ] {
        let gone = place.path("gone");
        std::fs::create_dir_all(&gone).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "rmdir ../gone; exec \"$0\" \"$@\""]).arg(&program).args(arguments);
        let output = shell.current_dir(&gone).envs(place.environment()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {}", said(&output));
        let message = "error: the current folder does not exist any more (it was deleted or replaced): change to a folder that does\n";
        assert_eq!(said(&output), message, "{arguments:?}");
    }
    assert!(!place.exists("results"));
}

/// A sweep whose plan cannot be read does not hide the others.
#[test]
fn status_goes_on_where_one_sweep_cannot_be_read() {
    let place = Place::new();
    place.mock(&[]).assert().code(0);
    std::fs::create_dir(place.path("results/broken")).unwrap();
    place.write("results/broken/sweep.json", "{\"format\": ");
    let told = || predicate::str::contains("results/broken/sweep.json");
    for arguments in [&["status"][..], &["status", "--watch"]] {
        let shown = place.sweep(arguments).assert().code(2).stderr(told());
        shown.stdout(predicate::str::contains("little  6 runs: 6 completed"));
    }
    let output = place.sweep(&["status", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let sweeps: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((sweeps.as_array().unwrap().len(), &sweeps[0]["name"]), (1, &"little".into()));
    place.sweep(&["status", "results/broken"]).assert().code(2).stderr(told());
    place.sweep(&["status", "results/little"]).assert().code(0);
}

/// R14: `status`, `report` and `SWEEP/best` name the same run, the first of those with the lowest loss.
#[test]
fn the_best_run_by_loss_is_the_same_everywhere() {
    let place = Place::new();
    place.mock(&["--set", "metric_for_best=eval_loss"]).assert().code(0);
    let status = place.sweep(&["status", "--json"]).output().unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let runs = status[0]["runs"].as_array().unwrap();
    let mut expected = String::new();
    for run in runs {
        let (id, label) = (run["id"].as_str().unwrap(), run["label"].as_str().unwrap());
        // Base is worse, the other four are equal.
        let loss = if label.starts_with("base") { 0.75 } else { 0.5 };
        if label == "rank=4, seed=1" {
            expected = id.to_owned();
        }
        let metrics = place.path(&format!("results/little/runs/{id}/metrics.csv"));
        let text = std::fs::read_to_string(&metrics).unwrap();
        let column = text.lines().next().unwrap().split(',').position(|name| name == "eval_loss").unwrap();
        let changed = text.lines().enumerate().map(|(line, text)| {
            let mut cells: Vec<String> = text.split(',').map(str::to_owned).collect();
            if line > 0 {
                cells[column] = loss.to_string();
            }
            cells.join(",") + "\n"
        });
        std::fs::write(&metrics, changed.collect::<String>()).unwrap();
        let result = place.path(&format!("results/little/runs/{id}/result.json"));
        let mut record: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&result).unwrap()).unwrap();
        record["best"]["eval_loss"] = loss.into();
        std::fs::write(&result, record.to_string()).unwrap();
    }
    let shown = place.sweep(&["status"]).assert().success();
    shown.stdout(
        predicate::str::contains("best so far: rank=4, seed=1, accuracy").and(predicate::str::contains("0.5000")),
    );
    // The mock's adapters are nobody's: the message names the run's.
    let best = place.sweep(&["export", "little/best", "--adapter", "out"]).assert().code(2);
    best.stderr(predicate::str::contains(expected).or(predicate::str::contains("rank=4, seed=1")));
    place.sweep(&["report", "--format", "svg"]).assert().success();
    let pages =
        place.files("reports/little").into_iter().filter(|file| file.ends_with(".html") || file.ends_with(".md"));
    let text: String =
        pages.map(|file| std::fs::read_to_string(place.path(&format!("reports/little/{file}"))).unwrap()).collect();
    assert!(text.contains("Best run: rank=4, seed=1"), "{text}");
}
