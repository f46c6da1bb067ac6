//! `sweep init`: the file that is written says what was found, and can be run.

use crate::support::{Place, rows};

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

#[track_caller]
fn done(place: &Place, arguments: &[&str]) -> String {
    let output = place.sweep(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
    place.plain(&output.stdout)
}

#[track_caller]
fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = place.sweep(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", place.plain(&output.stdout));
    place.plain(&output.stderr)
}

#[test]
fn a_file_for_a_data_set_says_what_was_found_and_can_be_run() {
    let place = Place::new();
    let said = done(&place, &["init", "data.csv"]);
    assert!(said.contains("Written: data.yaml, 6 runs."), "{said}");
    let text = read(&place, "data.yaml");
    let steady: Vec<&str> =
        text.lines().filter(|line| !line.contains("Time, estimated") && !line.contains("about ")).collect();
    insta::assert_snapshot!(steady.join("\n"));
    let shown = done(&place, &["run", "data.yaml", "--dry-run"]);
    assert!(shown.contains("6 runs to train"), "{shown}");
    // The search that is commented out, in place of the grid.
    let search = text.split("\ngrid:\n").collect::<Vec<_>>();
    let (head, tail) = (search[0], search[1].split("\nseeds:").nth(1).unwrap());
    let searching = format!("{head}\nseeds:{}", tail.replace("\n# search:", "\nsearch:").replace("\n#   ", "\n  "));
    place.write("searching.yaml", &searching);
    let shown = done(&place, &["run", "searching.yaml", "--dry-run"]);
    assert!(shown.contains("This is what the search begins with"), "{shown}");
}

#[test]
fn nothing_is_replaced() {
    let place = Place::new();
    let before = read(&place, "little.yaml");
    let said = refused(&place, &["init", "data.csv", "-o", "little.yaml"]);
    assert!(said.contains("little.yaml: this file is there already"), "{said}");
    assert_eq!(read(&place, "little.yaml"), before);
    place.write("quickstart.yaml", "");
    refused(&place, &["init", "--example", "quickstart"]);
    assert!(!place.exists("data"), "nothing is written where something would be replaced");
}

#[test]
fn splits_are_used_where_they_have_labels() {
    let place = Place::new();
    std::fs::create_dir(place.path("parts")).unwrap();
    place.write("parts/train.csv", &rows(40));
    place.write("parts/validation.csv", &rows(16));
    place.write("parts/test.csv", &rows(8));
    done(&place, &["init", "parts"]);
    let text = read(&place, "parts.yaml");
    assert!(text.contains("    eval: {split: validation} #") && text.contains("    test: {split: test} #"), "{text}");
    done(&place, &["run", "parts.yaml", "--dry-run"]);
    // The labels of this test are kept secret.
    place.write("parts/test.csv", "text,label\na goal,-1\nthe bank,-1\n");
    done(&place, &["init", "parts", "-o", "secret.yaml"]);
    let text = read(&place, "secret.yaml");
    assert!(text.contains("#   not used: ") && text.contains("    eval: {split: validation} #"), "{text}");
    assert!(text.contains("    # test: {test_size"), "{text}");
    done(&place, &["run", "secret.yaml", "--dry-run"]);
}

#[test]
fn what_is_not_found_can_be_said() {
    let place = Place::new();
    place.write("my data (1).csv", &rows(40).replace("text,label", "what: it says,# kind").replace(',', ";"));
    let said = refused(&place, &["init", "my data (1).csv"]);
    assert!(said.contains("separator"), "{said}");
    let said = refused(&place, &["init", "my data (1).csv", "--separator", ";"]);
    assert!(said.contains("cannot tell which column holds the label"), "{said}");
    let columns = ["--separator", ";", "--text", "what: it says", "--label", "# kind"];
    done(&place, &[&["init", "my data (1).csv"][..], &columns].concat());
    let text = read(&place, "my-data--1.yaml");
    assert!(text.contains("    label: \"# kind\"\n") && text.contains("    separator: \";\"\n"), "{text}");
    done(&place, &["run", "my-data--1.yaml", "--dry-run"]);
    // Elsewhere the path is absolute.
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    done(&place, &["init", "data.csv", "-o", "elsewhere/mine.yaml", "--model", "./model"]);
    done(&place, &["run", "elsewhere/mine.yaml", "--dry-run"]);
}

#[test]
fn examples_are_written_with_their_data() {
    let place = Place::new();
    place.model("six", 6);
    for (example, runs) in [("quickstart", "9 runs to train"), ("search", "6 runs to train")] {
        let said = done(&place, &["init", "--example", example]);
        assert!(said.contains(&format!("sweep run {example}.yaml --dry-run")), "{said}");
        assert!(!read(&place, &format!("{example}.yaml")).contains("sweeps/"));
        let mut command = place.sweep(&["run", &format!("{example}.yaml"), "--dry-run"]);
        let output = command.env("SWEEP_MINILM", place.path("six")).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", place.plain(&output.stderr));
        assert!(place.plain(&output.stdout).contains(runs), "{}", place.plain(&output.stdout));
    }
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/data/newswire.csv");
    assert_eq!(std::fs::read(place.path("data/newswire.csv")).unwrap(), std::fs::read(corpus).unwrap());
    place.write("data/newswire.csv", "text,label\n");
    refused(&place, &["init", "--example", "quickstart", "-o", "again.yaml"]);
    refused(&place, &["init", "--example", "nothing"]);
    refused(&place, &["init"]);
    refused(&place, &["init", "data.csv", "--example", "search"]);
}
