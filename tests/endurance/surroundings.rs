//! What happens around a sweep: disks fill up, folders go away, two people start the same sweep, signals come.

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sweep::store::RunState;

use crate::comparing::timeless;
use crate::needs;
use crate::place::{Place, said};

/// The sweep with the mock executor.
fn mock(place: &Place, more: &[&str]) -> Command {
    place.mock(more)
}

/// Runs a shell script with a file system of its own mounted at `small` (size and options given), and `$SWEEP` as the
/// program with its arguments. None, and a word about it, where that is not allowed.
fn with_mount(place: &Place, mount: &str, script: &str) -> Option<Output> {
    std::fs::create_dir_all(place.path("small")).unwrap();
    let program = mock(place, &["--results", "small"]);
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let script = format!("mount {mount} small || exit 99\n{script}");
    for own in [&["--mount"][..], &["--mount", "--map-root-user"]] {
        let mut unshare = Command::new("unshare");
        unshare.args(own).args(["sh", "-c", &script]).current_dir(place.path("")).stdin(Stdio::null());
        unshare.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("SWEEP", words.join(" "));
        match unshare.output() {
            Ok(output) if ![Some(99), Some(1)].contains(&output.status.code()) || !output.stdout.is_empty() => {
                return Some(output);
            }
            _ => {}
        }
    }
    needs::skip("mount", "no file system may be mounted here");
    None
}

#[test]
fn a_disk_that_fills_up_ends_the_sweep_with_a_word_and_it_goes_on_when_there_is_space() {
    let place = Place::new();
    let script = "
        $SWEEP --only rank=8; echo first $?
        before=$(cat small/little/runs/*/result.json | md5sum)
        dd if=/dev/zero of=small/ballast bs=1k 2>/dev/null
        $SWEEP; echo full $?
        cat small/little/runs/*/result.json | md5sum | grep -q \"$before\" && echo intact
        rm small/ballast
        $SWEEP; echo space $?";
    let Some(output) = with_mount(&place, "-t tmpfs -o size=1m none", script) else { return };
    let text = said(&output);
    assert!(text.contains("first 0") && (text.contains("full 1") || text.contains("full 2")), "{text}");
    assert!(text.contains("No space left on device (os error 28) (free some space"), "{text}");
    assert!(text.contains("intact") && text.contains("space 0") && text.contains("6 runs: 6 completed"), "{text}");
}

#[test]
fn a_folder_that_may_only_be_read_is_bad_input_and_can_be_looked_at() {
    let place = Place::new();
    let script = "
        $SWEEP >/dev/null 2>&1; echo first $?
        mount -o remount,ro small
        sed -i 's/epochs: 3/epochs: 4/' little.yaml
        $SWEEP; echo read-only $?
        ${SWEEP%% *} status small; ${SWEEP%% *} report small/little --out reports >/dev/null; echo looked $?";
    let Some(output) = with_mount(&place, "-t tmpfs -o size=4m none", script) else { return };
    let text = said(&output);
    assert!(text.contains("first 0") && text.contains("read-only 2"), "{text}");
    assert!(text.contains("Read-only file system") && text.contains("choose a results folder that you can write to"));
    assert!(text.contains("6 runs: 6 completed") && text.contains("looked 0"), "{text}");
}

fn piped(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is() {
        assert!(since.elapsed() < Duration::from_secs(120), "{what} does not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn has_checkpoint(place: &Place) -> bool {
    let packs = std::fs::read_dir(place.results().join("packs")).into_iter().flatten().flatten();
    packs.into_iter().any(|pack| pack.path().join("checkpoint-1.bin").exists())
}

#[test]
fn a_results_folder_deleted_under_a_sweep_is_told_and_does_not_come_back() {
    let place = Place::new();
    let sweep = piped(mock(&place, &["--mock-delay", "30"]));
    wait_until("a checkpoint", || has_checkpoint(&place));
    // As a whole, at one moment; then piece by piece.
    std::fs::rename(place.path("results"), place.path("gone")).unwrap();
    let output = sweep.wait_with_output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("was the results folder moved or deleted?"), "{text}");
    assert!(!place.path("results").exists());
    // Moved back, it goes on.
    std::fs::rename(place.path("gone"), place.path("results")).unwrap();
    assert!(mock(&place, &[]).output().unwrap().status.success());
}

#[test]
fn two_people_start_the_same_sweep_and_every_run_is_trained_once() {
    let (place, alone) = (Place::new(), Place::new());
    alone.finish();
    let both = [piped(place.training(&[])), piped(place.training(&[]))];
    for sweep in both {
        let output = sweep.wait_with_output().unwrap();
        let text = said(&output);
        assert!(output.status.success() && text.contains("6 runs: 6 completed"), "{text}");
    }
    let store = place.store();
    for run in &store.record().runs {
        let log = store.log(&run.id).unwrap().join("\n");
        assert_eq!((log.matches(" started: ").count(), log.matches(" completed: ").count()), (1, 1), "{log}");
    }
    assert_eq!(timeless(&place.results()), timeless(&alone.results()));
}

#[test]
fn timeout_interrupts_a_sweep_like_a_signal() {
    let place = Place::new();
    for (signal, number, code) in [("INT", Signal::INT, 130), ("TERM", Signal::TERM, 143), ("USR2", Signal::USR2, 140)]
    {
        let program = place.training(&[]);
        let mut timeout = Command::new("timeout");
        // The real trainer, whose workers get the signal twice: from timeout, which passes on what it gets, and from their
        // supervisor.
        timeout.args(["--preserve-status", "--signal", signal, "600"]).arg(program.get_program());
        timeout.args(program.get_args()).current_dir(place.path("")).stdin(Stdio::null());
        timeout.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut sweep = piped(timeout);
        let goes_on = || {
            let is_planned = place.path("results/little/sweep.json").exists();
            is_planned && place.store().runs().unwrap().iter().any(|view| view.state == RunState::Running)
        };
        wait_until("training or its end", || goes_on() || sweep.try_wait().unwrap().is_some());
        kill_process(Pid::from_child(&sweep), number).ok();
        let output = sweep.wait_with_output().unwrap();
        let text = said(&output);
        if output.status.success() {
            // A fast machine is done before.
            break;
        }
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains("Interrupted with everything saved; the same command continues"), "{text}");
    }
    let whole = Place::new();
    whole.finish();
    place.finish();
    assert_eq!(timeless(&place.results()), timeless(&whole.results()));
}

#[test]
fn a_second_signal_leaves_at_once_and_nothing_is_lost() {
    let place = Place::new();
    // A step takes longer than anybody waits.
    let sweep = piped(mock(&place, &["--mock-delay", "60000"]));
    let is_running = || {
        place.path("results/little/sweep.json").exists()
            && place.store().runs().unwrap().iter().any(|view| view.state == RunState::Running)
    };
    wait_until("training", is_running);
    let pid = Pid::from_child(&sweep);
    kill_process(pid, Signal::INT).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let since = Instant::now();
    kill_process(pid, Signal::INT).unwrap();
    let output = sweep.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    wait_until("the worker's end", || place.store().runs().unwrap().iter().all(|view| view.state != RunState::Running));
    assert!(mock(&place, &[]).output().unwrap().status.success());
}
