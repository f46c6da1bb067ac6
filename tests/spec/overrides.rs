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
fn a_data_set_is_replaced_whole_or_by_field() {
    let text = "base: {dataset: {path: a.csv, label: topic, limit: 900}}";
    let whole = &with(text, &["dataset=b.csv"]).runs[0].spec.dataset;
    assert_eq!((whole.path.as_str(), &whole.label, whole.limit), ("b.csv", &None, None));
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
    file.lost_to_changes(&sweep)
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
        ]
    );
}
