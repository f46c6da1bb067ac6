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
