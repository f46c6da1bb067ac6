//! `sweep diff`: in what two runs or sweeps differ.

use crate::support::{Place, SWEEP};

#[track_caller]
fn diff(place: &Place, a: &str, b: &str) -> String {
    let output = place.sweep(&["diff", a, b]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    place.plain(&output.stdout)
}

/// The row of a name, without the spaces between columns.
fn row(text: &str, name: &str) -> Option<String> {
    let words =
        |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("|");
    text.lines().find(|line| line.split("  ").next() == Some(name)).map(words)
}

#[test]
fn runs_differ_in_settings_data_and_programs() {
    let place = Place::new();
    place.mock(&[]).assert().success();
    place.write("data.csv", &crate::support::rows(48));
    place.mock(&[]).assert().success();
    let text = diff(&place, "base, seed=1", "rank=4, seed=2");
    assert_eq!(row(&text, "rank").as_deref(), Some("rank|2|4"), "{text}");
    assert_eq!(row(&text, "seed").as_deref(), Some("seed|1|2"), "{text}");
    assert_eq!(row(&text, "learning_rate"), None);
    assert!(text.contains("Programs and machines: the same ("), "{text}");
    // The same label over other data is another run.
    let runs = place.files("results/little/runs");
    assert!(runs.len() > 6, "{runs:?}");
    let plan: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("results/little/sweep.json")).unwrap()).unwrap();
    let ids: Vec<&str> = plan["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    let text = diff(&place, ids[0], ids[6]);
    assert!(text.contains("Settings: the same ("), "{text}");
    // The mock invents what it found of the data.
    assert!(text.contains("the contents of the data or of the model do"), "{text}");
}

#[test]
fn sweeps_differ_in_base_runs_and_hypotheses() {
    let place = Place::new();
    place.mock(&[]).assert().success();
    let other = SWEEP
        .replace("name: little", "name: other")
        .replace("  epochs: 2", "  epochs: 3")
        .replace("rank: [4]", "rank: [4, 8]")
        + "hypotheses: [{id: rank, claim: More., vary: rank, metric: accuracy, expect: higher}]\n";
    place.write("other.yaml", &other);
    place.sweep_mock(&["run", "other.yaml"]).assert().success();
    let text = diff(&place, "little", "results/other");
    assert!(text.starts_with("A  little\nB  other\n"), "{text}");
    assert_eq!(row(&text, "epochs").as_deref(), Some("epochs|2|3"), "{text}");
    assert_eq!(row(&text, "runs").as_deref(), Some("runs|6|8"), "{text}");
    assert!(row(&text, "rank=8, seed=1").unwrap().starts_with("rank=8, seed=1|-|"), "{text}");
    assert!(row(&text, "base, seed=1").unwrap().contains("(epochs=2)|"), "{text}");
    assert_eq!(row(&text, "rank: claim").as_deref(), Some("rank: claim|-|More."), "{text}");
    assert!(diff(&place, "little", "little").contains("Runs: the same (6)."));
    for (names, said) in [
        (["little", "base, seed=1"], "this is the name of 2 things"),
        (["little", "little/base, seed=1"], "one is a run, the other a sweep"),
        (["little", "nothing"], "no such run"),
        (["", "little"], "no such run"),
    ] {
        let output = place.sweep(&[&["diff"][..], &names].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{names:?}");
        assert!(place.plain(&output.stderr).contains(said), "{names:?}: {}", place.plain(&output.stderr));
    }
}
