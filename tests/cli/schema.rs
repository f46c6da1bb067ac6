//! What is made of the definitions of sweep files and of the command line.

use crate::support::Place;

/// The verbs that the overview lists.
fn verbs(place: &Place) -> Vec<String> {
    let overview = place.plain(&place.sweep(&["--help"]).output().unwrap().stdout);
    let commands = overview.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names = commands.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next());
    names.filter(|verb| *verb != "help").map(str::to_owned).collect()
}

#[test]
fn the_schema_is_printed() {
    let place = Place::new();
    let output = place.sweep(&["schema"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["definitions"]["rank"]["default"], 16);
}

#[test]
fn completions_name_every_verb_and_its_options() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = place.sweep(&["completions", shell]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = place.plain(&output.stdout);
        for verb in verbs(&place) {
            assert!(script.contains(&verb), "{shell} does not complete {verb}");
        }
        assert!(script.contains("checkpoint-minutes") && script.contains("slurm"), "{shell}");
    }
    assert_eq!(place.sweep(&["completions", "vms"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn manual_pages_name_every_verb() {
    let place = Place::new();
    let output = place.sweep(&["man", "pages/man1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    let verbs = verbs(&place);
    assert_eq!(place.plain(&output.stdout), format!("pages/man1: sweep.1 and the pages of {} verbs", verbs.len()));
    let read = |name: &str| std::fs::read_to_string(place.path("pages/man1").join(name)).unwrap();
    let overview = read("sweep.1").replace("\\-", "-");
    for verb in &verbs {
        assert!(overview.contains(&format!("sweep-{verb}(1)")), "{verb}");
        assert!(read(&format!("sweep-{verb}.1")).contains(".TH"), "{verb}");
    }
    assert!(!place.exists("pages/man1/sweep-worker.1"));
    place.write("file", "");
    assert_eq!(place.sweep(&["man", "file/man1"]).output().unwrap().status.code(), Some(2));
}
