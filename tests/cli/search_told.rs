//! What is said of a search: at its end, in its status, in its report.

use crate::support::Place;

const SEARCH: &str = "\
name: little
base:
  model: ./model
  dataset: {path: data.csv, eval: {test_size: 8, seed: 1}}
  target_modules: [bert.encoder.layer.0.attention.self.query]
  rank: 2
  lora_alpha: 4
  epochs: 2
  batch_size: 4
seeds: [1, 2]
search:
  method: random
  samples: 6
  batch: 3
  confirm: {top: 2, seeds: 2}
  space:
    learning_rate: {log_uniform: [1e-5, 1e-2]}
    lr_scheduler: [cosine, linear]
    warmup_ratio: {uniform: [0, 0.3], when: {lr_scheduler: cosine}}
";

fn searched() -> (Place, String) {
    let place = Place::new();
    place.write("little.yaml", SEARCH);
    let output = place.mock(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    let text = place.plain(&output.stdout);
    (place, text)
}

#[test]
fn the_end_of_a_search_tells_what_was_found_and_not_its_luckiest_runs() {
    let (place, text) = searched();
    insta::assert_snapshot!(text);
    let status = place.sweep_mock(&["status", "results/little"]).output().unwrap();
    let status = place.plain(&status.stdout);
    let conclusion = text.lines().filter(|line| line.starts_with("Best: ")).collect::<Vec<_>>();
    assert!(status.contains("search by random: generation 3, 6 of 6 samples"), "{status}");
    assert!(conclusion.len() == 1 && status.contains(conclusion[0]), "{status}");
    assert!(!status.contains("not confirmed"), "{status}");
}

/// The luckiest run of all is of another configuration than the one that the fresh seeds find the best.
#[test]
fn the_best_run_of_a_search_is_one_of_the_configuration_that_it_found() {
    let (place, text) = searched();
    let conclusion = text.lines().find_map(|line| line.strip_prefix("Best: ")).unwrap();
    let (winner, _) = conclusion.split_once(": accuracy").unwrap();
    let status = place.sweep(&["status", "results/little", "--json"]).output().unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let runs = status[0]["runs"].as_array().unwrap();
    let seeds = |of: &serde_json::Value| runs.iter().filter(|run| run["configuration"] == *of).count();
    let lucky = runs.iter().find(|run| seeds(&run["configuration"]) == 2).expect("one that was not confirmed");
    let folder = format!("results/little/runs/{}", lucky["id"].as_str().unwrap());
    let change = |file: &str, change: &dyn Fn(String) -> String| {
        let path = place.path(&format!("{folder}/{file}"));
        std::fs::write(&path, change(std::fs::read_to_string(&path).unwrap())).unwrap();
    };
    change("result.json", &|text| {
        let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
        record["best"]["scores"]["accuracy"] = 1.0.into();
        record.to_string()
    });
    // The mock's adapters are nobody's: the message names the run's.
    let best = place.sweep(&["export", "little/best", "--adapter", "out"]).output().unwrap();
    let said = place.plain(&best.stderr);
    let of_winner = runs.iter().filter(|run| run["configuration"] == winner);
    let names: Vec<&str> =
        of_winner.flat_map(|run| [&run["id"], &run["label"]]).filter_map(|name| name.as_str()).collect();
    assert!(names.iter().any(|name| said.contains(name)), "{said}");
    assert!(!said.contains(lucky["label"].as_str().unwrap()), "{said}");
}

#[test]
fn the_winners_settings_can_be_copied_into_a_sweep_file() {
    let (place, _) = searched();
    let output = place.sweep_mock(&["report", "results/little"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    let summary = std::fs::read_to_string(place.path("reports/little/summary.md")).unwrap();
    let (_, rest) = summary.split_once("```yaml\nbase:\n").unwrap();
    let (settings, _) = rest.split_once("```").unwrap();
    assert!(settings.contains("  learning_rate: ") && settings.contains("  lr_scheduler: "), "{settings}");
    let (base, _) = SEARCH.split_once("search:").unwrap();
    place.write("winner.yaml", &base.replace("base:\n", &format!("base:\n{settings}")));
    let planned = place.sweep_mock(&["run", "winner.yaml", "--dry-run"]).output().unwrap();
    assert_eq!(planned.status.code(), Some(0), "{}", place.plain(&planned.stderr));
}

/// It is stopped, then trained for an epoch, so that it has a figure: a good one, perhaps, but none of all its epochs.
#[test]
fn a_sample_that_somebody_stopped_is_not_confirmed() {
    let place = Place::new();
    let (base, _) = SEARCH.split_once("seeds:").unwrap();
    let section =
        "search:\n  method: random\n  samples: 4\n  confirm: {top: 4, seeds: 2}\n  space: {rank: [2, 4, 8, 16]}\n";
    place.write("little.yaml", &format!("{base}{section}"));
    place.mock(&["--only", "rank=2", "--only", "rank=4", "--only", "rank=8"]).assert().code(0);
    place.sweep_mock(&["stop", "rank=16, seed=42"]).assert().code(0);
    place.sweep_mock(&["extend", "rank=16, seed=42", "--epochs", "1"]).assert().code(0);
    let output = place.mock(&[]).output().unwrap();
    let text = place.plain(&output.stdout);
    assert!(text.contains("10 runs: 9 completed, 1 stopped"), "{text}");
    let (table, _) = text.split_once("Search:").unwrap();
    assert!(
        table.lines().rfind(|line| line.starts_with("rank=")).unwrap().starts_with("rank=16 "),
        "ranked last: {table}"
    );
    place.sweep_mock(&["report", "results/little"]).assert().code(0);
    let samples = std::fs::read_to_string(place.path("reports/little/search.csv")).unwrap();
    let cells = |line: &'_ str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let stopped = samples.lines().map(cells).find(|cells| cells[2] == "16").unwrap();
    assert_eq!(stopped[3], "stopped", "{samples}");
}
