//! What changes is told once, to whoever has the state before.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::report_support::{Arm, Fake, Fate};
use crate::support::{Served, little};

/// One epoch more of a run: its last line again, with the next number.
fn train_on(run: &Path) {
    let path = run.join("metrics.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let epochs = text.lines().count();
    let (_, rest) = text.lines().last().unwrap().split_once(',').unwrap();
    let temporary = run.join("metrics.new");
    std::fs::write(&temporary, format!("{text}{epochs},{rest}\n")).unwrap();
    std::fs::rename(temporary, path).unwrap();
}

/// The run of that state that comes first: its place and its folder.
fn of_state(served: &Served, sweep: &Value, state: &str) -> (usize, PathBuf) {
    let states = sweep["plan"]["states"].as_array().unwrap();
    let number = states.iter().position(|name| name == state).unwrap();
    let place = sweep["rows"].as_array().unwrap().iter().position(|row| row[0] == number).unwrap();
    let id = sweep["plan"]["runs"][place][0].as_str().unwrap();
    (place, served.results().join("little/runs").join(id))
}

fn version(sweep: &Value) -> u64 {
    sweep["version"].as_u64().unwrap()
}

#[test]
fn an_epoch_is_told_as_a_change_with_its_values() {
    let served = Served::sweeps(&[little()]);
    let start = served.json("/api/state")["start"].as_str().unwrap().to_owned();
    let sweep = served.json("/api/sweeps/little");
    let (place, run) = of_state(&served, &sweep, "interrupted");
    let known = version(&sweep);
    let mut events = served.listen(&format!("sweep=little&version={known}&start={start}"));
    assert_eq!(events.next().0, "sweeps");
    train_on(&run);
    let change = events.next_of("change");
    assert_eq!(change["version"], known + 1);
    let place = place.to_string();
    assert_eq!(change["rows"].as_object().unwrap().keys().collect::<Vec<_>>(), [&place], "only what changed");
    assert_eq!(change["rows"][&place][1], 3, "epochs");
    let grown = &change["epochs"][&place];
    assert_eq!((grown[0].as_u64(), grown[1].as_array().map(Vec::len)), (Some(2), Some(1)));
    let names: Vec<&Value> = sweep["plan"]["curves"].as_array().unwrap().iter().map(|curve| &curve["name"]).collect();
    assert_eq!(grown[1][0].as_array().unwrap().len(), names.len());
    let curves = served.json("/api/sweeps/little/curves?names=eval_loss,accuracy");
    let of = |name: &str| curves["curves"][name][place.parse::<usize>().unwrap()].as_array().unwrap().clone();
    let accuracy = names.iter().position(|name| *name == "accuracy").unwrap();
    assert_eq!((of("accuracy").len(), &of("accuracy")[2]), (3, &grown[1][0][accuracy]));
    assert_eq!(served.get("/api/sweeps/little/curves?names=accuracy,speed").status, 404);
}

#[test]
fn who_comes_back_gets_what_was_missed_and_who_has_another_start_the_whole() {
    let served = Served::sweeps(&[little()]);
    let start = served.json("/api/state")["start"].as_str().unwrap().to_owned();
    let sweep = served.json("/api/sweeps/little");
    let (_, run) = of_state(&served, &sweep, "interrupted");
    let known = version(&sweep);
    // Somebody else watches meanwhile.
    let mut other = served.listen(&format!("sweep=little&version={known}&start={start}"));
    for missed in 1..=3 {
        train_on(&run);
        assert_eq!(other.next_of("change")["version"], known + missed);
    }
    let mut events = served.listen(&format!("sweep=little&version={}&start={start}", known + 1));
    assert_eq!(events.next().0, "sweeps");
    for missed in [2, 3] {
        let (name, data) = events.next();
        let change: Value = serde_json::from_str(&data).unwrap();
        assert_eq!((name.as_str(), change["version"].as_u64()), ("change", Some(known + missed)));
    }
    for elsewhere in [
        format!("sweep=little&version={}&start=another", known + 3),
        format!("sweep=little&version={}&start={start}", known + 50),
        "sweep=little".to_owned(),
    ] {
        let mut events = served.listen(&elsewhere);
        assert_eq!((events.next().0, events.next().0), ("sweeps".to_owned(), "reload".to_owned()), "{elsewhere}");
    }
}

#[test]
fn sweeps_come_and_go() {
    let served = Served::sweeps(&[little()]);
    served.until_read();
    let mut events = served.listen("");
    let names = |told: &Value| -> Vec<String> {
        told["sweeps"].as_array().unwrap().iter().map(|card| card["folder"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&events.next_of("sweeps")), ["little"]);
    Fake::new("another", vec![Arm::new("base", 0.9, |_| {}).fates(&[Fate::Pending])]).write(served.results());
    let mut told = events.next_of("sweeps");
    while names(&told) != ["another", "little"] {
        told = events.next_of("sweeps");
    }
    std::fs::write(served.results().join("another/sweep.json"), "{").unwrap();
    while told["faults"]["another"].is_null() {
        told = events.next_of("sweeps");
    }
    assert!(told["faults"]["another"].as_str().unwrap().contains("sweep.json: damaged"), "{}", told["faults"]);
    assert_eq!(names(&told), ["little"], "the others are shown");
    std::fs::remove_dir_all(served.results().join("another")).unwrap();
    while !told["faults"].as_object().unwrap().is_empty() {
        told = events.next_of("sweeps");
    }
}
