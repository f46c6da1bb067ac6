//! One owner at a time.

use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, Instant, SystemTime};

use sweep::store::{Attempt, Claim, ClaimOptions, ClaimRecord, StoreError};
use sweep::train::Recorder;

use crate::samples::epoch;
use crate::support::{claimed_recorder, claims, files, open, runs, scratch, sweep};

fn take(path: &Path) -> Option<Claim> {
    match Claim::take(path, &claims("tester")).unwrap() {
        Attempt::Claimed(claim) => Some(claim),
        Attempt::Busy(_) => None,
    }
}

/// A claim by somebody who can only be judged by his heartbeat.
fn foreign_claim(path: &Path) -> ClaimRecord {
    let claim = take(path).unwrap();
    let mut record = claim.record().clone();
    drop(claim);
    record.owner.host = "elsewhere".into();
    std::fs::write(path, serde_json::to_vec(&record).unwrap()).unwrap();
    record
}

fn set_age(path: &Path, age: Duration) {
    std::fs::File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

fn path_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("claim.json")
}

#[test]
fn a_live_claim_is_respected_and_a_released_one_is_free() {
    let folder = scratch();
    let path = path_in(&folder);
    let claim = take(&path).unwrap();
    claim.verify().unwrap();
    let Attempt::Busy(found) = Claim::take(&path, &claims("other")).unwrap() else { panic!() };
    let holder = found.holder();
    assert!(holder.contains("tester") && holder.contains(&std::process::id().to_string()), "{holder}");
    claim.release().unwrap();
    assert!(take(&path).is_some());
    assert!(!path.exists(), "a dropped claim is released");
}

#[test]
fn of_many_who_want_a_free_claim_one_gets_it() {
    for _ in 0..20 {
        let folder = scratch();
        assert_eq!(winners(&path_in(&folder)), 1);
    }
}

#[test]
fn of_many_who_want_a_dead_claim_one_gets_it() {
    for _ in 0..20 {
        let folder = scratch();
        let path = path_in(&folder);
        foreign_claim(&path);
        set_age(&path, Duration::from_secs(3600));
        assert_eq!(winners(&path), 1);
        let left: Vec<PathBuf> = files(folder.path()).into_keys().collect();
        assert_eq!(left, [PathBuf::from("claim.lock")]);
    }
}

/// How many of eight who try at the same time get the claim, while all hold what they got.
fn winners(path: &Path) -> usize {
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        let contender = || {
            barrier.wait();
            let claim = take(path);
            barrier.wait();
            claim.is_some_and(|claim| claim.verify().is_ok())
        };
        let contenders: Vec<_> = (0..8).map(|_| scope.spawn(contender)).collect();
        contenders.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
    })
}

#[test]
fn never_two_owners_under_constant_taking_and_releasing() {
    let folder = scratch();
    let path = path_in(&folder);
    let inside = std::sync::atomic::AtomicUsize::new(0);
    let taken = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let began = Instant::now();
                while began.elapsed() < Duration::from_millis(400) {
                    let Some(claim) = take(&path) else { continue };
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    claim.verify().unwrap();
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    taken.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    claim.release().unwrap();
                }
            });
        }
    });
    assert!(taken.into_inner() > 20);
}

#[test]
fn the_claim_of_a_dead_process_is_taken_over_at_once() {
    let folder = scratch();
    let path = path_in(&folder);
    let claim = take(&path).unwrap();
    let mut record = claim.record().clone();
    drop(claim);
    // As of a process that ended: its number is used by another, which started later.
    record.owner.started = record.owner.started.map(|ticks| ticks - 1);
    std::fs::write(&path, serde_json::to_vec(&record).unwrap()).unwrap();
    let claim = take(&path).unwrap();
    assert!(claim.inherited_from().unwrap().contains("tester"));
}

#[test]
fn a_claim_from_elsewhere_lives_as_long_as_its_heartbeat() {
    let folder = scratch();
    let path = path_in(&folder);
    foreign_claim(&path);
    set_age(&path, Duration::from_secs(50));
    assert!(take(&path).is_none());
    set_age(&path, Duration::from_secs(70));
    assert!(take(&path).is_some());
}

/// The clock of its machine was set back by a day while it held the claim, or after.
#[test]
fn a_dead_claim_from_a_time_to_come_is_not_waited_for() {
    let folder = scratch();
    let path = path_in(&folder);
    foreign_claim(&path);
    let later = SystemTime::now() + Duration::from_secs(86_400);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    assert!(take(&path).is_some());
    // A moment ahead is no sign of death.
    foreign_claim(&path);
    let soon = SystemTime::now() + Duration::from_secs(2);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(soon).unwrap();
    assert!(take(&path).is_none());
}

#[test]
fn a_claim_that_can_neither_be_created_nor_read_is_an_error_and_no_endless_loop() {
    let folder = scratch();
    let path = path_in(&folder);
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &path).unwrap();
    let error = Claim::take(&path, &claims("tester")).unwrap_err().to_string();
    assert!(error.contains("is it a symbolic link that leads nowhere?"), "{error}");
}

#[test]
fn an_unreadable_claim_is_respected_until_it_is_old() {
    let folder = scratch();
    let path = path_in(&folder);
    for contents in ["", "{\"format_version\": 1, \"tok"] {
        std::fs::write(&path, contents).unwrap();
        assert!(take(&path).is_none());
        set_age(&path, Duration::from_secs(70));
        assert!(take(&path).is_some());
    }
}

#[test]
fn the_heartbeat_keeps_the_claim_fresh() {
    let folder = scratch();
    let path = path_in(&folder);
    let options = ClaimOptions { beat: Duration::from_millis(20), ..claims("tester") };
    let Attempt::Claimed(claim) = Claim::take(&path, &options).unwrap() else { panic!() };
    set_age(&path, Duration::from_secs(3600));
    let began = Instant::now();
    let age =
        || SystemTime::now().duration_since(std::fs::metadata(&path).unwrap().modified().unwrap()).unwrap_or_default();
    while age() > Duration::from_secs(10) {
        assert!(began.elapsed() < Duration::from_secs(20), "no heartbeat came");
        std::thread::sleep(Duration::from_millis(5));
    }
    claim.release().unwrap();
}

#[test]
fn who_lost_his_claim_notices_and_leaves_the_new_owner_alone() {
    let folder = scratch();
    let path = path_in(&folder);
    let slept = take(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let error = slept.verify().unwrap_err();
    assert!(matches!(error, StoreError::ClaimLost { .. }), "{error}");
    let owner = take(&path).unwrap();
    let error = slept.verify().unwrap_err();
    assert!(error.to_string().contains("taken over by tester"), "{error}");
    assert!(slept.release().is_err());
    owner.verify().unwrap();
}

#[test]
fn a_recorder_whose_claim_is_lost_writes_nothing() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let id = store.record().runs[0].id.clone();
    let mut slept = claimed_recorder(&store, 0);
    let claim = store.layout().pack(&slept.plan().id).claim();
    std::fs::remove_file(&claim).unwrap();
    let owner = claimed_recorder(&store, 0);
    let before = files(root.path());
    let checkpoint = sweep::train::Checkpoint { state: serde_json::Value::Null, arrays: Default::default() };
    let outcome = sweep::event::Outcome::Failed { reason: "late".into() };
    let errors = [
        slept.epochs(&id, &[epoch(1, 0.5)]).unwrap_err(),
        slept.save_checkpoint(&checkpoint).unwrap_err(),
        slept.ended(&id, &outcome).unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("taken over by planner"), "{error}");
    }
    assert_eq!(files(root.path()), before);
    drop(slept);
    owner.release().unwrap();
}
