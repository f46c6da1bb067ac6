//! R4: standard streams that cannot be written, or that nobody reads.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use sweep::store::{RunState, Store};

use crate::support::Place;

/// Where a stream goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    /// Where it is looked at.
    Us,
    /// A device that is always full.
    Full,
    /// A reader that has gone.
    Nobody,
}

impl To {
    fn stdio(self) -> Stdio {
        match self {
            To::Us => Stdio::piped(),
            To::Full => File::options().write(true).open("/dev/full").unwrap().into(),
            To::Nobody => std::io::pipe().unwrap().1.into(),
        }
    }
}

fn run(place: &Place, arguments: &[&str], output: To, errors: To) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("sweep-mock"));
    command.args(arguments).current_dir(place.path("")).envs(place.environment());
    command.stdin(Stdio::null()).stdout(output.stdio()).stderr(errors.stdio()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const TRAIN: [&str; 2] = ["run", "little.yaml"];

fn all_completed(place: &Place) -> bool {
    let views = Store::open(&place.path("results/little")).unwrap().runs().unwrap();
    views.iter().all(|view| view.state == RunState::Completed)
}

#[test]
fn training_goes_on_when_its_progress_cannot_be_written_and_the_exit_code_says_so() {
    for (output, errors, code) in [
        (To::Us, To::Full, 1),
        (To::Us, To::Nobody, 1),
        (To::Full, To::Us, 1),
        (To::Full, To::Full, 1),
        (To::Nobody, To::Nobody, 1),
        // `| head`: who reads the table has seen enough.
        (To::Nobody, To::Us, 0),
    ] {
        let place = Place::new();
        let done = run(&place, &TRAIN, output, errors);
        assert_eq!(done.status.code(), Some(code), "{output:?} {errors:?}: {}", said(&done));
        assert!(all_completed(&place), "{output:?} {errors:?}");
        assert!(!said(&done).contains("panicked"));
        if output == To::Full && errors == To::Us {
            assert!(
                said(&done).contains("cannot write to standard output: No space left on device"),
                "{}",
                said(&done)
            );
        }
    }
}

/// No verb panics, or says that all is well, whatever its streams are.
#[test]
fn no_verb_panics_over_its_streams() {
    let place = Place::new();
    assert_eq!(run(&place, &TRAIN, To::Us, To::Us).status.code(), Some(0));
    let verbs: [&[&str]; 17] = [
        &["--help"],
        &["--version"],
        &["run", "--help"],
        &TRAIN,
        &["run", "little.yaml", "--dry-run"],
        &["run", "little.yaml", "--launch", "slurm", "--dry-run"],
        &["status"],
        &["status", "--json"],
        &["status", "--watch"],
        &["logs", "base, seed=1"],
        &["compare", "base", "rank=4"],
        &["report", "--format", "svg"],
        &["doctor"],
        &["fetch", "little.yaml"],
        &["cancel", "results"],
        &["predict", "--run", "little/best", "--text", "a goal"],
        &["export", "little/best", "--adapter", "exported"],
    ];
    for verb in verbs {
        let usual = run(&place, verb, To::Us, To::Us).status.code().unwrap();
        std::fs::remove_dir_all(place.path("exported")).ok();
        for (output, errors) in [(To::Full, To::Us), (To::Nobody, To::Full), (To::Us, To::Nobody)] {
            let done = run(&place, verb, output, errors);
            std::fs::remove_dir_all(place.path("exported")).ok();
            let code = done.status.code().expect("no signal ends it");
            let context = format!("{verb:?} {output:?} {errors:?}: {}", said(&done));
            assert!(!said(&done).contains("panicked") && code != 101, "{context}");
            match output {
                // Everything that ends well has something to say.
                To::Full => assert_eq!(code, if usual == 0 { 1 } else { usual }, "{context}"),
                _ => assert!(code == usual || (usual == 0 && code == 1), "{context}"),
            }
        }
    }
}

/// Ends although runs are open, because nobody looks any more.
#[test]
fn who_watches_and_leaves_ends_the_watch() {
    let place = Place::new();
    let only = run(&place, &[&TRAIN[..], &["--only", "base"]].concat(), To::Us, To::Us);
    assert_eq!(only.status.code(), Some(0));
    assert_eq!(run(&place, &["status", "--watch"], To::Nobody, To::Us).status.code(), Some(0));
}
