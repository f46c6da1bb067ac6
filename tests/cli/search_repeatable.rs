//! Searches with the program itself: the same file comes to the same runs, whoever trains them and whatever was killed.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
search:
  method: tpe
  samples: 14
  batch: 5
  stop: {method: asha, reduction_factor: 2}
  confirm: {top: 2, seeds: 2}
  space:
    learning_rate: {log_uniform: [1e-5, 1e-2]}
    rank: {log_int: [2, 64]}
    lr_scheduler: [cosine, linear]
    warmup_ratio: {uniform: [0, 0.3], when: {lr_scheduler: cosine}}
";

fn searched(text: &str) -> Place {
    let place = Place::new();
    place.write("search.yaml", text);
    place
}

fn plan(place: &Place) -> Value {
    let text = std::fs::read(place.path("results/search/sweep.json")).unwrap();
    let mut plan: Value = serde_json::from_slice(&text).unwrap();
    for time in ["created", "changed", "command"] {
        plan[time].take();
    }
    plan
}

/// What does not depend on the moment: the plan, and what was predicted.
fn came_to(place: &Place) -> (String, BTreeMap<String, String>) {
    // Paths of this folder stand in the plan, the one of a model at least.
    let plan = place.plain(serde_json::to_string_pretty(&plan(place)).unwrap().as_bytes());
    let is_kept = |name: &String| name.ends_with("predictions.csv");
    let files = place.files("results/search").into_iter().filter(is_kept);
    // Digests: what differs is to be named, not shown.
    let digest = |name: &String| {
        let contents = std::fs::read(place.path("results/search").join(name)).unwrap();
        blake3::hash(&contents).to_hex()[..12].to_owned()
    };
    (plan, files.map(|name| (name.clone(), digest(&name))).collect())
}

fn undisturbed() -> (String, BTreeMap<String, String>) {
    let place = searched(SEARCH);
    let output = place.sweep_mock(&["run", "search.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    came_to(&place)
}

fn assert_same(found: &(String, BTreeMap<String, String>), expected: &(String, BTreeMap<String, String>)) {
    assert_eq!(found.1, expected.1);
    let different = found.0.lines().zip(expected.0.lines()).find(|(found, expected)| found != expected);
    assert_eq!(different, None, "in the plan");
    assert_eq!(found.0.lines().count(), expected.0.lines().count());
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("sweep-mock"));
    command.args(arguments).current_dir(place.path(".")).stdout(Stdio::null());
    command.stderr(std::fs::File::create(place.path("stderr")).unwrap());
    command.envs(place.environment()).spawn().unwrap()
}

#[test]
fn a_search_tries_its_samples_stops_the_worse_ones_and_confirms_the_best() {
    let place = searched(SEARCH);
    place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
    let plan = plan(&place);
    let generations = plan["generations"].as_array().unwrap();
    let points: usize = generations.iter().map(|generation| generation["points"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(points, 14);
    let last = generations.last().unwrap();
    let seeds: Vec<&str> = last["runs"].as_array().unwrap().iter().map(|run| run.as_str().unwrap()).collect();
    let of_last = plan["runs"].as_array().unwrap().iter().filter(|run| seeds.contains(&run["id"].as_str().unwrap()));
    let seeds: Vec<u64> = of_last.map(|run| run["spec"]["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [43, 44, 43, 44], "the best two with seeds that the search has not seen");
    let index = std::fs::read_to_string(place.path("results/search/runs.csv")).unwrap();
    assert!(index.matches(",stopped,").count() >= 7, "half of the configurations at least stop: {index}");
    // Nothing is left to do.
    let before = came_to(&place);
    place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
    assert_eq!(came_to(&place), before);
}

#[test]
fn a_longer_search_goes_on_and_another_one_begins_anew() {
    let place = searched(SEARCH);
    place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
    let first = plan(&place)["generations"].as_array().unwrap().clone();
    place.write("search.yaml", &SEARCH.replace("samples: 14", "samples: 20"));
    place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
    let longer = plan(&place)["generations"].as_array().unwrap().clone();
    assert!(longer.len() > first.len());
    assert_eq!(longer[..first.len()], first);
    place.write("search.yaml", &SEARCH.replace("method: tpe", "method: sobol"));
    let output = place.sweep_mock(&["run", "search.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(place.plain(&output.stderr).contains("the search begins anew"), "{}", place.plain(&output.stderr));
    assert_ne!(plan(&place)["generations"][0], first[0]);
}

/// Training tokens a second that generations after the first have on record.
fn speeds(plan: &Value) -> Vec<f64> {
    let generations = plan["generations"].as_array().unwrap();
    assert_eq!(generations[0].get("tokens_per_second"), None, "nothing was trained before the first");
    generations[1..].iter().map(|generation| generation["tokens_per_second"].as_f64().unwrap()).collect()
}

#[test]
fn hours_are_reckoned_at_the_speed_of_the_first_runs_also_when_the_search_goes_on() {
    let with = |hours: &str| SEARCH.replace("search:\n", &format!("search:\n  budget: {{hours: {hours}}}\n"));
    let place = searched(&with("1e-9"));
    place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
    let little = plan(&place);
    let points = |plan: &Value| -> usize {
        let generations = plan["generations"].as_array().unwrap();
        generations.iter().map(|generation| generation["points"].as_array().map_or(0, Vec::len)).sum()
    };
    let first = little["generations"][0]["points"].as_array().unwrap().len();
    assert_eq!(points(&little), first, "the first batch is trained whatever it takes, and nothing after it");
    let measured = speeds(&little);
    assert!(measured[0] > 0.0);
    place.write("search.yaml", &with("1000"));
    place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
    let much = plan(&place);
    assert_eq!(points(&much), 14);
    assert!(speeds(&much).iter().all(|speed| *speed == measured[0]), "measured once");
}

#[test]
fn killed_again_and_again_a_search_comes_to_the_same() {
    let undisturbed = undisturbed();
    let place = searched(SEARCH);
    for kill in 0..12 {
        let mut child = start(&place, &["run", "search.yaml"]);
        std::thread::sleep(Duration::from_millis(250 + 70 * (kill * 5 % 7)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
    assert_same(&came_to(&place), &undisturbed);
}

#[test]
fn tasks_of_a_job_array_search_together() {
    let undisturbed = undisturbed();
    let place = searched(SEARCH);
    // As `--launch slurm` leaves it: planned, and nothing trained.
    let mut first = start(&place, &["run", "search.yaml"]);
    while !place.exists("results/search/search.json") {
        std::thread::sleep(Duration::from_millis(5));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let mut tasks = [(); 3].map(|()| start(&place, &["task", "--results", "results/search"]));
    tasks[1].kill().unwrap();
    let codes: Vec<Option<i32>> = tasks.iter_mut().map(|task| task.wait().unwrap().code()).collect();
    let said = std::fs::read_to_string(place.path("stderr")).unwrap();
    assert_eq!(codes, [Some(0), None, Some(0)], "{said}");
    assert_same(&came_to(&place), &undisturbed);
}

/// Points that were tried, in their order.
fn tried(place: &Place) -> Vec<Value> {
    let plan = plan(place);
    let generations = plan["generations"].as_array().unwrap().iter();
    generations.filter_map(|generation| generation["points"].as_array()).flatten().cloned().collect()
}

#[test]
fn what_confirms_is_not_counted_in_a_budget_that_grows() {
    let (base, space) = (SEARCH.split_once("search:").unwrap().0, SEARCH.split_once("  space:").unwrap().1);
    let with = |budget: u64| {
        format!(
            "{base}search:\n  method: tpe\n  samples: 20\n  batch: 2\n  budget: {{tokens: {budget}}}\n  \
             confirm: {{top: 3, seeds: 3}}\n  space:{space}"
        )
    };
    let searched_with = |budgets: &[u64]| {
        let place = searched(&with(budgets[0]));
        for budget in budgets {
            place.write("search.yaml", &with(*budget));
            place.sweep_mock(&["run", "search.yaml"]).assert().code(0);
        }
        tried(&place)
    };
    // Of two runs.
    let shown = searched(&with(1)).sweep_mock(&["run", "search.yaml", "--dry-run"]).output().unwrap().stdout;
    let shown = String::from_utf8(shown).unwrap();
    let (before, _) = shown.split_once(" training tokens").unwrap();
    let batch: u64 = before.rsplit_once(' ').unwrap().1.replace(',', "").parse().unwrap();
    let at_once = searched_with(&[6 * batch]);
    assert_eq!(at_once.len(), 12);
    assert_eq!(searched_with(&[3 * batch]).len(), 6);
    assert_eq!(searched_with(&[3 * batch, 6 * batch]), at_once);
}
