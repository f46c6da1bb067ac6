//! `early_stopping`.

use sweep::spec::EarlyStopping;

use crate::support::{labels, problems, sweep, try_sweep};

fn rule(patience: usize, min_delta: f64) -> Option<EarlyStopping> {
    Some(EarlyStopping { patience, min_delta })
}

#[test]
fn it_is_off_a_rule_for_all_or_one_that_is_varied() {
    let all = sweep("base: {early_stopping: {patience: 2, min_delta: 0.001}}\ngrid: {rank: [4, 8]}");
    assert!(all.runs.iter().all(|run| run.spec.early_stopping == rule(2, 0.001)));
    let varied = sweep("grid: {early_stopping: [null, {patience: 3}, {patience: 2, min_delta: 0.5}]}");
    let rules: Vec<_> = varied.runs.iter().map(|run| run.spec.early_stopping).collect();
    assert_eq!(rules, [None, rule(3, 0.0), rule(2, 0.5)]);
    assert_eq!(labels(&varied), ["early_stopping=off", "early_stopping=3", "early_stopping=2 (min_delta 0.5)"]);
    let without = sweep("{}");
    assert_eq!(varied.runs[0].id, without.runs[0].id, "off is what it is where nobody says");
    assert_ne!(varied.runs[1].id, varied.runs[2].id);
    let kept = sweep("grid: {early_stopping: [null, {patience: 3}]}\nexclude: [{early_stopping: {patience: 3}}]");
    assert_eq!(labels(&kept), ["early_stopping=off"]);
}

#[test]
fn what_is_wrong_with_it_is_said() {
    let wrong = |rule: &str| problems(&format!("base: {{early_stopping: {rule}}}"));
    insta::assert_snapshot!(wrong("3"), @r#"sweep file: 1 problem
  line 1, base.early_stopping: must be a mapping of patience and min_delta, or null, found 3"#);
    insta::assert_snapshot!(wrong("{min_delta: 0.1}"), @r#"sweep file: 1 problem
  line 1, base.early_stopping: lacks `patience`: after how many evaluations without a gain does a run end?"#);
    insta::assert_snapshot!(wrong("{patience: 0}"), @r#"sweep file: 1 problem
  line 1, base.early_stopping.patience: must be from 1 to 10000, found 0"#);
    insta::assert_snapshot!(wrong("{patience: 2, min_delta: -1}"), @r#"sweep file: 1 problem
  line 1, base.early_stopping.min_delta: must be at least 0, found -1"#);
    insta::assert_snapshot!(wrong("{patience: 2, threshold: 1}"), @r#"sweep file: 1 problem
  line 1, base.early_stopping.threshold: unknown key `threshold`"#);
    insta::assert_snapshot!(problems("base: {early_stopping_patience: 3}"), @r#"sweep file: 1 problem
  line 1, base.early_stopping_patience: unknown parameter `early_stopping_patience`; did you mean `early_stopping`?"#);
}

#[test]
fn where_something_is_judged_all_runs_are_trained_alike() {
    let hypothesis = "hypotheses: [{id: h, claim: more is better, vary: rank, metric: accuracy, expect: higher}]";
    let text = format!("base:\n  early_stopping: {{patience: 2}}\nablate: {{rank: [4]}}\nseeds: [1, 2]\n{hypothesis}");
    insta::assert_snapshot!(problems(&text), @r#"sweep file: 1 problem
  line 2, base.early_stopping: must be null in a sweep with `hypotheses`: a run that stops early was looked at more often, at other epochs, and trained less than those that it is compared with. Train all of them alike, or put them into a sweep without `hypotheses`, or under `search`"#);
    let varied = format!("ablate:\n  rank: [4]\n  early_stopping: [{{patience: 2}}]\nseeds: [1, 2]\n{hypothesis}");
    insta::assert_snapshot!(problems(&varied), @r#"sweep file: 1 problem
  line 3, ablate.early_stopping[0]: must be null in a sweep with `hypotheses`: a run that stops early was looked at more often, at other epochs, and trained less than those that it is compared with. Train all of them alike, or put them into a sweep without `hypotheses`, or under `search`"#);
    let off = format!("base: {{early_stopping: null}}\nablate: {{rank: [4]}}\nseeds: [1, 2]\n{hypothesis}");
    assert!(try_sweep(&off).is_ok());
}
