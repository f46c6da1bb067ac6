//! Durable or absent: what writing leaves behind when it cannot be done, and when it is interrupted.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sweep::store::{CheckpointSlots, Store, StoreError, remove_leftovers, write_atomically, write_atomically_with};
use sweep::train::{Checkpoint, Recorder};

use crate::needs;
use crate::samples::{epoch, facts};
use crate::support::{claimed_recorder, files, finished, open, runs, scratch, sweep, timeless};

fn names(folder: &Path) -> Vec<String> {
    files(folder).keys().map(|path| path.display().to_string()).collect()
}

#[test]
fn contents_are_replaced_whole_and_nothing_else_is_left() {
    let folder = scratch();
    let path = folder.path().join("table.csv");
    write_atomically(&path, b"a longer first version").unwrap();
    write_atomically(&path, b"second").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"second");
    assert_eq!(names(folder.path()), ["table.csv"]);
}

#[test]
fn a_write_that_fails_half_way_keeps_the_old_contents() {
    let folder = scratch();
    let path = folder.path().join("table.csv");
    write_atomically(&path, b"old").unwrap();
    let error = write_atomically_with(&path, |file| {
        std::io::Write::write_all(file, b"half of the n")?;
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    })
    .unwrap_err();
    assert!(error.to_string().contains("free some space and run the same command again"), "{error}");
    assert!(error.to_string().contains("table.csv: cannot write: "), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["table.csv"]);
}

#[test]
fn a_missing_folder_is_not_made_up() {
    let folder = scratch();
    let error = write_atomically(&folder.path().join("gone/table.csv"), b"x").unwrap_err();
    assert!(error.to_string().contains("was the results folder moved or deleted?"), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn leftovers_go_when_they_are_old_enough_and_nothing_else_does() {
    let folder = scratch();
    for name in [".metrics.csv.0123.tmp", ".result.json.4567.tmp", "metrics.csv", ".hidden", "notes.tmp"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    remove_leftovers(folder.path(), Duration::from_secs(600)).unwrap();
    assert_eq!(names(folder.path()).len(), 5);
    remove_leftovers(folder.path(), Duration::ZERO).unwrap();
    assert_eq!(names(folder.path()), [".hidden", "metrics.csv", "notes.tmp"]);
    remove_leftovers(&folder.path().join("absent"), Duration::ZERO).unwrap();
}

#[test]
fn what_a_killed_writer_left_in_a_run_is_gone_when_its_pack_is_taken_up() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let run = store.layout().run(&store.record().runs[0].id);
    std::fs::create_dir(run.folder()).unwrap();
    std::fs::write(run.folder().join(".metrics.csv.0123.tmp"), "epo").unwrap();
    claimed_recorder(&store, 0);
    assert!(names(run.folder()).is_empty());
}

/// Runs this test binary again for one test below.
fn helper(name: &str, folder: &Path) -> std::process::Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env("SWEEP_TEST_FOLDER", folder)
        .output()
        .unwrap()
}

fn told_folder() -> std::path::PathBuf {
    std::env::var_os("SWEEP_TEST_FOLDER").expect("runs as a helper only").into()
}

/// A write beyond the limit on file sizes breaks off in the middle, as on a full disk.
#[test]
fn a_write_broken_off_by_the_system_loses_nothing() {
    let root = scratch();
    finished(root.path(), 1);
    let store = open(root.path(), &sweep(runs(2))).unwrap().store;
    let before = timeless(store.layout().folder());
    let output = helper("durable::writes_too_much", store.layout().folder());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("cannot write: File too large") && text.contains("ulimit -f"), "{text}");
    let after = timeless(store.layout().folder());
    assert!(before.iter().all(|(path, contents)| after.get(path) == Some(contents)));
    let run = &store.record().runs[1].id;
    assert!(store.epochs(run).unwrap().is_empty());
    assert!(!names(root.path()).iter().any(|name| name.ends_with(".tmp")), "{:?}", names(root.path()));
}

#[test]
#[ignore = "helper of a_write_broken_off_by_the_system_loses_nothing"]
fn writes_too_much() {
    let store = Store::open(&told_folder()).unwrap();
    let id = store.record().runs[1].id.clone();
    let mut recorder = claimed_recorder(&store, 1);
    recorder.started(&id, &facts()).unwrap();
    let limit = rustix::process::Rlimit { current: Some(20_000), maximum: Some(20_000) };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    // Beyond the limit the system sends this signal, whose handler makes the write fail instead.
    let beyond = rustix::process::Signal::XFSZ.as_raw();
    signal_hook::flag::register(beyond, std::sync::Arc::default()).unwrap();
    let many: Vec<_> = (1..2000).map(|number| epoch(number, 0.1)).collect();
    println!("{}", recorder.epochs(&id, &many).unwrap_err());
    let large = Checkpoint { state: serde_json::Value::Null, arrays: [("w".to_owned(), vec![0.5; 100_000])].into() };
    println!("{}", recorder.save_checkpoint(&large).unwrap_err());
}

#[test]
fn a_full_disk_is_told_and_earlier_results_are_intact() {
    let root = scratch();
    let mount = root.path().join("small");
    std::fs::create_dir(&mount).unwrap();
    // Mounting needs a user namespace of its own where we are not the administrator.
    let script =
        "mount -t tmpfs -o size=264k none \"$0\" && exec \"$1\" --exact durable::fills_the_disk --ignored --nocapture";
    let run = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .args(["sh", "-c", script])
            .args([mount.as_os_str(), std::env::current_exe().unwrap().as_os_str()])
            .env("SWEEP_TEST_FOLDER", &mount)
            .output()
    };
    let output = run("unshare", &["--mount"]).ok().filter(|output| !output.stdout.is_empty());
    let output = output.or_else(|| run("unshare", &["--mount", "--map-root-user"]).ok());
    let Some(output) = output.filter(|output| !output.stdout.is_empty()) else {
        return needs::skip("mount", "no file system may be mounted here");
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("No space left on device") && text.contains("free some space"), "{text}");
}

#[test]
#[ignore = "helper of a_full_disk_is_told_and_earlier_results_are_intact"]
fn fills_the_disk() {
    let store = finished(&told_folder(), 1);
    let before = timeless(store.layout().folder());
    let mut recorder = claimed_recorder(&store, 0);
    let checkpoint = |value: f32| Checkpoint {
        state: serde_json::Value::Null,
        arrays: [("w".to_owned(), vec![value; 10_000])].into(),
    };
    recorder.save_checkpoint(&checkpoint(1.0)).unwrap();
    std::fs::write(told_folder().join("ballast"), vec![0; 150_000]).unwrap();
    println!("{}", recorder.save_checkpoint(&checkpoint(2.0)).unwrap_err());
    assert_eq!(timeless(store.layout().folder()), before);
    let plan = recorder.plan().clone();
    let kept = CheckpointSlots::load(&store.layout().pack(&plan.id)).unwrap();
    assert_eq!(kept.checkpoint, Some(checkpoint(1.0)));
    std::fs::remove_file(told_folder().join("ballast")).unwrap();
    recorder.save_checkpoint(&checkpoint(2.0)).unwrap();
}

#[test]
fn a_deleted_results_folder_is_told_and_does_not_come_back() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let id = store.record().runs[0].id.clone();
    let mut recorder = claimed_recorder(&store, 0);
    std::fs::remove_dir_all(store.layout().folder()).unwrap();
    let error = recorder.epochs(&id, &[epoch(1, 0.5)]).unwrap_err();
    assert!(error.to_string().contains("was the results folder moved or deleted?"), "{error}");
    drop(recorder);
    assert!(names(root.path()).is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let root = scratch();
    let closed = root.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    let may_anyway = std::fs::write(closed.join("probe"), "").is_ok();
    if may_anyway {
        // The administrator may write everywhere but in a file system that the kernel writes itself.
        let error = open(Path::new("/proc/sweep"), &sweep(runs(1))).unwrap_err();
        assert!(matches!(error, StoreError::Io { action: "create", .. }), "{error}");
    } else {
        let error = open(&closed, &sweep(runs(1))).unwrap_err();
        assert!(error.to_string().contains("choose a results folder that you can write to"), "{error}");
    }
}
