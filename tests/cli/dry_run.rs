use crate::support::Place;

fn shown(place: &Place, arguments: &[&str]) -> String {
    let output = place.sweep(arguments).output().unwrap();
    assert!(output.status.success(), "{}", place.plain(&output.stderr));
    place.plain(&output.stdout)
}

#[test]
fn a_dry_run_lists_runs_and_costs() {
    let place = Place::new();
    let text = shown(&place, &["run", "little.yaml", "--dry-run"]);
    assert!(!place.exists("results"));
    // Ids and steps are those of the resolved runs; 32 training rows in micro-batches of 4, 2 per step, 2 epochs.
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_completed_costs_nothing() {
    let place = Place::new();
    place.mock(&["--only", "rank=4"]).assert().success();
    let text = shown(&place, &["run", "little.yaml", "--dry-run"]);
    assert_eq!(text.matches("completed").count(), 3, "{text}");
    assert!(text.contains("4 runs to train (2 completed, not done again)"), "{text}");
}

#[test]
fn a_rehearsal_needs_neither_model_nor_data_of_the_sweep() {
    let place = Place::new();
    let sweep = "
base: {model: FacebookAI/roberta-base, dataset: fancyzhx/ag_news}
ablate: {epochs: [8, 10], target_modules: [{layers: all, modules: [query, output.dense]}]}
seeds: [1, 2, 3]
";
    place.write("big.yaml", sweep);
    let text = shown(&place, &["run", "big.yaml", "--rehearse", "--dry-run"]);
    assert!(text.contains("4 runs to train"), "{text}");
    place.sweep(&["run", "big.yaml", "--rehearse", "--executor", "mock"]).assert().success();
    let folders: Vec<_> =
        std::fs::read_dir(place.path("results")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders, ["big-rehearsal"]);
    let status = shown(&place, &["status"]);
    assert!(status.starts_with("big (rehearsal)  4 runs: 4 completed"), "{status}");
}
