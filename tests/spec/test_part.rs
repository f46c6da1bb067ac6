//! `dataset.test`: examples that choose nothing.

use sweep::spec::{Evaluation, HeldOut};

use crate::support::{problems, sweep};

/// A test that chooses nothing: in the run where it is said, and refused where it could choose.
#[test]
fn a_test_is_part_of_the_data_set_where_it_is_said() {
    let of = |text: &str| sweep(text).runs[0].spec.dataset.clone();
    let held_out = |size, seed| Evaluation::HeldOut { size: HeldOut::Examples(size), seed };
    let tested = of("base: {dataset: {path: a.csv, test: {test_size: 100}}}");
    assert_eq!(tested.test, Some(held_out(100, 42)));
    assert_eq!(tested.evaluation, held_out(640, 42), "the evaluation stays what it is");
    assert_eq!(of("base: {dataset: {path: a, test: {split: test}}}").test, Some(Evaluation::Split("test".to_owned())));
    assert_eq!(of("base: {dataset.test: held.csv}").test, Some(Evaluation::File("held.csv".to_owned())));
    assert_eq!(of("base: {dataset: a.csv}").test, None);
    // The id of a run without a test is what it always was, whatever its neighbours have.
    let ids = |text: &str| sweep(text).runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    let alone = ids("base: {dataset: a.csv}");
    let grid = ids("grid: {dataset: [a.csv, {path: a.csv, test: {split: test}}]}");
    assert_eq!(grid[0], alone[0]);
    assert_ne!(grid[1], alone[0]);
    assert_eq!(sweep("grid: {dataset.test: [{test_size: 100}, {test_size: 200}]}").runs.len(), 2);
}

#[test]
fn a_test_that_would_choose_is_refused() {
    let refused = |dataset: &str| problems(&format!("base: {{dataset: {dataset}}}"));
    let both = "eval: {split: test}, test: {split: test}";
    assert!(refused(&format!("{{path: a, {both}}}")).contains("the same rows as `eval` and as `test` (split:test)"));
    assert!(refused("{path: a, eval: b.csv, test: b.csv}").contains("the same rows as `eval` and as `test` (b.csv)"));
    assert!(refused("{path: a.csv, test: a.csv}").contains("rows that are trained on as `test` (a.csv)"));
    assert!(refused("{path: a, test: {split: train}}").contains("rows that are trained on as `test` (split:train)"));
    assert!(refused("{path: a, limit: 900, test: {test_size: 260}}").contains("holds out 900 of 900 rows"));
    assert!(refused("{path: a, test: {test_size: 1.5}}").contains("a fraction between 0 and 1"));
    assert!(refused("{path: a, test: {splt: test}}").contains("did you mean `split`?"));
    assert!(refused("{path: a, tests: {split: test}}").contains("did you mean `test`?"));
}
