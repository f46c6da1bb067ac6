//! A sweep of two runs that was interrupted after its first epoch, with its checkpoint, as an earlier version wrote it
//! (`interrupted/`): it is read, and going on from it gives what an undisturbed sweep gives, but for the rounding of products, which
//! has changed since it was recorded.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use rustix::process::{Pid, Signal, kill_process};

use super::adapters::adapter_of;
use super::{Line, writes};

const SWEEP: &str = "\
name: little
base:
  model: ./model
  dataset: {path: data.csv, eval: {test_size: 16, seed: 1}}
  target_modules: {layers: [1], modules: [query]}
  rank: 2
  lora_alpha: 4
  max_length: 32
  epochs: 4
  batch_size: 8
  gradient_accumulation_steps: 1
  learning_rate: 2.0e-3
seeds: [1, 2]
";
/// Stands for the folder of the sweep in what is recorded.
const FOLDER: &str = "/folder-of-the-sweep";
const ROWS: usize = 64;
const OPTIONS: [&str; 8] =
    ["run", "little.yaml", "--devices", "cpu", "--threads", "1", "--checkpoint-minutes", "0.001"];

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/interrupted")
}

pub fn lines() -> Vec<Line> {
    if writes() {
        record();
    }
    let folder = place();
    let results = folder.path().join("results/little");
    copy(&recorded(), &results);
    replace(&results, &[(FOLDER, &folder.path().display().to_string())]);
    let output = sweep(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for run in std::fs::read_dir(results.join("runs")).unwrap().map(|run| run.unwrap().path()) {
        let log = std::fs::read_to_string(run.join("log.txt")).unwrap();
        assert!(log.contains("resumed after step"), "it began anew:\n{log}");
    }
    let gone_on = adapters(folder.path());
    let undisturbed = place();
    let output = sweep(undisturbed.path()).output().unwrap();
    assert!(output.status.success());
    let undisturbed = adapters(undisturbed.path());
    let names = ["adapter fp32, gone on from a checkpoint", "adapter fp32, never interrupted"];
    let mut lines = Vec::new();
    for (name, adapters) in names.into_iter().zip([gone_on, undisturbed]) {
        lines.extend(adapters.into_iter().map(|(run, values)| (format!("{name}: {run}"), values)));
    }
    lines
}

/// Model, data and sweep file, under names that are the same everywhere.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&root.join("tests/fixtures/reference/bert/model"), &folder.path().join("model"));
    let corpus = std::fs::read_to_string(root.join("sweeps/data/newswire.csv")).unwrap();
    let rows: Vec<&str> = corpus.lines().take(1 + ROWS).collect();
    std::fs::write(folder.path().join("data.csv"), rows.join("\n") + "\n").unwrap();
    std::fs::write(folder.path().join("little.yaml"), SWEEP).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let into = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &into);
        } else {
            std::fs::copy(entry.path(), into).unwrap();
        }
    }
}

fn sweep(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("sweep").unwrap();
    command.args(OPTIONS).current_dir(folder).env("HF_HUB_OFFLINE", "1").env("NO_COLOR", "1");
    command
}

/// Of each run its last parameters, in one line.
fn adapters(folder: &Path) -> Vec<Line> {
    let mut runs: Vec<PathBuf> =
        std::fs::read_dir(folder.join("results/little/runs")).unwrap().map(|run| run.unwrap().path()).collect();
    runs.sort();
    runs.iter().map(|run| (run.file_name().unwrap().to_string_lossy().into_owned(), adapter_of(run))).collect()
}

/// Interrupts a sweep after its first epoch, and keeps what it left.
fn record() {
    let folder = place();
    let results = folder.path().join("results/little");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("sweep"));
    command.args(OPTIONS).current_dir(folder.path()).env("HF_HUB_OFFLINE", "1").stdout(Stdio::null());
    let mut sweep = command.spawn().unwrap();
    let has_checkpoint = || {
        let packs = std::fs::read_dir(results.join("packs")).into_iter().flatten().flatten();
        packs.into_iter().any(|pack| pack.path().join("checkpoint-1.bin").exists())
    };
    while !has_checkpoint() {
        std::thread::sleep(Duration::from_millis(1));
    }
    kill_process(Pid::from_child(&sweep), Signal::INT).unwrap();
    assert_eq!(sweep.wait().unwrap().code(), Some(130), "it was over before it was interrupted; once more");
    let program = assert_cmd::cargo::cargo_bin("sweep");
    replace(&results, &[(&folder.path().display().to_string(), FOLDER), (&program.display().to_string(), "sweep")]);
    std::fs::remove_dir_all(recorded()).ok();
    copy(&results, &recorded());
}

/// In all files that hold text.
fn replace(folder: &Path, words: &[(&str, &str)]) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            replace(&entry, words);
        } else if let Ok(text) = std::fs::read_to_string(&entry) {
            let replaced = words.iter().fold(text, |text, (from, to)| text.replace(from, to));
            std::fs::write(&entry, replaced).unwrap();
        }
    }
}
