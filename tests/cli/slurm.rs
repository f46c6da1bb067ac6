//! What is asked of Slurm, where there is none.

use predicates::prelude::*;

use crate::support::Place;

#[test]
fn the_script_can_be_read_before_it_is_submitted() {
    let place = Place::new();
    let settings = [
        "partition=gpu",
        "account=lab",
        "gpus=1",
        "time=4:00:00",
        "cpus_per_task=8",
        "workers=3",
        "warning=90",
        "line=--exclude=node[7-9]",
        "line=module load cuda",
        "exclusive",
        "comment=a day's work",
    ];
    let mut arguments = vec!["run", "little.yaml", "--launch", "slurm", "--dry-run", "--max-pack", "1"];
    arguments.extend(["--only", "rank=4", "--only", "base", "--fail-fast", "--checkpoint-minutes", "2"]);
    for setting in &settings {
        arguments.extend(["--slurm", setting]);
    }
    let output = place.sweep(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", place.plain(&output.stderr));
    assert!(!place.exists("results"));
    let program = assert_cmd::cargo::cargo_bin("sweep").canonicalize().unwrap();
    insta::assert_snapshot!(place.plain(&output.stdout).replace(program.to_str().unwrap(), "PROGRAM"));
}

#[test]
fn no_more_tasks_than_packs() {
    let place = Place::new();
    let dry = ["run", "little.yaml", "--launch", "slurm", "--dry-run", "--slurm", "workers=64", "--max-pack", "3"];
    place.sweep(&dry).assert().success().stdout(predicate::str::contains("#SBATCH --array=0-1\n"));
}

#[test]
fn settings_that_cannot_be_used_are_bad_input() {
    let place = Place::new();
    for (setting, said) in [
        ("partitoin=gpu", "`partitoin=gpu`: there is no setting `partitoin` (do you mean `partition`?)"),
        ("array=0-3", "array is set by sweep; say how many tasks with workers=N"),
        ("no_requeue", "no-requeue is set by sweep; tasks go back into the queue"),
        ("workers=0", "workers is a whole number of at least 1"),
        ("warning=soon", "warning is a number of seconds"),
        ("time=", "the value is missing"),
        ("line=", "the line is empty"),
        ("comment=two\nlines", "it must be one line"),
    ] {
        let arguments = ["run", "little.yaml", "--launch", "slurm", "--dry-run", "--slurm", setting];
        place.sweep(&arguments).assert().code(2).stderr(predicate::str::contains(said));
    }
    place
        .mock(&["--slurm", "time=1"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("--slurm is for --launch slurm"));
}

#[test]
fn without_slurm_the_plan_stands_and_the_error_says_what_is_missing() {
    let place = Place::new();
    let mut launch = place.mock(&["--launch", "slurm"]);
    launch.env("PATH", place.path("model")).assert().code(2).stderr(predicate::str::contains("sbatch was not found"));
    place.sweep(&["status"]).assert().success().stdout(predicate::str::contains("6 runs: 6 pending"));
    place.sweep(&["cancel", "results"]).assert().code(2).stderr(predicate::str::contains("was handed to Slurm"));
}

/// A cluster that refuses, and one that answers in riddles.
#[test]
fn what_slurm_says_is_passed_on() {
    let place = Place::new();
    std::fs::create_dir(place.path("bin")).unwrap();
    for (script, said) in [
        ("echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1", "invalid partition specified: gpu"),
        ("echo Good morning", "answered something else than expected: Good morning"),
    ] {
        place.write("bin/sbatch", &format!("#!/bin/sh\n{script}\n"));
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(place.path("bin/sbatch"), permissions).unwrap();
        let mut launch = place.mock(&["--launch", "slurm"]);
        launch.env("PATH", format!("{}:/usr/bin:/bin", place.path("bin").display()));
        launch.assert().code(1).stderr(predicate::str::contains(said));
    }
}

/// Programs that stand in for Slurm's, and note what they are asked.
fn pretended(place: &Place, answer: &str) -> String {
    std::fs::create_dir(place.path("bin")).unwrap();
    let queue = "case \"$*\" in *--clusters=other*) echo '12_0|RUNNING|1:00|1:00:00|n1|None';; *) exit 1;; esac";
    for (name, script) in [("sbatch", &*format!("echo '{answer}'")), ("squeue", queue), ("sacct", ""), ("scancel", "")]
    {
        let path = place.path("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >> \"${{0%/*}}/calls\"\n{script}\n")).unwrap();
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    format!("{}:/usr/bin:/bin", place.path("bin").display())
}

/// What they were asked, without the options that do not depend on the cluster.
fn calls(place: &Place) -> Vec<String> {
    let calls = std::fs::read_to_string(place.path("bin/calls")).unwrap();
    let kept = |word: &&str| !word.starts_with(['-', '%']) || word.starts_with("--clusters") || *word == "--jobs";
    let short = |line: &str| line.split(' ').filter(kept).collect::<Vec<_>>().join(" ");
    calls.lines().filter(|line| !line.starts_with("sbatch")).map(short).collect()
}

#[test]
fn a_job_of_another_cluster_is_looked_for_and_cancelled_there() {
    let place = Place::new();
    let path = pretended(&place, "12;other");
    let launch = |more: &[&str]| {
        place
            .mock(&[&["--launch", "slurm", "--slurm", "clusters=other"], more].concat())
            .env("PATH", &path)
            .assert()
            .success();
    };
    launch(&["--only", "base"]);
    place
        .sweep(&["cancel", "results"])
        .env("PATH", &path)
        .assert()
        .success()
        .stdout(predicate::str::contains("cancelled Slurm job 12"));
    assert_eq!(calls(&place), ["squeue --clusters=other --jobs 12", "scancel --clusters=other 12"]);
    // Another cluster gives the same number: neither is forgotten.
    launch(&["--only", "rank=4"]);
    let output = place.sweep(&["cancel", "results"]).env("PATH", &path).output().unwrap();
    assert_eq!(place.plain(&output.stdout).matches("cancelled Slurm job 12").count(), 2);
}

#[test]
fn a_job_of_this_cluster_is_asked_for_without_one() {
    let place = Place::new();
    let path = pretended(&place, "12");
    place.mock(&["--launch", "slurm"]).env("PATH", &path).assert().success();
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.path("results/little/slurm/12.json")).unwrap()).unwrap();
    assert!(record.get("settings").is_none(), "as older versions wrote it: {record}");
    place.sweep(&["cancel", "results"]).env("PATH", &path).assert().code(1);
    assert_eq!(calls(&place), ["squeue --jobs 12"]);
}
