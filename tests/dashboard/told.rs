//! What is told of sweeps and runs.

use serde_json::Value;

use crate::support::{Served, little};

fn run(sweep: &Value, label: &str) -> String {
    let configurations = sweep["plan"]["configurations"].as_array().unwrap();
    let runs = sweep["plan"]["runs"].as_array().unwrap();
    let name = |run: &Value| {
        let usual = format!(
            "{}, seed={}",
            configurations[run[2].as_u64().unwrap() as usize].as_str().unwrap(),
            run[3].as_str().unwrap()
        );
        run[1].as_str().map_or(usual, str::to_owned)
    };
    let found = runs.iter().find(|run| name(run) == label).unwrap_or_else(|| panic!("no run {label}"));
    found[0].as_str().unwrap().to_owned()
}

#[test]
fn a_sweep_is_told_by_its_runs() {
    let served = Served::sweeps(&[little()]);
    let sweep = served.json("/api/sweeps/little");
    let column = |name: &str| {
        let columns = sweep["plan"]["columns"].as_array().unwrap();
        columns.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"))
    };
    let states: Vec<&str> = sweep["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| sweep["plan"]["states"][row[column("state")].as_u64().unwrap() as usize].as_str().unwrap())
        .collect();
    let expected = [
        "completed",
        "completed",
        "completed",
        "completed",
        "completed",
        "interrupted",
        "diverged",
        "failed",
        "pending",
    ];
    assert_eq!(states, expected);
    let totals = &sweep["totals"]["states"];
    assert_eq!(totals.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), 9);
    assert_eq!(sweep["plan"]["parameters"][0]["name"], "rank");
    let reason = sweep["rows"][7][column("reason")].as_u64().unwrap() as usize;
    assert!(sweep["texts"][reason].as_str().unwrap().starts_with("worker died"));
    assert!(sweep["rows"][0][column("metric:accuracy")].as_f64().unwrap() > 0.8);
}

#[test]
fn a_run_is_told_with_its_parameters_beside_the_baselines() {
    let served = Served::sweeps(&[little()]);
    let sweep = served.json("/api/sweeps/little");
    let told = served.json(&format!("/api/sweeps/little/runs/{}", run(&sweep, "rank=64, seed=1")));
    let rank = told["parameters"].as_array().unwrap().iter().find(|parameter| parameter[0] == "rank").unwrap();
    assert_eq!((rank[1].as_str(), rank[3].as_bool()), (Some("64"), Some(true)));
    let differing = told["parameters"].as_array().unwrap().iter().filter(|parameter| parameter[3] == true).count();
    assert_eq!(differing, 1);
    assert_eq!(told["has_predictions"], true);
    assert_eq!(served.get("/api/sweeps/little/runs/000000000000").status, 404);
}

#[test]
fn mistakes_are_told_with_texts_and_counted_in_a_matrix() {
    let served = Served::sweeps(&[little()]);
    let sweep = served.json("/api/sweeps/little");
    let path = format!("/api/sweeps/little/runs/{}", run(&sweep, "base, seed=1"));
    let matrix = served.json(&format!("{path}/confusion"));
    let rows: Vec<Vec<u64>> = serde_json::from_value(matrix["rows"].clone()).unwrap();
    let wrong: u64 = rows.iter().enumerate().map(|(label, row)| row.iter().sum::<u64>() - row[label]).sum();
    assert_eq!((rows.iter().flatten().sum::<u64>(), matrix["classes"].as_array().unwrap().len()), (120, 4));
    let mistakes = served.json(&format!("{path}/predictions?count=200"));
    assert_eq!((mistakes["total"].as_u64(), mistakes["rows"].as_array().unwrap().len() as u64), (Some(wrong), wrong));
    let confidences: Vec<f64> =
        mistakes["rows"].as_array().unwrap().iter().map(|row| row[3].as_f64().unwrap()).collect();
    assert!(wrong > 3 && confidences.windows(2).all(|pair| pair[0] >= pair[1]), "the surest first: {confidences:?}");
    let first = &mistakes["rows"][0];
    let text = format!("<img src=x onerror=alert({0})> row {0} of test false", first[0]);
    assert_eq!(first[4].as_str(), Some(text.as_str()));
    let (label, predicted) = (first[1].as_u64().unwrap(), first[2].as_u64().unwrap());
    let cell = served.json(&format!("{path}/predictions?label={label}&predicted={predicted}"));
    assert_eq!(cell["total"].as_u64(), Some(rows[label as usize][predicted as usize]));
    let right = served.json(&format!("{path}/predictions?label=0&predicted=0&from=1&count=2"));
    assert_eq!((right["total"].as_u64(), right["rows"].as_array().unwrap().len()), (Some(rows[0][0]), 2));
    let open = run(&sweep, "rank=4, seed=3");
    assert_eq!(served.get(&format!("/api/sweeps/little/runs/{open}/confusion")).status, 404);
}

#[test]
fn two_runs_are_compared_as_on_the_command_line() {
    let served = Served::sweeps(&[little()]);
    let sweep = served.json("/api/sweeps/little");
    let (a, b) = (run(&sweep, "base, seed=1"), run(&sweep, "rank=64, seed=1"));
    let told = served.json(&format!("/api/sweeps/little/compare?a={a}&b={b}"));
    assert!(told["text"].as_str().unwrap().contains("A \u{2212} B"), "{told}");
    let alone = served.get(&format!("/api/sweeps/little/compare?a={a}&b={a}"));
    assert_eq!(alone.status, 422);
    assert!(alone.body.contains("name two that differ"), "{}", alone.body);
}

#[test]
fn evidence_says_what_looking_early_does() {
    let mut fake = little();
    fake.hypotheses = vec![sweep::spec::Hypothesis {
        id: "h1".to_owned(),
        claim: "More rank is better.".to_owned(),
        vary: sweep::spec::Vary {
            parameter: "rank".to_owned(),
            treatments: vec!["rank=64".to_owned()],
            baseline: "base".to_owned(),
        },
        metric: sweep::spec::HypothesisMetric::Best(sweep::spec::Metric::ACCURACY),
        expect: sweep::spec::Expectation::Higher,
        margin: None,
    }];
    let served = Served::sweeps(&[fake]);
    let evidence = served.json("/api/sweeps/little/evidence");
    let part = |id: &str| {
        let parts = evidence["parts"].as_array().unwrap();
        parts.iter().find(|part| part["id"] == id).map(|part| part["html"].as_str().unwrap().to_owned())
    };
    assert!(part("peeking").unwrap().contains("Looking early changes no verdict"));
    assert!(part("verdicts").unwrap().contains("inconclusive"), "a seed has not ended");
    assert_eq!(evidence["open"], 2);
}
