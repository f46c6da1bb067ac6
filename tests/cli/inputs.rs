//! What runs read is checked once, together, before anything is planned; and what was found is shown.

use crate::support::{Place, SWEEP, rows};

/// 36 runs.
fn many(place: &Place) {
    let seeds: Vec<String> = (1..=12).map(|seed| seed.to_string()).collect();
    place.write("little.yaml", &SWEEP.replace("[1, 2]", &format!("[{}]", seeds.join(", "))));
}

/// What the program refuses to do, the same for a dry run and a run.
fn refused(place: &Place, more: &[&str]) -> String {
    let mut said = Vec::new();
    for mode in [["--dry-run"].as_slice(), &[]] {
        let mut arguments = vec!["run", "little.yaml"];
        arguments.extend(mode);
        arguments.extend(more);
        let output = place.sweep(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", place.plain(&output.stderr));
        assert!(output.stdout.is_empty());
        said.push(place.plain(&output.stderr));
    }
    assert_eq!(said[0], said[1]);
    said.remove(0)
}

/// D12
#[test]
fn a_fault_in_the_data_is_told_once_for_all_runs() {
    let place = Place::new();
    many(&place);
    place.write("data.csv", &rows(40).replacen("World", "", 1));
    let said = refused(&place, &[]);
    assert!(said.contains("data.csv, line 2") && said.contains("(36 runs)"), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(!place.exists("results"));
}

/// D12
#[test]
fn everything_that_is_wrong_with_inputs_is_in_one_list() {
    let place = Place::new();
    let grid = "grid: {max_length: [16, 600], dataset.path: [data.csv, bad.csv]}\n";
    let sweep = SWEEP.replace("ablate:\n  rank: [4]\n  learning_rate: [1.0e-3]\n", grid);
    place.write("little.yaml", &sweep);
    place.write("bad.csv", &rows(40).replacen("World", "", 1));
    let weights = std::fs::read(place.path("model/model.safetensors")).unwrap();
    std::fs::write(place.path("model/model.safetensors"), &weights[..weights.len() - 4]).unwrap();
    let said = refused(&place, &[]);
    assert!(said.starts_with("error: little.yaml: 3 problems in what its runs read"), "{said}");
    for part in [
        "bad.csv: the label is missing in 1 of 40 rows (no label in bad.csv, line 2)",
        "max_length is 600; model HERE/model takes at most 512 tokens (4 runs)",
        "(8 runs)",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    // A part of it is fine when the rest is.
    std::fs::write(place.path("model/model.safetensors"), &weights).unwrap();
    let sound = "max_length=16, dataset.path=data.csv";
    place.sweep(&["run", "little.yaml", "--dry-run", "--only", sound]).assert().success();
}

/// D12: a tokenizer that does not fit the model.
#[test]
fn a_tokenizer_with_more_tokens_than_embeddings_is_refused_before_planning() {
    let place = Place::new();
    let words = std::fs::read_to_string(place.path("model/vocab.txt")).unwrap();
    place.write("model/vocab.txt", &format!("{words}\nmore\n"));
    let said = refused(&place, &[]);
    assert!(said.contains("18") && said.contains("17"), "{said}");
}

/// D12: what was recorded before stays, and a start with nothing left to do reads no data.
#[test]
fn completed_runs_are_not_checked_again() {
    let place = Place::new();
    place.mock(&[]).assert().success();
    let before = place.files("results/little");
    let log = std::fs::read_to_string(place.path("results/little/log.txt")).unwrap();
    assert_eq!(log.matches("data.csv: 32 training").count(), 1, "{log}");
    let output = place.mock(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!place.plain(&output.stderr).contains("tokens per text"));
    assert_eq!(place.files("results/little"), before);
    assert_eq!(std::fs::read_to_string(place.path("results/little/log.txt")).unwrap(), log);
}

/// Cause 1: nothing is silent.
#[test]
fn what_was_found_in_the_data_is_shown_and_kept() {
    let place = Place::new();
    let output = place.sweep(&["run", "little.yaml", "--dry-run", "--set", "max_length=7"]).output().unwrap();
    let shown = place.plain(&output.stdout);
    let shown: Vec<&str> = shown.lines().take_while(|line| !line.starts_with("run ")).collect();
    insta::assert_snapshot!("data_in_a_dry_run", shown.join("\n"));
    let output = place.mock(&["--set", "max_length=7"]).output().unwrap();
    let said = place.plain(&output.stderr);
    let said: Vec<&str> = said.lines().take_while(|line| !line.contains("pack ")).collect();
    insta::assert_snapshot!("data_when_training_starts", said.join("\n"));
    let log = place.plain(&std::fs::read(place.path("results/little/log.txt")).unwrap());
    for line in shown.iter().filter(|line| !line.is_empty() && !line.starts_with("data.csv")) {
        assert!(log.contains(line), "{line} is not in {log}");
    }
}

/// Cause 1: many classes and many data sets do not flood the terminal.
#[test]
fn many_classes_and_many_data_sets_are_summed_up() {
    let place = Place::new();
    let many: String = (0..600).map(|row| format!("a goal,class {}\n", row % 150)).collect();
    place.write("data.csv", &format!("text,label\n{many}"));
    let shown = |file: &str| {
        let output = place.sweep(&["run", file, "--dry-run"]).output().unwrap();
        let text = place.plain(&output.stdout);
        text.lines().take_while(|line| !line.starts_with("run ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = shown("little.yaml");
    assert!(lines.len() < 26 && lines.iter().any(|line| line.contains("(139 more)")), "{}", lines.join("\n"));
    let names: Vec<String> = (0..30).map(|number| format!("d{number}.csv")).collect();
    names.iter().enumerate().for_each(|(number, name)| place.write(name, &rows(40 + number)));
    let sweep =
        SWEEP.replace("  rank: [4]\n  learning_rate: [1.0e-3]", &format!("  dataset.path: [{}]", names.join(", ")));
    place.write("many.yaml", &sweep);
    let lines = shown("many.yaml");
    assert!(lines.len() < 75 && lines.iter().any(|line| line == "and 11 more data sets"), "{}", lines.join("\n"));
}

/// R2: the plan says where inputs lie so that it means the same from everywhere; ids do not depend on it.
#[test]
fn a_sweep_is_the_same_from_every_working_directory() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("sub/deeper")).unwrap();
    let sweep = SWEEP.replace("eval: {test_size: 8, seed: 1}", "eval: held.csv");
    place.write("little.yaml", &sweep);
    place.write("held.csv", &rows(8));
    let results = place.path("shared");
    let starts = [(".", "little.yaml"), ("sub", "../little.yaml"), ("sub/deeper", "../../little.yaml")];
    let start = |(folder, file): (&str, &str)| {
        let arguments = ["run", file, "--results", results.to_str().unwrap()];
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("sweep-mock"));
        command.args(arguments).current_dir(place.path(folder)).envs(place.environment());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let started = starts.map(start);
    let outputs = started.map(|child| child.wait_with_output().unwrap());
    for output in &outputs {
        assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    }
    let plan: serde_json::Value =
        serde_json::from_slice(&std::fs::read(results.join("little/sweep.json")).unwrap()).unwrap();
    let runs = plan["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 6);
    for run in runs {
        let spec = &run["spec"];
        let places = [&spec["model"], &spec["dataset"]["path"], &spec["dataset"]["evaluation"]["file"]];
        for place in places {
            let path = std::path::Path::new(place.as_str().unwrap());
            assert!(path.is_absolute() && path.exists(), "{place}");
        }
    }
}

/// A test part is shown wherever data are, and what it may not be is refused before anything is planned.
#[test]
fn a_test_part_is_shown_recorded_and_checked() {
    let place = Place::new();
    let tested = ["--set", "dataset.test={test_size: 6, seed: 2}"];
    let output = place.sweep(&[&["run", "little.yaml", "--dry-run"][..], &tested].concat()).output().unwrap();
    let shown = place.plain(&output.stdout);
    assert!(shown.contains("data.csv: 26 training, 8 evaluation and 6 test examples in 4 classes"), "{shown}");
    let header = shown.lines().find(|line| line.trim_start().starts_with("class ")).unwrap();
    assert!(header.split_whitespace().eq(["class", "training", "evaluation", "test"]), "{header}");

    place.mock(&tested).assert().success();
    let log = std::fs::read_to_string(place.path("results/little/log.txt")).unwrap();
    assert!(log.contains("8 evaluation and 6 test examples"), "{log}");
    let runs = std::fs::read_dir(place.path("results/little/runs")).unwrap().map(|run| run.unwrap().path());
    for run in runs {
        let record = std::fs::read_to_string(run.join("run.json")).unwrap();
        assert!(record.contains("\"test_examples\": "), "{record}");
        assert!(std::fs::read_to_string(run.join("log.txt")).unwrap().contains("test of epoch "));
        assert!(run.join("test_predictions.csv").exists());
    }

    // What the mock made is refused before anything else.
    std::fs::remove_dir_all(place.path("results")).unwrap();
    place.write("held.csv", "text,label\na goal,Sports\n");
    let said = refused(&place, &["--set", "dataset.eval=held.csv", "--set", "dataset.test=held.csv"]);
    assert!(said.contains("takes the same rows as `eval` and as `test`"), "{said}");
    let said = refused(&place, &["--set", "dataset.eval=held.csv", "--set", "dataset.test=./held.csv"]);
    assert!(said.contains("the test must choose nothing") || said.contains("takes the same rows"), "{said}");
    place.write("other.csv", "text,label\na goal,Cricket\n");
    let said = refused(&place, &["--set", "dataset.test=other.csv"]);
    assert!(said.contains("other.csv, line 2: unknown label `Cricket`"), "{said}");
}
