//! What the program loads when it starts, and what it says where libtorch cannot be loaded.

use assert_cmd::Command;
use predicates::prelude::*;

use crate::support::Place;

/// Runs a command and gives what the dynamic loader said about the files that it opened.
fn loaded(place: &Place, mut command: Command) -> String {
    let folder = tempfile::tempdir().unwrap();
    command.env("LD_DEBUG", "files").env("LD_DEBUG_OUTPUT", folder.path().join("loader"));
    command.assert().success();
    let reports = std::fs::read_dir(folder.path()).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let report: Vec<u8> = reports.flatten().collect();
    place.plain(&report)
}

#[test]
fn verbs_that_make_no_tensors_open_no_libtorch() {
    let place = Place::new();
    place.mock(&[]).assert().success();
    let verbs: [&[&str]; 6] = [
        &["--version"],
        &["--help"],
        &["status"],
        &["report", "results/little"],
        &["compare", "base, seed=1", "base, seed=2"],
        &["logs", "base, seed=1"],
    ];
    for verb in verbs {
        let files = loaded(&place, place.sweep(verb));
        assert!(files.contains("libc.so"), "{verb:?}: {files}");
        assert!(!files.contains("libtorch") && !files.contains("libcuda"), "{verb:?}");
    }
    let files = loaded(&place, place.sweep(&["doctor"]));
    assert!(files.contains("libtorch_cpu.so"), "the loader names what it opens");
}

#[test]
fn a_libtorch_that_cannot_be_loaded_is_named_with_what_to_install() {
    let place = Place::new();
    // The library in front of libtorch is looked for beside the program first.
    let program = place.path("sweep");
    let built = assert_cmd::cargo::cargo_bin("sweep");
    if std::fs::hard_link(&built, &program).is_err() {
        std::fs::copy(&built, &program).unwrap();
    }
    place.write("libsweep_tch.so", "no library");
    let sweep = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(place.path(".")).args(arguments);
        command
    };
    let install = || predicate::str::contains("libsweep_tch.so").and(predicate::str::contains("pip install 'torch=="));
    sweep(&["doctor"]).assert().code(1).stdout(install());
    sweep(&["run", "little.yaml", "--devices", "cpu"]).assert().code(2).stderr(install());
    assert!(!place.exists("results"), "nothing was begun");
}
