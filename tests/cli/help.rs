use predicates::prelude::*;

use crate::support::Place;

#[test]
fn the_overview() {
    let place = Place::new();
    let output = place.sweep(&["--help"]).output().unwrap();
    assert!(output.status.success());
    insta::assert_snapshot!(place.plain(&output.stdout));
}

#[test]
fn every_verb_has_examples_and_exit_codes() {
    let place = Place::new();
    let overview = String::from_utf8(place.sweep(&["--help"]).output().unwrap().stdout).unwrap();
    let commands = overview.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    // A verb stands two columns in; the further lines of its description stand further in.
    let names = commands.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let verbs: Vec<&str> =
        names.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.contains(&"run") && !verbs.contains(&"worker"), "{verbs:?}");
    for verb in verbs.into_iter().filter(|verb| *verb != "help") {
        let help = place.sweep(&[verb, "--help"]).assert().success();
        help.stdout(predicate::str::contains("Exit codes:"));
        if verb != "doctor" {
            place.sweep(&[verb, "--help"]).assert().stdout(predicate::str::contains("Examples:"));
        }
    }
}

#[test]
fn what_is_not_understood_is_bad_input() {
    let place = Place::new();
    for arguments in [
        &["fly"][..],
        &["run"],
        &["run", "little.yaml", "--max-pack", "0"],
        &["run", "little.yaml", "--checkpoint-minutes", "-1"],
    ] {
        place.sweep(arguments).assert().code(2);
    }
}
