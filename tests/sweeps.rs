//! Every sweep that is shipped: it is sound, and its whole design can be rehearsed on a machine after `make setup`.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    files.sort();
    files
}

/// `sweep run FILE` with more options, in a folder of its own; what it writes to both outputs.
fn run(file: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::cargo_bin("sweep").unwrap();
    command.arg("run").arg(file).args(more).current_dir(folder.path()).env("HF_HUB_OFFLINE", "1");
    let home = tempfile::tempdir().unwrap();
    let output = command.env("HF_HOME", home.path()).env_remove("HF_HUB_CACHE").output().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a dry run writes nothing");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_quickstart_and_the_paper_are_there() {
    let names: Vec<String> =
        shipped().iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_string()).collect();
    for name in ["quickstart.yaml", "ablation.yaml", "ablation-settled.yaml", "search.yaml"] {
        assert!(names.contains(&name.to_string()), "{name} is not among {names:?}");
    }
}

#[test]
fn every_sweep_can_be_rehearsed_here() {
    for file in shipped() {
        let (code, shown, said) = run(&file, &["--rehearse", "--dry-run"]);
        if std::fs::read_to_string(&file).unwrap().contains("\nsearch:\n") {
            assert_eq!(code, Some(2), "{}: {said}", file.display());
            assert!(said.contains("a search is not rehearsed"), "{}: {said}", file.display());
            continue;
        }
        assert_eq!(code, Some(0), "{}: {said}", file.display());
        assert!(shown.contains("to train"), "{}: {shown}", file.display());
    }
}

/// R6: without a network and with an empty cache.
#[test]
fn the_ablation_is_listed_from_what_is_known() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/ablation.yaml");
    let (code, shown, said) = run(&file, &["--dry-run", "--devices", "cpu"]);
    assert_eq!(code, Some(0), "{said}");
    // How fast this machine is differs each time.
    let steady: Vec<&str> = shown.lines().filter(|line| !line.contains("on the processor here")).collect();
    insta::assert_snapshot!(steady.join("\n"));
}

#[test]
fn the_settled_ablation_can_settle_everything() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/ablation-settled.yaml");
    let (code, shown, said) = run(&file, &["--dry-run", "--devices", "cpu"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(shown.contains("The planned seeds and test examples can settle 19 hypotheses:"), "{shown}");
    assert!(shown.contains("7,600 test"), "{shown}");
    assert!(shown.contains("on one NVIDIA H100") && shown.contains("on the processor here"), "{shown}");
}

#[test]
fn every_sweep_is_sound() {
    for file in shipped() {
        let (code, _, said) = run(&file, &["--dry-run"]);
        assert_eq!(code, Some(0), "{}: {said}", file.display());
    }
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/quickstart.yaml");
    let (code, shown, said) = run(&quickstart, &["--dry-run"]);
    assert_eq!(code, Some(0), "the quickstart needs nothing but `make setup`: {said}");
    assert!(shown.contains("to train"), "{shown}");
}
