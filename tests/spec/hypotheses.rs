//! Claims and the runs they compare.

use sweep::spec::{Expectation, Hypothesis, HypothesisMetric, Metric};

use crate::support::{FakeFacts, file, problems, sweep};

/// The one hypothesis of a sweep.
fn hypothesis(variation: &str, fields: &str) -> Hypothesis {
    let text = with_claim(variation, fields);
    let mut hypotheses = sweep(&text).hypotheses;
    assert_eq!(hypotheses.len(), 1);
    hypotheses.remove(0)
}

fn with_claim(variation: &str, fields: &str) -> String {
    format!("{variation}\nhypotheses: [{{id: h, claim: It matters., expect: lower, metric: accuracy, {fields}}}]\n")
}

const DROPOUTS: &str = "ablate: {epochs: [8, 10], dropout: [{hidden_dropout: 0.1, attention_dropout: 0.1}, {hidden_dropout: 0.4, attention_dropout: 0.4}]}";

#[test]
fn all_values_are_treatments_unless_some_are_named() {
    let all = hypothesis(DROPOUTS, "vary: epochs");
    assert_eq!(all.vary.treatments, ["epochs=8", "epochs=10"]);
    assert_eq!((all.vary.baseline.as_str(), all.vary.parameter.as_str()), ("base", "epochs"));
    assert_eq!(hypothesis(DROPOUTS, "vary: epochs, values: [10]").vary.treatments, ["epochs=10"]);
}

#[test]
fn a_named_change_is_varied_by_its_name() {
    assert_eq!(hypothesis(DROPOUTS, "vary: dropout").vary.treatments, ["dropout=0.1", "dropout=0.4"]);
    assert_eq!(hypothesis(DROPOUTS, "vary: dropout, values: [0.4]").vary.treatments, ["dropout=0.4"]);
    let single = hypothesis("ablate: {wide: {rank: 64, lora_alpha: 128}}", "vary: wide");
    assert_eq!(single.vary.treatments, ["wide"]);
}

#[test]
fn the_baseline_can_be_another_configuration() {
    let h = hypothesis(DROPOUTS, "vary: epochs, baseline: epochs=8");
    assert_eq!(
        (h.vary.treatments, h.vary.baseline),
        (vec!["epochs=10".to_owned(), "base".to_owned()], "epochs=8".to_owned())
    );
}

#[test]
fn in_a_grid_only_the_varied_parameter_may_differ() {
    let h = hypothesis("grid: {rank: [8, 16, 32], epochs: [5, 6]}", "vary: rank");
    assert_eq!(h.vary.baseline, "rank=16, epochs=5");
    assert_eq!(h.vary.treatments, ["rank=8, epochs=5", "rank=32, epochs=5"]);
    let h = hypothesis("grid: {rank: [8, 16], epochs: [6, 7]}", "vary: rank, baseline: 'rank=8, epochs=7'");
    assert_eq!(h.vary.treatments, ["rank=16, epochs=7"]);
}

#[test]
fn every_key_is_kept() {
    let h = hypothesis(DROPOUTS, "vary: epochs, margin: 0.5");
    assert_eq!((h.id.as_str(), h.claim.as_str(), h.margin), ("h", "It matters.", Some(0.5)));
    assert_eq!((h.expect, h.metric), (Expectation::Lower, HypothesisMetric::Best(Metric::ACCURACY)));
}

#[test]
fn what_matches_no_run_says_what_exists() {
    let message = |fields: &str| problems(&with_claim(DROPOUTS, fields));
    assert!(
        message("vary: epoch").contains("no run varies `epoch`; did you mean `epochs`? (varied: `epochs`, `dropout`)")
    );
    assert!(message("vary: rank").contains("no run varies `rank`"));
    assert!(message("vary: seed").contains("seeds repeat a configuration"));
    assert!(
        message("vary: epochs, values: [9]")
            .contains("hypotheses[0].values[0]: no run has `9` for `epochs`; there are `8`, `10`, `5`")
    );
    assert!(
        message("vary: epochs, values: [nine]").contains("must be a whole number from 1 to 10000, found text `nine`")
    );
    assert!(message("vary: dropout, values: [0.2]").contains("no run has `0.2` for `dropout`; there are `0.1`, `0.4`"));
    assert!(message("vary: epochs, values: [5]").contains("`5` is the baseline itself"));
    assert!(message("vary: epochs, baseline: bas").contains("no configuration is called `bas`; did you mean `base`?"));
}

#[test]
fn a_baseline_is_found_by_its_values() {
    const GRID: &str = "grid: {rank: [4, 16], learning_rate: [1e-4, 3e-4]}";
    let baseline = |label: &str| {
        let sweep = sweep(&with_claim(GRID, &format!("vary: rank, values: [16], baseline: \"{label}\"")));
        sweep.hypotheses[0].vary.baseline.clone()
    };
    for label in ["rank=4, learning_rate=0.0001", "learning_rate=1e-4, rank=4", "rank=4,learning_rate=0.00010"] {
        assert_eq!(baseline(label), "rank=4, learning_rate=0.0001");
    }
    let other = problems(&with_claim(GRID, "vary: rank, baseline: rank=4"));
    assert!(other.contains("no configuration is called `rank=4`"), "{other}");
    // Another whole number, although the same `f64`.
    let seeds = "ablate: {order_seed: [9007199254740992, 1]}";
    let other = problems(&with_claim(seeds, "vary: order_seed, baseline: order_seed=9007199254740993"));
    assert!(other.contains("no configuration is called `order_seed=9007199254740993`"), "{other}");
}

#[test]
fn values_that_move_with_others_are_no_treatments() {
    let zip = "zip: {rank: [16, 32], lora_alpha: [32, 64]}";
    let message = problems(&with_claim(zip, "vary: rank"));
    assert!(message.contains("no run differs from `rank=16, lora_alpha=32` in `rank` alone"), "{message}");
}

#[test]
fn a_sweep_without_base_needs_a_baseline() {
    let message = problems(&with_claim("grid: {rank: [8, 32]}", "vary: rank"));
    assert!(message.contains("say with `baseline:` what is compared with"), "{message}");
}

#[test]
fn an_epoch_that_no_run_reaches() {
    let text = "ablate: {rank: [8]}\nhypotheses: [{id: h, claim: c, vary: rank, metric: accuracy@6, expect: lower}]";
    assert!(problems(text).contains("hypotheses[0].metric: `base` has only 5 epochs"));
}

#[test]
fn contradictions() {
    let contradict = |one: &str, other: &str| {
        let text = format!(
            "ablate: {{rank: [8, 4]}}\nhypotheses:\n  - {{id: a, claim: c, vary: rank, metric: accuracy, {one}}}\n  - {{id: b, claim: c, vary: rank, values: [4, 8], metric: accuracy, {other}}}\n"
        );
        match crate::support::try_sweep(&text) {
            Ok(_) => false,
            Err(errors) => {
                assert!(errors.to_string().contains("contradicts `a`"), "{errors}");
                true
            }
        }
    };
    assert!(contradict("expect: lower", "expect: higher"));
    assert!(contradict("expect: lower", "expect: not_lower"));
    assert!(contradict("expect: not_higher", "expect: higher"));
    assert!(contradict("expect: equivalent, margin: 0.01", "expect: lower, margin: 0.01"));
    assert!(contradict("expect: higher, margin: 0.02", "expect: not_higher, margin: 0.01"));
    assert!(!contradict("expect: lower", "expect: not_higher"));
    assert!(!contradict("expect: lower", "expect: lower, margin: 0.1"));
    assert!(!contradict("expect: equivalent, margin: 0.02", "expect: lower, margin: 0.01"));
    assert!(!contradict("expect: not_lower", "expect: not_higher"));
    assert!(!contradict("expect: higher, margin: 0.01", "expect: not_higher, margin: 0.02"));
}

#[test]
fn a_claim_that_an_option_made_empty_is_left_out() {
    let mut file = file(&with_claim(DROPOUTS, "vary: epochs, values: [8]"));
    file.set("epochs=8").unwrap();
    let sweep = file.resolve(&FakeFacts::default()).unwrap();
    assert!(sweep.hypotheses.is_empty());
    assert_eq!(sweep.runs.len(), 4, "epochs=8 is base now");
}

#[test]
fn looks_ascend_within_the_seeds() {
    assert_eq!(sweep("seeds: [1, 2, 3, 4]\nlooks: [2, 4]").looks, [2, 4]);
    assert_eq!(sweep("grid: {seed: [1, 2, 3]}\nlooks: [2]").looks, [2]);
    assert_eq!(sweep("seeds: [1, 2]").looks, [0; 0]);
    assert!(
        problems("seeds: [1, 2, 3]\nlooks: [1, 3]").ends_with("line 2, looks[0]: must be from 2 to 10000, found 1")
    );
    assert!(problems("seeds: [1, 2, 3]\nlooks: [3, 2]").ends_with("line 2, looks: must ascend, but 2 comes after 3"));
    assert!(
        problems("seeds: [1, 2, 3]\nlooks: [2, 5]")
            .ends_with("line 2, looks: a look at 5 seeds, but no configuration has more than 3 seeds")
    );
    assert!(
        problems("seeds: [1, 2, 3]\nlooks: 2")
            .ends_with("line 2, looks: must be a list of numbers of seeds, such as [3, 5, 10], found 2")
    );
    // Fewer seeds by an option leave fewer looks.
    let mut fewer = file("seeds: [1, 2, 3, 4]\nlooks: [2, 4]");
    fewer.set("seeds=[1, 2]").unwrap();
    let kept = fewer.resolve(&FakeFacts::default()).unwrap();
    assert_eq!(kept.looks, [2]);
    assert_eq!(fewer.notices(&kept), ["looks at 4 or more seeds are left out: with --set there are not so many"]);
}
