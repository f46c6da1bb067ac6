//! Points of a search that come to the same runs as others, or as those that the file names.

use serde_json::Value;

use crate::support::Place;

const SEARCH: &str = "\
name: search
base:
  model: ./model
  dataset: {path: data.csv, eval: {test_size: 8, seed: 1}}
  target_modules: [bert.encoder.layer.0.attention.self.query]
  epochs: 4
  batch_size: 4
";

fn searched(section: &str) -> Place {
    let place = Place::new();
    place.write("search.yaml", &format!("{SEARCH}{section}"));
    run(&place);
    place
}

fn run(place: &Place) {
    let output = place.sweep_mock(&["run", "search.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
}

fn plan(place: &Place) -> Value {
    serde_json::from_slice(&std::fs::read(place.path("results/search/sweep.json")).unwrap()).unwrap()
}

fn points(plan: &Value) -> Vec<String> {
    let generations = plan["generations"].as_array().unwrap().iter();
    let points = generations.filter_map(|generation| generation["points"].as_array()).flatten();
    points.map(|point| point["configuration"].as_str().unwrap().to_owned()).collect()
}

fn status(place: &Place) -> Value {
    let output = place.sweep_mock(&["status", "results/search", "--json"]).output().unwrap();
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    status[0]["runs"].clone()
}

/// Base's `hidden_dropout` is 0.2, so without a `classifier_dropout` of its own a run has that one.
const DOUBLES: &str = "\
search:
  method: METHOD
  samples: 6
  confirm: false
  space:
    classifier_dropout: [null, 0.1, 0.2]
    rank: [4, 8]
";

#[test]
fn points_that_come_out_the_same_are_one() {
    for method in ["random", "sobol", "tpe"] {
        let section = DOUBLES.replace("METHOD", method);
        for more in ["", "  batch: 1\n", "  batch: 1\n  stop: {method: asha, reduction_factor: 2}\n"] {
            let place = searched(&format!("{section}{more}"));
            let plan = plan(&place);
            assert_eq!((points(&plan).len(), plan["runs"].as_array().unwrap().len()), (4, 4), "{method} {more}");
            let text = place.sweep_mock(&["status", "results/search"]).output().unwrap().stdout;
            assert!(place.plain(&text).contains("4 of 6 samples"), "{}", place.plain(&text));
            run(&place);
        }
    }
}

#[test]
fn modules_that_are_chosen_in_several_ways_are_the_same() {
    let space = "\
search:
  method: tpe
  samples: 4
  confirm: false
  space:
    target_modules: [{layers: all, modules: [query, value]}, {layers: [0, 1], modules: [query, value]}]
    rank: [4, 8]
";
    assert_eq!(points(&plan(&searched(space))).len(), 2);
}

#[test]
fn runs_that_the_file_names_are_trained_to_their_end() {
    let place = searched(
        "\
grid: {learning_rate: [1.0e-4, 3.0e-4, 1.0e-3]}
search:
  method: random
  samples: 6
  batch: 6
  confirm: false
  stop: {method: asha, min_resource: 1, reduction_factor: 3}
  space: {learning_rate: [1.0e-5, 3.0e-5, 1.0e-4, 3.0e-4, 1.0e-3, 3.0e-3]}
",
    );
    let runs = status(&place);
    let runs = runs.as_array().unwrap();
    assert_eq!(runs.len(), 6, "what the search chooses as well is one run");
    for (number, run) in runs.iter().enumerate() {
        let expected = if number < 3 { "completed" } else { "stopped" };
        assert_eq!(run["state"], expected, "{run}");
    }
}
