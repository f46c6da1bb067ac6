//! R12: terminals of all kinds, and none.

use std::process::Command;

use crate::needs;
use crate::support::Place;

/// What the program writes to a terminal; none where no terminal can be made.
fn on_terminal(place: &Place, set_up: &str, arguments: &str, variables: &[(&str, &str)]) -> Option<String> {
    let program = assert_cmd::cargo::cargo_bin(if arguments == TRAIN { "sweep-mock" } else { "sweep" });
    let line = format!("{set_up} '{}' {arguments}", program.display());
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(place.path(""));
    script.envs(place.environment()).env_remove("NO_COLOR").env("TERM", "xterm");
    let output = script.envs(variables.iter().copied()).stdin(std::process::Stdio::null()).output();
    let Ok(output) = output else {
        needs::skip("terminal", "the program `script` is not here");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    assert!(output.status.success(), "{text}");
    Some(text)
}

const TRAIN: &str = "run little.yaml --mock-delay 2";

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let place = Place::new();
    let Some(text) = on_terminal(&place, "", TRAIN, &[("TERM", "dumb")]) else { return };
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains(" started base, seed=1 ") && text.contains(" completed base, seed=1: "), "{text}");
}

#[test]
fn a_terminal_that_can_draw_gets_bars_and_one_without_a_width_is_no_trouble() {
    for set_up in ["", "stty rows 0 cols 0;", "stty rows 1 cols 1;", "stty rows 3 cols 10;"] {
        let place = Place::new();
        let Some(text) = on_terminal(&place, set_up, TRAIN, &[]) else { return };
        assert!(text.contains('\u{1b}') && text.contains("6 runs: 6 completed"), "{set_up} {text:?}");
        assert!(!text.contains("panicked"), "{set_up} {text:?}");
    }
}

#[test]
fn colours_are_left_out_where_that_is_asked_for() {
    let place = Place::new();
    for variable in [("NO_COLOR", "1"), ("CLICOLOR", "0")] {
        let Some(text) = on_terminal(&place, "", "doctor || true", &[variable]) else { return };
        assert!(!text.contains("\u{1b}["), "{variable:?} {text:?}");
    }
    let Some(text) = on_terminal(&place, "", "doctor || true", &[]) else { return };
    assert!(text.contains("\u{1b}["), "{text:?}");
}

#[test]
fn a_watch_that_goes_into_a_pipe_is_plain() {
    let place = Place::new();
    assert_eq!(place.mock(&[]).output().unwrap().status.code(), Some(0));
    let output = place.sweep(&["status", "--watch"]).env_remove("NO_COLOR").env("TERM", "xterm").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("6 runs: 6 completed") && !text.contains('\u{1b}'), "{text:?}");
}
