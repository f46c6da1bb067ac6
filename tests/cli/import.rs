use crate::support::Place;

const THEIRS: &str = "method: random\nrun_cap: 2\nprogram: train.py\nparameters:\n  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2}\n";

#[test]
fn what_is_imported_can_be_run() {
    let place = Place::new();
    place.write("theirs.yaml", THEIRS);
    let output = place.sweep(&["import", "theirs.yaml", "-o", "ours.yaml"]).output().unwrap();
    let said = place.plain(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("theirs.yaml: read as a W&B sweep, since it has `parameters`"), "{said}");
    assert!(said.contains("not carried over: `program`: "), "{said}");
    assert_eq!(place.plain(&output.stdout), "ours.yaml: 1 parameter varied, 0 fixed");
    let settings = ["--set", "model=./model", "--set", "dataset={path: data.csv, eval: {test_size: 8, seed: 1}}"];
    let modules = ["--set", "target_modules=[bert.encoder.layer.0.attention.self.query]"];
    let arguments: Vec<&str> = ["run", "ours.yaml", "--dry-run"].into_iter().chain(settings).chain(modules).collect();
    let dry = place.sweep(&arguments).output().unwrap();
    assert_eq!(dry.status.code(), Some(0), "{}", place.plain(&dry.stderr));
}

#[test]
fn what_is_there_is_not_replaced() {
    let place = Place::new();
    place.write("theirs.yaml", THEIRS);
    let output = place.sweep(&["import", "theirs.yaml", "-o", "little.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(place.plain(&output.stderr).contains("little.yaml: this file is there already"));
    let output = place.sweep(&["import", "theirs.yaml"]).output().unwrap();
    assert!(place.plain(&output.stdout).contains("learning_rate: {log_uniform: [0.0001, 0.01]}  # lr"));
    assert_eq!(place.sweep(&["import", "data.csv"]).output().unwrap().status.code(), Some(2));
    assert_eq!(place.sweep(&["import", "absent.yaml"]).output().unwrap().status.code(), Some(2));
}
