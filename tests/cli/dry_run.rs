use assert_cmd::Command;

use crate::support::{Place, rows};

fn shown(place: &Place, arguments: &[&str]) -> String {
    output_of(place, place.sweep(arguments))
}

/// What the mock has done counts for the mock only.
fn shown_by_mock(place: &Place, arguments: &[&str]) -> String {
    output_of(place, place.sweep_mock(arguments))
}

fn output_of(place: &Place, mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", place.plain(&output.stderr));
    place.plain(&output.stdout)
}

#[test]
fn a_dry_run_lists_runs_and_costs() {
    let place = Place::new();
    let text = shown(&place, &["run", "little.yaml", "--dry-run"]);
    assert!(!place.exists("results"));
    // How fast this machine is differs each time.
    assert!(text.contains("on the processor here"), "{text}");
    let steady: Vec<&str> = text.lines().filter(|line| !line.contains("on the processor here")).collect();
    // Ids and steps are those of the resolved runs; 32 training rows in micro-batches of 4, 2 per step, 2 epochs.
    insta::assert_snapshot!(steady.join("\n"));
}

#[test]
fn what_is_completed_costs_nothing() {
    let place = Place::new();
    place.mock(&["--only", "rank=4"]).assert().success();
    let text = shown_by_mock(&place, &["run", "little.yaml", "--dry-run"]);
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
    place.sweep_mock(&["run", "big.yaml", "--rehearse"]).assert().success();
    let folders: Vec<_> =
        std::fs::read_dir(place.path("results")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders, ["big-rehearsal"]);
    let status = shown(&place, &["status"]);
    assert!(status.starts_with("big (rehearsal)  4 runs: 4 completed"), "{status}");
}

/// The part on hypotheses of a shipped sweep's dry run, on a model of so many layers.
fn prospects(file: &str, layers: usize, more: &[&str]) -> String {
    let place = Place::new();
    place.model("deep", layers);
    place.write("news.csv", &rows(10_000));
    let path = format!("{}/sweeps/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut arguments = vec!["run", path.as_str(), "--dry-run", "--set", "model=./deep"];
    arguments.extend(more);
    let text = shown(&place, &arguments);
    text.lines().skip_while(|line| !line.contains("planned seeds")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_quickstart_says_what_it_can_settle() {
    insta::assert_snapshot!(prospects("quickstart.yaml", 6, &[]));
}

#[test]
fn the_ablation_says_what_it_can_settle() {
    insta::assert_snapshot!(prospects("ablation.yaml", 12, &["--set", "dataset.path=news.csv"]));
}

#[test]
fn a_plan_that_is_large_enough_is_not_warned_of() {
    let place = Place::new();
    place.write("data.csv", &rows(10_000));
    let hypothesis = "
hypotheses:
  - {id: rank, claim: Rank 4 is as good., vary: rank, metric: accuracy, expect: equivalent, margin: 0.01}
";
    let sweep =
        crate::support::SWEEP.replace("test_size: 8", "test_size: 9000").replace("[1, 2]", "[1, 2, 3, 4, 5, 6]");
    place.write("large.yaml", &format!("{sweep}{hypothesis}"));
    let text = shown(&place, &["run", "large.yaml", "--dry-run"]);
    assert!(text.contains("The planned seeds and evaluation examples can settle 1 hypothesis:"), "{text}");
    assert!(text.contains("6 seeds × 9,000 examples") && text.contains("enough"), "{text}");
    // Two of the seeds are not to be run, and one not on both sides.
    let text = shown(&place, &["run", "large.yaml", "--dry-run", "--only", "seed=1", "--only", "rank=4, seed=2"]);
    assert!(
        text.contains("Warning: the planned seeds and evaluation examples cannot settle 1 of 1 hypothesis:"),
        "{text}"
    );
    assert!(text.contains("1 seed × 9,000 examples  nothing"), "{text}");
}

/// Looks share the level, so that each settles less.
#[test]
fn looks_are_planned_with() {
    let place = Place::new();
    place.write("data.csv", &rows(10_000));
    let rest = "
hypotheses:
  - {id: rank, claim: Rank 4 is as good., vary: rank, metric: accuracy, expect: equivalent, margin: 0.01}
";
    let sweep = crate::support::SWEEP.replace("test_size: 8", "test_size: 9000").replace("[1, 2]", "[1, 2, 3, 4]");
    let settles = |looks: &str| {
        place.write("looks.yaml", &format!("{sweep}{looks}{rest}"));
        let text = shown(&place, &["run", "looks.yaml", "--dry-run"]);
        let row = text.lines().find(|line| line.starts_with("rank ")).unwrap();
        let margin = row.split("margin ").nth(1).unwrap().split(' ').next().unwrap().parse::<f64>().unwrap();
        (margin, text)
    };
    let (fixed, text) = settles("");
    assert!(text.contains("A verdict is given when all planned seeds are in."), "{text}");
    let (last, text) = settles("looks: [2]\n");
    assert!(
        text.contains("Verdicts are given at 2 and 4 seeds; the last of these looks has a level of 3.8 %"),
        "{text}"
    );
    assert!(last > fixed, "{last} {fixed}");
}

/// Plans are made with the noise that earlier runs on the same model and data showed.
#[test]
fn the_noise_of_earlier_runs_is_planned_with() {
    let place = Place::new();
    place.write("data.csv", &rows(640));
    let hypothesis = "
hypotheses:
  - {id: rank, claim: Rank 4 is better., vary: rank, metric: accuracy, expect: higher}
";
    let sweep = crate::support::SWEEP.replace("test_size: 8", "test_size: 160");
    place.write("little.yaml", &sweep);
    place.write("other.yaml", &format!("{}{hypothesis}", sweep.replace("name: little", "name: other")));
    let before = shown_by_mock(&place, &["run", "other.yaml", "--dry-run"]);
    assert!(before.contains("0.3 points of noise between seeds, and") && !before.contains("Measured"), "{before}");
    place.mock(&[]).assert().success();
    let of_another = shown_by_mock(&place, &["run", "other.yaml", "--dry-run"]);
    assert!(of_another.contains("Measured, with a bound that holds with 80 % confidence"), "{of_another}");
    assert!(of_another.contains("(6 runs of 3 configurations, of little)"), "{of_another}");
    assert!(of_another.contains("% as measured, and that"), "{of_another}");
    // The sweep's own runs tell more than those of others, and seeds that come after them decide nothing.
    place.sweep_mock(&["run", "other.yaml"]).assert().success();
    place.write(
        "other.yaml",
        &std::fs::read_to_string(place.path("other.yaml")).unwrap().replace("[1, 2]", "[1, 2, 3, 4]"),
    );
    let own = shown_by_mock(&place, &["run", "other.yaml", "--dry-run"]);
    assert!(own.contains("(6 runs of 3 configurations, of other)"), "{own}");
    assert!(own.contains("2 seeds × 160 examples") && own.contains("Note: the seeds of `base`"), "{own}");
    // Other data, other noise.
    place.write("more.csv", &rows(640));
    let elsewhere = shown_by_mock(&place, &["run", "other.yaml", "--dry-run", "--set", "dataset=more.csv"]);
    assert!(!elsewhere.contains("Measured"), "{elsewhere}");
}

/// Floating-point operations that a dry run estimates of runs that adapt the last layer.
fn operations(place: &Place, spanned: &str) -> f64 {
    let base = "base: {model: ./model, dataset: {path: data.csv, eval: {test_size: 8, seed: 1}}, epochs: 2, \
                target_modules: {layers: [1], modules: [query]}}";
    place.write("spanned.yaml", &format!("{base}\n{spanned}\n"));
    let text = shown(place, &["run", "spanned.yaml", "--dry-run"]);
    let number = text.split("estimated from ").nth(1).and_then(|rest| rest.split(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// Rates see the same rows and masks, so the layer below is computed once for them; seeds do not. What is evaluated goes through
/// it once in both.
#[test]
fn what_the_runs_of_a_pack_share_is_counted_once() {
    let place = Place::new();
    let one = operations(&place, "grid: {learning_rate: [1.0e-3]}");
    let rates = operations(&place, "grid: {learning_rate: [1.0e-3, 2.0e-3, 3.0e-3, 4.0e-3]}");
    let seeds = operations(&place, "seeds: [1, 2, 3, 4]");
    assert!(one < rates && rates < 0.8 * seeds && seeds < 4.0 * one, "{one} {rates} {seeds}");
}

#[test]
fn a_rehearsal_trains_the_runs_that_are_named_as_the_file_names_them() {
    let place = Place::new();
    place.write("own.yaml", "base: {dataset: data.csv, epochs: 8}\nablate: {epochs: [4, 12], batch_size: [4, 8]}\n");
    let text = shown(&place, &["run", "own.yaml", "--rehearse", "--dry-run", "--only", "batch_size=4"]);
    assert!(text.contains("1 run to train") && text.contains("batch_size=4"), "{text}");
}
