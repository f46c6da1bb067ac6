//! Several models and data sets in one sweep file.

use crate::support::{Place, rows};

const SWEEP: &str = "\
name: several
base:
  target_modules: {layers: all, modules: [query]}
  epochs: 1
  max_length: 16
grid:
  model: [./model, ./deeper]
  dataset:
    - {path: data.csv, eval: {test_size: 8}}
    - {path: more.csv, eval: {test_size: 8}}
runs:
  - {name: own, model: ./model, dataset: data.csv, dataset.eval: {test_size: 4}, learning_rate: 2e-3}
";

#[test]
fn models_and_data_sets_are_varied_like_other_parameters() {
    let place = Place::new();
    place.model("deeper", 3);
    place.write("more.csv", &rows(60));
    place.write("several.yaml", SWEEP);
    let output = place.sweep(&["run", "several.yaml", "--dry-run"]).output().unwrap();
    let shown = place.plain(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    for line in
        ["data.csv: 32 training and 8", "more.csv: 52 training and 8", "data.csv: 36 training and 4", "5 runs to train"]
    {
        assert!(shown.contains(line), "no `{line}`: {shown}");
    }
    let output = place.sweep_mock(&["run", "several.yaml"]).output().unwrap();
    let summary = place.plain(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    assert!(summary.contains("5 runs: 5 completed"), "{summary}");
    // What is evaluated on other examples is neither better nor worse.
    assert!(!summary.contains("Best run"), "{summary}");
    let status = place.sweep_mock(&["status", "results/several"]).output().unwrap();
    let status = place.plain(&status.stdout);
    let best: Vec<&str> = status.lines().filter(|line| line.contains("best so far")).collect();
    assert_eq!(best.len(), 3, "{status}");
    for (line, set) in best.iter().zip(["data.csv", "more.csv", "data.csv, read or held out in another way (2)"]) {
        assert!(line.contains(&format!("best so far on {set}: ")), "{status}");
    }
    let refused = place.sweep_mock(&["export", "several/best", "--adapter", "out"]).output().unwrap();
    let refused = place.plain(&refused.stderr);
    assert!(refused.contains("several data sets") && refused.contains(", the best on more.csv"), "{refused}");
}
