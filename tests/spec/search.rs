//! The section `search`: what it means, and what users read when it is wrong.

use sweep::search::{Costs, FinishedGeneration, FinishedRun, Generation, of_sweep};
use sweep::spec::{Coordinate, Point, RecordedFacts, RecordedPoint, Sweep, SweepFile};

use crate::support::{FakeFacts, file, labels, problems, sweep};

const SEARCH: &str = "\
base: {dataset: data.csv, epochs: 9}
seeds: [1, 2]
exclude:
  - {rank: 64, lr_scheduler: linear}
search:
  method: tpe
  samples: 40
  batch: 4
  metric: eval_loss
  goal: minimize
  budget: {tokens: 2e6}
  stop: {method: median, n_startup_trials: 3, n_warmup_steps: 2, interval_steps: 2}
  confirm: {top: 2, seeds: 5}
  initial:
    - {learning_rate: 3e-5, rank: 16, lr_scheduler: linear, size: small}
  space:
    learning_rate: {log_uniform: [1e-5, 1e-2]}
    rank: {log_int: [2, 64]}
    lr_scheduler: [cosine, linear]
    warmup_ratio: {quantized: [0, 0.4, 0.1], when: {lr_scheduler: cosine}}
    size:
      - {name: small, model: sentence-transformers/all-MiniLM-L6-v2, target_modules: {layers: all, modules: [query]}}
      - {name: large, model: FacebookAI/roberta-base, target_modules: {layers: [0, 11], modules: [query]}}
";

fn point(rate: f64, rank: f64, scheduler: usize, warmup: Option<f64>, size: usize) -> Point {
    Point(vec![
        Some(Coordinate::Number(rate)),
        Some(Coordinate::Number(rank)),
        Some(Coordinate::Choice(scheduler)),
        warmup.map(Coordinate::Number),
        Some(Coordinate::Choice(size)),
    ])
}

#[test]
fn a_search_is_read_as_it_is_meant() {
    let sweep = sweep(SEARCH);
    assert!(sweep.runs.is_empty(), "the file names no run: {:?}", labels(&sweep));
    let record = sweep.search.as_ref().unwrap().record();
    insta::assert_snapshot!(serde_json::to_string_pretty(&record).unwrap());
}

#[test]
fn points_become_runs_with_the_ids_that_a_file_would_give_them() {
    let searched = sweep(SEARCH);
    let search = searched.search.as_ref().unwrap();
    let points = [point(1e-4, 8.0, 0, Some(0.2), 1), point(3e-5, 16.0, 1, None, 0)];
    let runs = search.runs(&points, &search.settings().seeds).unwrap();
    let written = sweep(
        "\
base: {dataset: data.csv, epochs: 9}
seeds: [1, 2]
runs:
  - {learning_rate: 1e-4, rank: 8, lr_scheduler: cosine, warmup_ratio: 0.2, target_modules: {layers: [0, 11], modules: [query]}}
  - {learning_rate: 3e-5, rank: 16, lr_scheduler: linear, model: sentence-transformers/all-MiniLM-L6-v2,
     target_modules: {layers: all, modules: [query]}}
",
    );
    let ids = |sweep: &[sweep::spec::PlannedRun]| sweep.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&runs), ids(&written.runs));
    let shown: Vec<&str> = runs.iter().map(|run| run.label.as_str()).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn dimensions_apply_and_points_are_left_out_as_the_file_says() {
    let sweep = sweep(SEARCH);
    let search = sweep.search.as_ref().unwrap();
    assert!(search.is_active(3, &point(1e-4, 8.0, 0, None, 0)) && !search.is_active(3, &point(1e-4, 8.0, 1, None, 0)));
    assert!(search.is_allowed(&point(1e-4, 64.0, 0, Some(0.0), 0)));
    assert!(!search.is_allowed(&point(1e-4, 64.0, 1, None, 0)));
}

#[test]
fn what_a_search_can_read_is_looked_at_before_it_begins() {
    let facts = FakeFacts::default();
    let sweep = file(SEARCH).resolve(&facts).unwrap();
    let asked: std::collections::BTreeSet<String> = facts.models_asked.borrow().iter().cloned().collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    let probes = sweep.search.as_ref().unwrap().probes().unwrap();
    let models: std::collections::BTreeSet<&str> = probes.iter().map(|run| run.spec.model.as_str()).collect();
    assert_eq!(models.len(), 2);
}

/// Whether such a dimension applies is not known before a point is: what both cases read is looked at.
#[test]
fn what_a_search_reads_on_a_condition_is_looked_at_too() {
    for schedulers in ["[cosine, constant]", "[constant, cosine]"] {
        let sweep = sweep(&format!(
            "\
base: {{model: distilbert/distilbert-base-uncased, dataset: data.csv, target_modules: {{layers: [0], modules: query}}}}
search:
  method: random
  samples: 20
  batch: 20
  space:
    lr_scheduler: {schedulers}
    model: {{choice: [FacebookAI/roberta-base, sentence-transformers/all-MiniLM-L6-v2], when: {{lr_scheduler: cosine}}}}
    epochs: {{int: [1, 99]}}
"
        ));
        let first = of_sweep(&sweep).next(&[], Costs::UNKNOWN).unwrap().unwrap();
        let models: std::collections::BTreeSet<&str> = first.runs.iter().map(|run| run.spec.model.as_str()).collect();
        assert_eq!(models.len(), 3);
        let probes = sweep.search.as_ref().unwrap().probes().unwrap();
        assert!(models.iter().all(|model| probes.iter().any(|probe| probe.spec.model == *model)), "{models:?}");
    }
}

#[test]
fn what_was_found_is_enough_to_resolve_later_runs() {
    let sweep = sweep(SEARCH);
    let search = sweep.search.as_ref().unwrap();
    let record = serde_json::to_string(&search.facts().record()).unwrap();
    let facts = FakeFacts::default();
    let families = sweep::spec::Facts::families(&facts);
    let read = RecordedFacts::read(&serde_json::from_str(&record).unwrap(), &families, &["tpe"]).unwrap();
    let again: Sweep =
        SweepFile::parse(SEARCH, std::path::Path::new("no-such-folder")).unwrap().resolve(&read).unwrap();
    let again = again.search.unwrap();
    assert_eq!(again.definition(), search.definition());
    let points = [point(1e-4, 8.0, 0, Some(0.2), 1)];
    assert_eq!(again.runs(&points, &[7]).unwrap(), search.runs(&points, &[7]).unwrap());
}

#[test]
fn the_definition_tells_searches_that_choose_otherwise() {
    let definition = |text: &str| sweep(text).search.unwrap().definition();
    let own = definition(SEARCH);
    for (from, to) in [("samples: 40", "samples: 80"), ("tokens: 2e6", "tokens: 3e6"), ("top: 2", "top: 3")] {
        assert_eq!(definition(&SEARCH.replace(from, to)), own, "{to} makes the search longer, no other one");
    }
    for (from, to) in [
        ("batch: 4", "batch: 5"),
        ("[1e-5, 1e-2]", "[1e-5, 1e-3]"),
        ("n_startup_trials: 3", "n_startup_trials: 4"),
        ("seeds: [1, 2]", "seeds: [1, 3]"),
        ("when: {lr_scheduler: cosine}", "when: {lr_scheduler: cosine, rank: {gt: 2}}"),
        ("rank: 16,", "rank: 17,"),
    ] {
        assert_ne!(definition(&SEARCH.replace(from, to)), own, "{to}");
    }
}

#[test]
fn everything_wrong_is_told() {
    insta::assert_snapshot!(problems(
        "\
base: {dataset: data.csv}
ablate: {rank: [8]}
hypotheses:
  - {id: a, claim: More rank helps., vary: rank, metric: accuracy, expect: higher}
search:
  method: tpee
  sample: 3
  samples: 0
  goal: minimize
  metric: acuracy
  budget: {hours: 3, tokens: 5}
  confirm: {top: 0}
  stop: {method: asha, grace_period: 2}
  initial: [{learning_rate: 1, rnk: 3}]
  space:
    learning_rate: {log_uniform: [0, 1e-2]}
    lora_dropout: {uniform: [0.5, 0.1]}
    hidden_dropout: {uniform: [0, 1]}
    rank: {uniform: [2, 64]}
    epochs: {quantized: [1, 9, 0.5]}
    max_length: {int: [64, 128]}
    batch_size: {normal: [1, 2]}
    seed: [1, 2]
    weight_decay: 0.1
    lr_scheduler: [cosine, cosine]
    warmup: {uniform: [0, 1]}
    attention_dropout: {uniform: [0, 0.1], int: [0, 1]}
"
    ));
    insta::assert_snapshot!(problems(
        "\
base: {dataset: data.csv}
ablate: {rank: [8]}
hypotheses:
  - {id: a, claim: More rank helps., vary: rank, metric: accuracy, expect: higher}
search:
  method: tpee
  samples: 3
  goal: minimize
  stop: {method: asha}
  space:
    learning_rate: {log_uniform: [1e-5, 1e-2]}
    model: [FacebookAI/roberta-base, no/model]
"
    ));
}

const ORDER: &str = "\
search:
  method: METHOD
  samples: 30
  batch: 30
  space:
    warmup_ratio: {uniform: [0.2, 0.3], when: {lr_scheduler: cosine}}
    lr_scheduler: [cosine, constant]
    rank: {int: [1, 999]}
";

fn first_points(text: &str) -> Vec<RecordedPoint> {
    let first = of_sweep(&sweep(text)).next(&[], Costs::UNKNOWN).unwrap().unwrap();
    first.points.into_iter().map(|tried| tried.point).collect()
}

#[test]
fn a_condition_may_ask_for_what_stands_after_it() {
    for base in ["cosine", "constant"] {
        for method in sweep::search::method_names() {
            let text = format!("base: {{lr_scheduler: {base}}}\n{}", ORDER.replace("METHOD", method));
            let points = first_points(&text);
            let warmed = points.iter().filter(|point| point.contains_key("warmup_ratio")).count();
            assert!((5..25).contains(&warmed), "{method}, {base}: {warmed} of {}", points.len());
            for point in points {
                assert_eq!(point.contains_key("warmup_ratio"), point["lr_scheduler"] == "cosine", "{point:?}");
            }
        }
    }
}

#[test]
fn conditions_do_not_go_in_a_circle() {
    let of = |space: &str| problems(&format!("search: {{method: random, samples: 3, space: {{{space}}}}}"));
    insta::assert_snapshot!(
        [
            of("rank: {int: [1, 8], when: {rank: {gt: 2}}}"),
            of("epochs: [1, 2], rank: {int: [1, 8], when: {lora_alpha: 8}}, lora_alpha: {choice: [8, 16], when: {lora_dropout: 0.1}}, \
                lora_dropout: {choice: [0, 0.1], when: {rank: 2}}"),
            of("rank: {int: [1, 8], when: {rnk: 3}}"),
        ]
        .join("\n")
    );
    // One that follows another parameter depends on that one.
    let text = ORDER.replace("METHOD", "random").replace("lr_scheduler: cosine", "classifier_dropout: 0.1");
    let points = first_points(&text.replace("lr_scheduler: [cosine, constant]", "hidden_dropout: [0.1, 0.2]"));
    assert!(points.iter().all(|point| point.contains_key("warmup_ratio") == (point["hidden_dropout"] == "0.1")));
}

#[test]
fn initial_points_are_tried_as_they_stand_or_refused() {
    let section = |initial: &str| {
        format!(
            "\
exclude: [{{rank: 64}}]
base: {{hidden_dropout: 0.1}}
search:
  method: random
  samples: 9
  initial:
{initial}
  space:
    rank: {{log_int: [2, 64]}}
    lr_scheduler: [cosine, constant]
    warmup_ratio: {{quantized: [0, 0.3, 0.05], when: {{lr_scheduler: cosine}}}}
    lora_alpha: {{int: [4, 64]}}
    classifier_dropout: [null, 0.1]
"
        )
    };
    insta::assert_snapshot!(problems(&section(
        "
    - {rank: 4, lr_scheduler: cosine, lora_alpha: 8, classifier_dropout: null}
    - {rank: 4, lr_scheduler: constant, warmup_ratio: 0.1, lora_alpha: 8, classifier_dropout: null}
    - {rank: 64, lr_scheduler: constant, lora_alpha: 8, classifier_dropout: null}
    - {rank: 8, lr_scheduler: constant, lora_alpha: 8, classifier_dropout: null}
    - {rank: 8, lr_scheduler: constant, lora_alpha: 8, classifier_dropout: null}
    - {rank: 8, lr_scheduler: constant, lora_alpha: 8, classifier_dropout: 0.1}"
    )));
    insta::assert_snapshot!(problems(&section(
        "
    - {rank: 4, lr_scheduler: cosine, warmup_ratio: 0.07, lora_alpha: 8, classifier_dropout: null}
    - {rank: 4, lr_scheduler: constant, lora_alpha: 4.5, classifier_dropout: null}"
    )));
    let right = "
    - {rank: 4, lr_scheduler: cosine, warmup_ratio: 0.15, lora_alpha: 8, classifier_dropout: null}
    - {rank: 4, lr_scheduler: constant, lora_alpha: 8, classifier_dropout: 0.1}";
    let points = first_points(&section(right));
    assert_eq!(points[0]["warmup_ratio"], 0.15);
    assert_eq!(points[1]["lr_scheduler"], "constant");
}

fn notices(text: &str, assignments: &[&str]) -> Vec<String> {
    let mut file = file(text);
    assignments.iter().for_each(|assignment| file.set(assignment).unwrap());
    let sweep = file.resolve(&FakeFacts::default()).unwrap();
    file.notices(&sweep)
}

#[test]
fn what_a_search_says_without_effect_is_told() {
    let of = |section: &str, space: &str, assignments: &[&str]| {
        notices(&format!("{section}\nsearch: {{method: random, samples: 1, space: {{{space}}}}}"), assignments)
    };
    let choices = "rank: [4, 8], lr_scheduler: [cosine, constant]";
    assert_eq!(of("exclude: [{rank: 8, lr_scheduler: cosine}]", choices, &[]), [""; 0]);
    let idle =
        |number: usize| format!("`exclude[{number}]` (line 1) leaves out no run: none meets all of its conditions");
    assert_eq!(
        of("exclude: [{rank: 99}, {rank: 8}, {epochs: 3}, {rank: {lt: 8}, epochs: 5}]", choices, &[]),
        [idle(0), idle(2)]
    );
    let ranges = "learning_rate: {log_uniform: [1e-5, 1e-2]}, \
                  warmup_ratio: {quantized: [0, 0.3, 0.05], when: {lr_scheduler: cosine}}, \
                  both: [{rank: 4, lora_alpha: 8}, {rank: 8, lora_alpha: 16}]";
    let conditions = "exclude: [{learning_rate: {gt: 1e-3}}, {learning_rate: {gt: 0.01}}, {warmup_ratio: 0.07}, {warmup_ratio: 0.05}, \
                      {rank: 4, lora_alpha: 16}, {rank: 4, lora_alpha: 8}, {learning_rate: 3e-5}]";
    assert_eq!(of(conditions, ranges, &[]), [idle(1), idle(2), idle(4)]);
    assert_eq!(
        of("", choices, &["rank=4"]),
        ["--set rank=4 has no effect: every run has the `rank` that `search.space.rank` gives it"]
    );
    assert_eq!(
        of("grid: {epochs: [1, 2]}", choices, &["rank=4"]),
        ["--set rank=4 has no effect on the runs of `search.space.rank`, which give their own `rank`"]
    );
    let conditional = "rank: {choice: [4, 8], when: {lr_scheduler: cosine}}, lr_scheduler: [cosine, constant]";
    assert_eq!(of("", conditional, &["rank=4"]), [""; 0], "where it does not apply it is base's");
    assert_eq!(
        of("", "rank: {choice: [4, 8], when: {lr_scheduler: linear}}, epochs: [3]", &[]),
        [
            "`search.space.rank` (line 2) is never varied: no point of the space meets its `when`",
            "`search.space.epochs` (line 2) has one value, `3`, so it varies nothing",
        ]
    );
    assert_eq!(
        of("base: {dataset: {path: a.csv, limit: 700}}", "dataset: [b.csv, c.csv]", &[]),
        [
            "`search.space.dataset` (line 2) replaces the whole data set of base: `limit` of base is not taken over; vary \
          `dataset.path` to keep it"
        ]
    );
    assert_eq!(
        of("", "rank: [4, 8]}, initial: [{rank: 4}, {rank: 8}], stop: {method: asha, min_resource: 5", &[]),
        [
            "`search.initial` (line 2) has 2 points, of which `samples: 1` tries the first 1 only",
            "`search.stop` (line 2) stops nothing: its first rung is not before the end of runs of 5 epochs",
        ]
    );
    let longer = "epochs: {int: [2, 6]}}, stop: {method: asha, min_resource: 5";
    assert_eq!(of("", longer, &[]), [""; 0], "some are longer");
}

/// What is planned after a first generation whose runs came to what `came_to` says of each.
fn second(text: &str, came_to: impl Fn(usize, &mut FinishedRun<'_>)) -> Generation {
    let search = of_sweep(&sweep(text));
    let first = search.next(&[], Costs::UNKNOWN).unwrap().unwrap();
    let finished = |(number, run): (usize, &sweep::spec::PlannedRun)| {
        let (id, configuration, spec) = (run.id.clone(), run.configuration.clone(), run.spec.clone());
        (number, id, configuration, spec)
    };
    let planned: Vec<_> = first.runs.iter().enumerate().map(finished).collect();
    let runs = planned.iter().map(|(number, id, configuration, spec)| {
        let value = Some(0.5 + 0.1 * *number as f64);
        let epochs = spec.epochs;
        let mut run = FinishedRun { id, configuration, spec, value, paused_at: None, stopped_at: None, epochs };
        came_to(*number, &mut run);
        run
    });
    let finished = FinishedGeneration { runs: runs.collect(), points: &first.points };
    search.next(&[finished], Costs::UNKNOWN).unwrap().unwrap_or_default()
}

#[test]
fn what_somebody_stopped_is_neither_confirmed_nor_trained_further() {
    let text = "\
base: {epochs: 9}
search:
  method: random
  samples: 4
  batch: 4
  confirm: {top: 4, seeds: 1}
  space: {rank: [2, 4, 8, 16]}
";
    let all = second(text, |_, _| ());
    assert_eq!(all.runs.len(), 4, "each is confirmed");
    // The last one has the best value.
    let without = second(text, |number, run| {
        if number == 3 {
            (run.stopped_at, run.epochs) = (Some(2), 2);
        }
    });
    let confirmed: Vec<&str> = without.runs.iter().map(|run| run.configuration.as_str()).collect();
    let others: Vec<&str> = all.runs.iter().map(|run| run.configuration.as_str()).skip(1).collect();
    assert_eq!(confirmed, others, "the best one is left out");
    for rule in ["asha, min_resource: 3, reduction_factor: 2", "median, n_warmup_steps: 3"] {
        let stopping = text.replace("  space:", &format!("  stop: {{method: {rule}}}\n  space:"));
        let on = second(&stopping, |number, run| match number {
            3 => (run.stopped_at, run.epochs) = (Some(3), 3),
            _ => (run.paused_at, run.epochs) = (Some(3), 3),
        });
        assert!(!on.runs.is_empty());
        assert!(on.runs.iter().all(|run| others.contains(&run.configuration.as_str())), "{rule}: {:?}", on.runs);
        let none = second(&stopping, |_, run| (run.stopped_at, run.epochs) = (Some(2), 2));
        assert!(none.runs.is_empty(), "{rule}: {:?}", none.runs);
    }
}
