//! `--set`.

use sweep::spec::{Evaluation, HeldOut, Sweep};

use crate::support::{FakeFacts, file, labels};

fn with(text: &str, assignments: &[&str]) -> Sweep {
    let mut file = file(text);
    for assignment in assignments {
        file.set(assignment).unwrap();
    }
    file.resolve(&FakeFacts::default()).unwrap()
}

#[test]
fn an_option_changes_base_and_what_is_varied_stays() {
    let sweep = with("base: {rank: 4, epochs: 3}\nablate: {epochs: [8]}", &["epochs=2", "learning_rate=1e-3"]);
    let values: Vec<_> =
        sweep.runs.iter().map(|run| (run.spec.epochs, run.spec.rank, run.spec.learning_rate)).collect();
    assert_eq!(values, [(2, 4, 1e-3), (8, 4, 1e-3)]);
}

#[test]
fn values_are_yaml() {
    let sweep = with(
        "{}",
        &["target_modules={layers: [0], modules: [query]}", "model=copy/of-roberta", " lr_scheduler = linear"],
    );
    let spec = &sweep.runs[0].spec;
    assert_eq!(spec.target_modules, ["roberta.encoder.layer.0.attention.self.query"]);
    assert_eq!((spec.model.as_str(), spec.lr_scheduler.name()), ("copy/of-roberta", "linear"));
}

#[test]
fn a_data_set_is_moved_replaced_whole_or_changed_by_field() {
    let text = "base: {dataset: {path: a.csv, label: topic, limit: 900, eval: {test_size: 0.1}}}";
    // R9: a path alone says nothing of the other fields.
    let moved = &with(text, &["dataset=b.csv"]).runs[0].spec.dataset;
    assert_eq!((moved.path.as_str(), moved.label.as_deref(), moved.limit), ("b.csv", Some("topic"), Some(900)));
    assert_eq!(moved.evaluation, Evaluation::HeldOut { size: HeldOut::Fraction(0.1), seed: 42 });
    let whole = &with(text, &["dataset={path: b.csv}"]).runs[0].spec.dataset;
    assert_eq!((whole.path.as_str(), &whole.label, whole.limit), ("b.csv", &None, None));
    assert_eq!(
        notices(text, &["dataset={path: b.csv, limit: 700}"]),
        ["--set dataset={...} replaces the whole data set: its `label`, `eval` is dropped; `dataset=PATH` keeps it"]
    );
    let fields = &with(text, &["dataset.path=b.csv", "dataset.limit=100", "dataset.eval={test_size: 0.25}"]).runs[0]
        .spec
        .dataset;
    assert_eq!((fields.path.as_str(), fields.label.as_deref(), fields.limit), ("b.csv", Some("topic"), Some(100)));
    assert_eq!(fields.evaluation, Evaluation::HeldOut { size: HeldOut::Fraction(0.25), seed: 42 });
}

#[test]
fn seeds_can_be_replaced() {
    let text = "ablate: {rank: [4]}\nseeds: [1, 2]";
    assert_eq!(labels(&with(text, &["seeds=[7, 8]"]))[..2], ["base, seed=7", "base, seed=8"]);
    let one = with(text, &["seed=9"]);
    assert_eq!(labels(&one), ["base", "rank=4"]);
    assert_eq!(one.runs[1].spec.seed, 9);
}

#[test]
fn a_varied_value_that_base_now_has_collapses() {
    assert_eq!(labels(&with("ablate: {epochs: [8, 10]}", &["epochs=8"])), ["base", "epochs=10"]);
}

#[test]
fn wrong_options_say_what_would_be_right() {
    let message = |assignment: &str| file("{}").set(assignment).unwrap_err().to_string();
    assert_eq!(
        message("lora_droput=0.1"),
        "--set: 1 problem\n  --set lora_droput: unknown parameter `lora_droput`; did you mean `lora_dropout`?"
    );
    assert_eq!(message("lr=1"), "--set: 1 problem\n  --set lr: unknown parameter `lr`; did you mean `learning_rate`?");
    assert_eq!(message("epochs"), "--set: 1 problem\n  --set epochs: must be `key=value`");
    assert_eq!(
        message("epochs="),
        "--set: 1 problem\n  --set epochs: must be a whole number from 1 to 10000, found nothing"
    );
    assert_eq!(
        message("dataset.limit=0"),
        "--set: 1 problem\n  --set dataset.limit: must be from 1 to 1000000000000, found 0"
    );
    assert!(message("dataset.limmit=5").contains("did you mean `dataset.limit`?"));
    assert!(message("target_modules=[a").contains("--set target_modules: the value is no YAML: "));
    assert!(message("seeds=1").contains("must be a list of seeds, found 1"));
    assert!(message("").contains("must be `key=value`"));
}

/// Held-out examples are taken from the limited rows.
#[test]
fn a_limit_that_leaves_nothing_to_train_on() {
    let mut file = file("{}");
    file.set("dataset.limit=100").unwrap();
    let message = file.resolve(&FakeFacts::default()).unwrap_err().to_string();
    assert!(message.contains("--set dataset: holds out 640 of 100 rows"), "{message}");
}

fn notices(text: &str, assignments: &[&str]) -> Vec<String> {
    let mut file = file(text);
    for assignment in assignments {
        file.set(assignment).unwrap();
    }
    let sweep = file.resolve(&FakeFacts::default()).unwrap();
    file.notices(&sweep)
}

/// R10.
#[test]
fn options_without_effect_are_told() {
    let grid = "grid: {rank: [2, 8], epochs: [1, 2]}";
    assert_eq!(
        notices(grid, &["rank=4"]),
        ["--set rank=4 has no effect: every run has the `rank` that `grid.rank` gives it"]
    );
    assert_eq!(
        notices("ablate: {epochs: [8]}\ngrid: {rank: [2, 8]}", &["rank=4"]),
        ["--set rank=4 has no effect on the runs of `grid.rank`, which give their own `rank`"]
    );
    assert_eq!(
        notices("zip: {rank: [2, 8], lora_alpha: [4, 16]}", &["lora_alpha=4"]),
        ["--set lora_alpha=4 has no effect: every run has the `lora_alpha` that `zip` gives it"]
    );
    assert!(notices("ablate: {rank: [2, 8]}", &["rank=4"]).is_empty(), "base has it");
    assert_eq!(
        notices("{}", &["epochs=2", "epochs=3"]),
        ["--set epochs=2 has no effect: a later --set gives `epochs` again"]
    );
    assert_eq!(
        notices("grid: {dataset: [a.csv, b.csv]}", &["dataset=c.csv"]),
        ["--set dataset.path=c.csv has no effect: every run has the `dataset.path` that `grid.dataset` gives it"]
    );
    assert_eq!(
        notices("seeds: [1, 2, 3]", &["seed=7"]),
        ["--set seed=7 stands for all seeds of the sweep: `1`, `2`, `3`"]
    );
}

/// R10: what the file itself says without effect.
#[test]
fn parts_of_a_file_without_effect_are_told() {
    let text = "grid:\n  rank: [2, 8]\n  epochs: [3]\nexclude:\n  - {rank: 2}\n  - {rank: 16}\n";
    assert_eq!(
        notices(text, &[]),
        [
            "`grid.epochs` (line 3) has one value, `3`, so it varies nothing",
            "`exclude[1]` (line 6) leaves out no run: none meets all of its conditions",
        ]
    );
    let text = "base: {dataset: {path: a.csv, limit: 700}}\nablate:\n  dataset: [b.csv, c.csv]\n";
    assert_eq!(
        notices(text, &[]),
        ["`ablate.dataset` (line 3) replaces the whole data set of base: `limit` of base is not taken over; vary \
          `dataset.path` to keep it"]
    );
    assert!(notices("ablate: {rank: [2]}\nseeds: [1]", &[]).is_empty());
    let text =
        "base: {rank: 4, epochs: 2}\nablate:\n  rank: [2, 4]\n  both: [{rank: 4, epochs: 2}, {rank: 4, epochs: 3}]\n";
    assert_eq!(
        notices(text, &[]),
        [
            "`ablate.rank` (line 3) has a value that base has already, `4`, so it makes no run of its own",
            "`ablate.both` (line 4) has a value that base has already, `(rank=4 epochs=2)`, so it makes no run of its own",
        ]
    );
    assert_eq!(
        notices("base: {hidden_dropout: 0.1}\nablate: {classifier_dropout: [0.1, 0.3]}", &[]),
        [
            "`ablate.classifier_dropout` (line 2) has a value that base has already, `0.1`, so it makes no run of its own"
        ]
    );
    assert_eq!(
        notices("ablate: {rank: [2, 16]}", &["rank=16"]),
        ["`ablate.rank` (line 1) has a value that base has already, `16`, so it makes no run of its own"]
    );
}

#[test]
fn seeds_that_are_chosen_twice() {
    let mut file = file("grid: {seed: [1, 2]}");
    file.set("seeds=[3]").unwrap();
    let message = file.resolve(&FakeFacts::default()).unwrap_err().to_string();
    assert!(message.contains("--set seeds: seeds are chosen here and by `grid.seed[0]`"), "{message}");
}

/// A sweep with three claims about epochs, with `--set`.
fn lost(assignments: &[&str]) -> Vec<String> {
    let claim = |id: &str, values: &str| {
        format!("  - {{id: {id}, claim: x, vary: epochs, {values}metric: accuracy, expect: higher}}\n")
    };
    let claims = [claim("all", ""), claim("two", "values: [8, 10], "), claim("one", "values: [8], ")].concat();
    let mut file = file(&format!("ablate: {{epochs: [8, 10]}}\nhypotheses:\n{claims}"));
    for assignment in assignments {
        file.set(assignment).unwrap();
    }
    let sweep = file.resolve(&FakeFacts::default()).unwrap();
    file.notices(&sweep)
}

#[test]
fn what_a_change_takes_from_hypotheses_is_told() {
    assert!(lost(&[]).is_empty());
    assert!(lost(&["rank=2"]).is_empty());
    assert_eq!(
        lost(&["epochs=8"]),
        [
            "hypothesis `two` compares 1 of 2 values of `epochs`: with --set the others are base's own",
            "hypothesis `one` is left out: with --set nothing is varied in `epochs` any more",
            "`ablate.epochs` (line 1) has a value that base has already, `8`, so it makes no run of its own",
        ]
    );
}
