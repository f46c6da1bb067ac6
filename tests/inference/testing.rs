//! The figures of a run's test are those that a prediction of the same rows gives.

use crate::support::{Place, corpus, root};

const SWEEP: &str = "\
name: little
base:
  model: MODEL
  dataset: {path: CORPUS, limit: 70, eval: {test_size: 16, seed: 1}, test: {test_size: 18, seed: 3}}
  target_modules: {layers: all, modules: [query]}
  max_length: 16
  rank: 2
  lora_alpha: 4
  learning_rate: 1.0e-2
  epochs: 3
";

#[test]
fn a_test_gives_what_predict_gives_on_the_same_file() {
    let place = Place::new();
    let model = root().join("tests/fixtures/reference/bert/model");
    let csv = root().join("sweeps/data/newswire.csv");
    let sweep = SWEEP.replace("MODEL", model.to_str().unwrap()).replace("CORPUS", csv.to_str().unwrap());
    place.write("little.yaml", &sweep);
    place.output(&["run", "little.yaml", "--devices", "cpu"]);
    let run = place.run("base");
    let result: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(run.join("result.json")).unwrap()).unwrap();
    let figures = &result["test"]["best"];

    let texts = corpus();
    let mut table = csv::Writer::from_path(place.path("test.csv")).unwrap();
    table.write_record(["text", "topic"]).unwrap();
    let mut recorded = csv::Reader::from_path(run.join("test_predictions.csv")).unwrap();
    let names: Vec<String> = recorded.headers().unwrap().iter().skip(3).map(|name| name[2..].to_string()).collect();
    let mut predicted = Vec::new();
    for row in recorded.records().map(Result::unwrap) {
        let (text, label) = &texts[row[0].parse::<usize>().unwrap()];
        table.write_record([text, label]).unwrap();
        assert_eq!(names[row[1].parse::<usize>().unwrap()], *label);
        predicted.push(names[row[2].parse::<usize>().unwrap()].clone());
    }
    table.flush().unwrap();
    assert_eq!(predicted.len(), 18);
    let arguments =
        ["predict", "--run", "base", "--input", "test.csv", "--output", "out.csv", "--truth-column", "topic"];
    let done = place.sweep(&arguments).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(0), "{said}");
    let score = |name: &str| figures["scores"][name].as_f64().unwrap();
    let expected = format!("accuracy {:.2} %, F1 {:.4}", 100.0 * score("accuracy"), score("f1"));
    assert!(said.contains(&expected), "{expected}: {said}");
    let out = place.read("out.csv");
    let labels: Vec<&str> = out.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(labels, predicted);
}
