//! Observations on made-up results folders: what the page and the tables say of them.

mod report_support;

use std::fs;
use std::path::{Path, PathBuf};

use report_support::{Arm, Fake, Fate};
use serde_json::json;
use sweep::report::{Format, ReportFormat, ReportOptions, run};
use sweep::spec::Observation;

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-observations").join(name);
    fs::remove_dir_all(&path).ok();
    fs::create_dir_all(&path).unwrap();
    path
}

fn observation(id: &str, observe: &str, against: serde_json::Value, expect: &str, margin: Option<f64>) -> Observation {
    let against = match against {
        serde_json::Value::String(quantity) => json!({"quantity": quantity}),
        number => json!({"value": number}),
    };
    let value = json!({
        "id": id, "claim": format!("Claim {id}."), "configuration": "base", "observe": observe, "against": against,
        "expect": expect, "margin": margin,
    });
    serde_json::from_value(value).unwrap()
}

/// Verdict, value and value compared with, by id.
fn judged(fake: &Fake, name: &str) -> Vec<(String, String, f64, f64)> {
    let results = folder(name).join("results");
    fake.write(&results);
    let out = folder_of(name).join("out");
    let written =
        run(&ReportOptions { paths: vec![results], out, format: Format::Png, formats: ReportFormat::usual() }).unwrap();
    let file = written[0].files.iter().find(|file| file.ends_with("observations.csv")).unwrap();
    let mut reader = csv::Reader::from_path(file).unwrap();
    let number = |text: &str| text.parse().unwrap_or(f64::NAN);
    let row = |record: csv::StringRecord| (record[0].into(), record[2].into(), number(&record[7]), number(&record[8]));
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn papers() -> Vec<Observation> {
    vec![
        observation("early", "rise(accuracy, 1, 3)", json!("rise(accuracy, 3, last)"), "higher", None),
        observation("stable", "accuracy@last", json!("accuracy@3"), "equivalent", Some(0.05)),
        observation("late", "rise(accuracy, 3, last)", json!("rise(accuracy, 1, 3)"), "higher", None),
        observation("agree", "spread(accuracy, f1, precision, recall)", json!(0.0), "not_higher", Some(0.02)),
        observation("share", "trainable_share", json!(0.0069), "equivalent", Some(0.00005)),
        observation("share-wrong", "trainable_share", json!(0.02), "equivalent", Some(0.00005)),
        observation("classes", "class_bias", json!(0.0), "not_higher", Some(0.1)),
    ]
}

#[test]
fn observations_are_judged_from_the_seeds_of_one_configuration() {
    let mut fake = Fake::new("seen", vec![Arm::new("base", 0.925, |_| {}), Arm::new("rank=64", 0.5, |s| s.rank = 64)]);
    fake.seeds = 5;
    fake.observations = papers();
    let found = judged(&fake, "seen");
    let verdicts: Vec<(&str, &str)> = found.iter().map(|(id, verdict, ..)| (id.as_str(), verdict.as_str())).collect();
    assert_eq!(
        verdicts,
        [
            ("early", "supported"),
            ("stable", "supported"),
            ("late", "refuted"),
            ("agree", "supported"),
            ("share", "supported"),
            ("share-wrong", "refuted"),
            ("classes", "supported"),
        ]
    );
    let share = found.iter().find(|(id, ..)| id == "share").unwrap();
    assert!((share.2 - 0.0069).abs() < 0.00005, "{share:?}");
    let page = fs::read_to_string(folder_of("seen").join("out/seen/index.html")).unwrap();
    assert!(page.contains("5 supported, 2 refuted"));
    assert!(page.contains("Rise of accuracy from epoch 1 to 3"));
}

fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-observations").join(name)
}

#[test]
fn one_seed_supports_nothing_but_what_does_not_vary() {
    let mut fake = Fake::new("one", vec![Arm::new("base", 0.925, |_| {})]);
    fake.seeds = 1;
    fake.observations = papers();
    for (id, verdict, ..) in judged(&fake, "one") {
        let expected = match id.as_str() {
            "share" => "supported",
            "share-wrong" => "refuted",
            _ => "inconclusive",
        };
        assert_eq!(verdict, expected, "{id}");
    }
}

#[test]
fn what_cannot_be_measured_is_inconclusive_and_says_why() {
    let mut fake = Fake::new("missing", vec![Arm::new("base", 0.925, |_| {}).fates(&[Fate::Fails])]);
    fake.observations = papers();
    let results = folder("missing").join("results");
    fake.write(&results);
    let out = folder_of("missing").join("out");
    run(&ReportOptions { paths: vec![results], out: out.clone(), format: Format::Png, formats: ReportFormat::usual() })
        .unwrap();
    let text = fs::read_to_string(out.join("missing/observations.csv")).unwrap();
    assert_eq!(text.matches("no run of this configuration is completed").count(), papers().len(), "{text}");
    assert!(!text.contains("supported") && !text.contains("refuted"));
}
