//! When verdicts are given (at all planned seeds, or at looks that were declared beforehand), and what is said of differences that
//! nobody claimed.

mod report_support;

use std::collections::BTreeMap;
use std::path::Path;

use report_support::{Arm, Fake, Fate};
use sweep::report::{Format, ReportFormat, ReportOptions, run};
use sweep::spec::{Expectation, Hypothesis, HypothesisMetric, Metric, Observation, Vary};

/// A large effect, and none.
fn fake(seeds: u64, ended: usize) -> Fake {
    let fates: Vec<Fate> =
        (0..seeds as usize).map(|i| if i < ended { Fate::Completes } else { Fate::Pending }).collect();
    let arms = vec![
        Arm::new("base", 0.925, |_| {}),
        Arm::new("learning_rate=0.002", 0.7, |spec| spec.learning_rate = 2e-3).fates(&fates),
        Arm::new("rank=64", 0.925, |spec| spec.rank = 64).fates(&fates),
    ];
    let mut fake = Fake { seeds, examples: 200, ..Fake::new("looked-at", arms) };
    fake.hypotheses = vec![claim("worse", "learning_rate=0.002"), claim("same", "rank=64")];
    fake
}

fn claim(id: &str, treatment: &str) -> Hypothesis {
    let parameter = treatment.split('=').next().unwrap_or_default().to_string();
    let vary = Vary { parameter, treatments: vec![treatment.to_string()], baseline: "base".to_string() };
    let metric = HypothesisMetric::Best(Metric::ACCURACY);
    Hypothesis { id: id.into(), claim: id.into(), vary, metric, expect: Expectation::Lower, margin: None }
}

type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// The rows of `hypotheses.csv`, by id.
fn verdicts(results: &Path) -> Rows {
    rows(results, "hypotheses")
}

fn rows(results: &Path, table: &str) -> Rows {
    let out = results.join("../reports");
    run(&ReportOptions {
        paths: vec![results.to_owned()],
        out: out.clone(),
        format: Format::Svg,
        formats: ReportFormat::usual(),
    })
    .unwrap();
    by_id(&out, table)
}

fn by_id(out: &Path, table: &str) -> Rows {
    let mut table = csv::Reader::from_path(out.join(format!("looked-at/{table}.csv"))).unwrap();
    let rows = table.deserialize().map(Result::<BTreeMap<String, String>, _>::unwrap);
    rows.map(|row| (row["id"].clone(), row)).collect()
}

#[test]
fn without_all_planned_seeds_there_is_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    fake(4, 3).write(&results);
    let found = &verdicts(&results)["worse"];
    assert_eq!((found["verdict"].as_str(), found["p"].as_str(), found["seeds"].as_str()), ("inconclusive", "", "3"));
    assert!(found["caveats"].contains("provisional: 3 of 4 planned seeds are in; the verdict is given when all are"));
    assert!(!found["low"].is_empty(), "estimate and interval are shown");
    assert!(!found["caveats"].contains("a new sweep"), "{}", found["caveats"]);

    // A run that failed has ended, too.
    let mut last = fake(4, 4);
    last.arms[1].fates[3] = Fate::Fails;
    last.write(&results);
    let found = verdicts(&results);
    assert_eq!((found["worse"]["verdict"].as_str(), found["worse"]["seeds"].as_str()), ("supported", "3"));
    assert!(found["same"]["caveats"].contains("fixed beforehand, to show"), "{}", found["same"]["caveats"]);
}

/// What is left out because it began badly would be missing from one side only.
#[test]
fn a_run_that_its_search_gave_up_keeps_its_comparison_open() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let mut stopped = fake(4, 4);
    stopped.arms[1].fates[3] = Fate::IsStopped(2);
    stopped.write(&results);
    let found = verdicts(&results);
    assert_eq!((found["worse"]["verdict"].as_str(), found["worse"]["seeds"].as_str()), ("inconclusive", "3"));
    assert!(found["worse"]["caveats"].contains("provisional: 3 of 4 planned seeds are in"), "{:?}", found["worse"]);
    let page = std::fs::read_to_string(folder.path().join("reports/looked-at/index.html")).unwrap();
    assert!(page.contains("Not finished: 11 of 12 runs are done (1 stopped)."), "{page}");
    assert!(page.contains(": it was planned no further"), "why it stopped");
    let checklist = std::fs::read_to_string(folder.path().join("reports/looked-at/checklist.md")).unwrap();
    assert!(checklist.contains("Runs that stopped before their last epoch are in no verdict"), "{checklist}");
}

/// The figures at the best epoch of a run that stopped are in nothing that compares configurations.
#[test]
fn what_a_stopped_run_came_to_is_in_no_mean_and_no_effect() {
    let figures = |fate: Fate| {
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path().join("results");
        let mut fake = fake(4, 4);
        fake.arms[1].fates[3] = fate;
        fake.write(&results);
        let found = verdicts(&results);
        let effects: Vec<String> = ["effect", "low", "high", "p"].map(|column| found["worse"][column].clone()).to_vec();
        let mut table = csv::Reader::from_path(folder.path().join("reports/looked-at/summary.csv")).unwrap();
        let rows = table.deserialize().map(Result::<BTreeMap<String, String>, _>::unwrap);
        let means: Vec<String> = rows.map(|row| format!("{} {}", row["accuracy_mean"], row["completed"])).collect();
        (effects, means)
    };
    assert_eq!(figures(Fate::IsStopped(2)), figures(Fate::Pending));
    assert_ne!(figures(Fate::IsStopped(2)), figures(Fate::Completes));
}

#[test]
fn seeds_that_are_added_after_results_change_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    fake(2, 2).write(&results);
    let before = verdicts(&results);
    fake(5, 5).write(&results);
    let after = verdicts(&results);
    for (id, found) in &after {
        for column in ["verdict", "effect", "low", "high", "p", "p_holm", "seeds"] {
            assert_eq!(found[column], before[id][column], "{id}: {column}");
        }
        assert!(
            found["caveats"].contains("seeds 3, 4 and 5 were added after results could be seen and cannot decide"),
            "{}",
            found["caveats"]
        );
        assert!(found["caveats"].contains("(by all 5 seeds: "), "{}", found["caveats"]);
    }
    let text = std::fs::read_to_string(folder.path().join("reports/looked-at/summary.md")).unwrap();
    assert!(
        text.contains("> Seeds changed after results could be seen. Verdicts rest on those planned before"),
        "{text}"
    );
    // What was planned is taken away: no verdict before it is back.
    fake(1, 1).write(&results);
    let found = &verdicts(&results)["worse"];
    assert_eq!((found["verdict"].as_str(), found["p"].as_str()), ("inconclusive", ""));
    assert!(found["caveats"].contains("seed 2 is not in the sweep file any more"), "{}", found["caveats"]);
}

#[test]
fn declared_looks_give_verdicts_while_seeds_come_in() {
    let of = |ended: usize| {
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path().join("results");
        Fake { looks: vec![2, 4, 6], ..fake(8, ended) }.write(&results);
        verdicts(&results)
    };
    let first = of(1);
    assert!(first["worse"]["caveats"].contains("1 of 8 planned seeds is in; the first look at them is at 2 seeds"));
    let early = of(5);
    let (worse, same) = (&early["worse"], &early["same"]);
    assert_eq!((worse["verdict"].as_str(), worse["seeds"].as_str()), ("supported", "4"), "{worse:?}");
    assert!(worse["caveats"].contains("decided at the look at 4 of 8 planned seeds"), "{}", worse["caveats"]);
    assert_eq!((same["verdict"].as_str(), same["seeds"].as_str()), ("inconclusive", "4"));
    assert!(same["caveats"].contains("the look at 4 of 8 planned seeds decided nothing; the next one is at 6 seeds"));
    let level = |row: &BTreeMap<String, String>| row["level"].parse::<f64>().unwrap();
    assert!((level(worse) - (1.0 - 0.05 * 3.0 / 16.0)).abs() < 1e-12, "{}", level(worse));
    // A verdict stays as it is.
    let late = of(8);
    for column in ["verdict", "effect", "low", "high", "seeds"] {
        assert_eq!(late["worse"][column], worse[column]);
    }
    assert_eq!(late["same"]["seeds"], "8");
}

/// An observation waits for its configuration's seeds as a hypothesis does.
#[test]
fn observations_are_judged_when_all_planned_seeds_are_in() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let observation: Observation = serde_json::from_value(serde_json::json!({
        "id": "good", "claim": "good", "configuration": "rank=64", "observe": "accuracy", "against": {"value": 0.5},
        "expect": "higher", "margin": null,
    }))
    .unwrap();
    let fake = |seeds, ended| Fake { observations: vec![observation.clone()], ..fake(seeds, ended) };
    let good = || rows(&results, "observations").remove("good").unwrap();
    fake(3, 2).write(&results);
    let first = good();
    assert_eq!(first["verdict"], "inconclusive");
    assert!(first["caveats"].contains("provisional: 2 of 3 planned seeds are in"), "{first:?}");
    fake(3, 3).write(&results);
    let before = good();
    assert_eq!(before["verdict"], "supported");
    fake(5, 5).write(&results);
    let after = good();
    assert_eq!((&after["verdict"], &after["p"]), (&before["verdict"], &before["p"]));
    assert!(after["caveats"].contains("seeds 4 and 5 were added"), "{after:?}");
}

/// What nobody claimed is said to be exploratory, with q-values; where there are several data sets, across them.
#[test]
fn differences_that_nobody_claimed_are_corrected_and_summed_up_across_data_sets() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let mut arms = Vec::new();
    for data in ["a.csv", "b.csv"] {
        for (rank, accuracy) in [(16, 0.9), (64, 0.8), (8, 0.895)] {
            let parts =
                [(rank != 16).then(|| format!("rank={rank}")), (data == "b.csv").then(|| "dataset.path=b.csv".into())];
            let name = parts.into_iter().flatten().collect::<Vec<String>>().join(", ");
            let name = if name.is_empty() { "base".to_string() } else { name };
            arms.push(Arm::new(&name, accuracy, |spec| {
                spec.rank = rank;
                spec.dataset.path = data.to_string();
            }));
        }
    }
    Fake { examples: 200, ..Fake::new("looked-at", arms) }.write(&results);
    let out = folder.path().join("reports");
    run(&ReportOptions { paths: vec![results], out: out.clone(), format: Format::Svg, formats: ReportFormat::usual() })
        .unwrap();
    let table = |name: &str| -> Vec<BTreeMap<String, String>> {
        let mut table = csv::Reader::from_path(out.join("looked-at").join(name)).unwrap();
        table.deserialize().map(Result::unwrap).collect()
    };
    let differences = table("differences.csv");
    assert_eq!(differences.len(), 2, "all on the baseline's data set but the baseline");
    let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap();
    assert!(differences.iter().all(|row| number(row, "q_bh") >= number(row, "p")));
    let worse = differences.iter().find(|row| row["configuration"] == "rank=64").unwrap();
    assert_eq!((worse["better"].as_str(), worse["better_low_95"].as_str()), ("0", "0"));
    assert!(number(worse, "better_high_95") > 0.2, "three seeds leave much open: {worse:?}");

    let profile = table("profile.csv");
    let methods: Vec<&str> = profile.iter().map(|row| row["method"].as_str()).collect();
    assert!(methods.contains(&"base") && methods.contains(&"rank=64") && methods.contains(&"rank=8"), "{methods:?}");
    let last = profile.iter().rfind(|row| row["method"] == "base").unwrap();
    assert_eq!(number(last, "share_above"), 0.0);
    let text = std::fs::read_to_string(out.join("looked-at/summary.md")).unwrap();
    assert!(text.contains("## Across data sets") && text.contains("On a.csv, b.csv."), "{text}");
    assert!(text.contains("Exploratory: nobody claimed these differences beforehand"), "{text}");
    let page = std::fs::read_to_string(out.join("looked-at/index.html")).unwrap();
    assert!(page.contains("Interquartile mean") && page.contains("q (BH)"));
}

/// How many rows are used is part of a method, what a data set is called and where its text stands is not.
#[test]
fn methods_across_data_sets_differ_in_all_that_does_not_tell_the_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let mut arms = Vec::new();
    for (data, column) in [("a.csv", "text"), ("b.csv", "headline")] {
        for (limit, accuracy) in [(100, 0.6), (4000, 0.9)] {
            let name = format!("dataset.path={data}, dataset.text={column}, dataset.limit={limit}");
            arms.push(Arm::new(&name, accuracy, |spec| {
                spec.dataset.path = data.to_string();
                spec.dataset.text = vec![column.to_string()];
                spec.dataset.limit = Some(limit);
            }));
        }
    }
    Fake { examples: 200, seeds: 2, ..Fake::new("looked-at", arms) }.write(&results);
    let out = folder.path().join("reports");
    run(&ReportOptions { paths: vec![results], out: out.clone(), format: Format::Svg, formats: ReportFormat::usual() })
        .unwrap();
    let text = std::fs::read_to_string(out.join("looked-at/summary.md")).unwrap();
    let across = text.split("## Across data sets").nth(1).unwrap();
    let lines: Vec<&str> = across.lines().filter(|line| line.starts_with("| dataset.limit")).collect();
    assert_eq!(lines.len(), 2, "{across}");
    assert!(lines[0].starts_with("| dataset.limit=100 | 4 |"), "{across}");
    assert!(lines[1].starts_with("| dataset.limit=4000 | 4 |"), "{across}");
    assert!(!across.contains("| base |"), "{across}");
}

/// A claim that is dropped when its result is there still counts, and one that is made then is told.
#[test]
fn hypotheses_cannot_be_chosen_by_their_results() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    fake(3, 3).write(&results);
    let before = verdicts(&results);
    let mut fewer = fake(3, 3);
    fewer.hypotheses = vec![claim("worse", "learning_rate=0.002"), claim("new", "rank=64")];
    fewer.write(&results);
    let after = verdicts(&results);
    let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap();
    assert!(number(&after["worse"], "p_holm") >= number(&before["worse"], "p_holm"));
    assert!(after["new"]["caveats"].contains("stated or changed after results could be seen"), "{after:?}");
    assert!(!after["worse"]["caveats"].contains("stated or changed"), "{after:?}");
    let text = std::fs::read_to_string(folder.path().join("reports/looked-at/summary.md")).unwrap();
    assert!(text.contains("Taken out of the sweep file after results could be seen: same."), "{text}");
}
