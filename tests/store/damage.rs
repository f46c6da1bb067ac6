//! Every file that is read back may be cut off or changed: no panic, a clear word, and the other runs as they were.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use sweep::event::Event;
use sweep::execute::{Stop, work};
use sweep::store::{Attempt, CheckpointSlots, PackRecorder, RunState, RunView, Store, StoreError};
use sweep::train::{Checkpoint, Recorder};

use crate::mock::{MockExecutor, MockSettings};
use crate::support::{Events, claimed_recorder, files, open_with, options, runs, scratch, sweep, timeless, work_with};

/// Stops a worker at its n-th checkpoint.
struct StopAtCheckpoint {
    stop: Stop,
    left: usize,
}

impl sweep::event::Sink for StopAtCheckpoint {
    fn emit(&mut self, event: &Event) {
        if matches!(event, Event::CheckpointSaved { .. }) {
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                self.stop.request(15);
            }
        }
    }
}

/// A sweep in the middle: two packs of two, the first done, the second interrupted with two checkpoints; one fault
/// recorded, one pack taken apart by hand.
fn build(root: &Path) -> Store {
    let store = open_with(root, &sweep(runs(6)), 2).unwrap().store;
    let settings = MockSettings::default();
    let stop = Stop::default();
    let mut sink = StopAtCheckpoint { stop: stop.clone(), left: 8 };
    work(&store, &options(), &mut MockExecutor::new(settings), &mut sink, &stop).unwrap();
    let last = store.packs().unwrap().packs.last().unwrap().plan.clone();
    store.record_fault(&last.id, &[], "a cause").unwrap();
    let Attempt::Claimed(claim) = store.claim_pack(&last.id).unwrap() else { panic!() };
    let parts = last
        .places
        .iter()
        .map(|place| sweep::store::SubPack { plan: sweep::execute::pack_of(vec![place.clone()]), checkpoint: None });
    store.replan(&claim, &last, sweep::store::ReplanReason::Width, parts.collect()).unwrap();
    claim.release().unwrap();
    let script = store.write_script("slurm", "#!/bin/sh\n", "sh").unwrap();
    let launched = sweep::store::Launched {
        launcher: "slurm",
        job: "12",
        workers: 2,
        settings: &[("context".to_owned(), "test".to_owned())].into(),
        command: &["sweep".to_owned()],
        script: &script,
    };
    store.record_launch(&launched).unwrap();
    store
}

/// Files with their contents, and what the runs look like.
type Original = (Vec<(PathBuf, Vec<u8>)>, Vec<RunView>);

/// Such a sweep.
fn original() -> &'static Original {
    static ORIGINAL: OnceLock<Original> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        let root = scratch();
        let store = build(root.path());
        let states: Vec<RunState> = store.runs().unwrap().iter().map(|view| view.state).collect();
        for state in [RunState::Completed, RunState::Interrupted, RunState::Pending] {
            assert!(states.contains(&state), "{states:?}");
        }
        (files(root.path()).into_iter().collect(), store.runs().unwrap())
    })
}

fn restore(root: &Path, contents: &[(PathBuf, Vec<u8>)]) -> Store {
    for (path, contents) in contents {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    Store::open(&root.join("sample")).unwrap()
}

/// Cuts the contents off at a place, or flips bits there.
fn damage(contents: &mut Vec<u8>, place: f64, flips: Option<u8>) {
    if contents.is_empty() {
        return;
    }
    let position = ((contents.len() - 1) as f64 * place) as usize;
    match flips {
        None => contents.truncate(position),
        Some(bits) => contents[position] ^= bits,
    }
}

/// Reads everything there is to read.
fn read_everything(store: &Store) -> Vec<RunView> {
    let views = store.runs().unwrap();
    for view in &views {
        let id = &view.run.id;
        let _ = (store.epochs(id), store.predictions(id), store.result(id), store.run_record(id));
        store.log(id).unwrap();
    }
    let packs = store.packs().unwrap();
    for pack in &packs.packs {
        store.faults(&pack.plan.id).unwrap();
        store.pack_log(&pack.plan.id).unwrap();
        let _ = CheckpointSlots::load(&store.layout().pack(&pack.plan.id));
        let _ = store.memory(&pack.plan.id);
    }
    let launches = store.launches(&["slurm"]).unwrap();
    assert_eq!(launches.records.len() + launches.notices.len(), 1);
    views
}

fn is_of(path: &Path, id: &str) -> bool {
    path.components().any(|part| part.as_os_str() == id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_told_and_harms_no_other_run(
        file in any::<prop::sample::Index>(),
        place in 0.0..1.0_f64,
        flips in prop::option::of(1..=255_u8),
    ) {
        let (contents, views) = original();
        let mut contents = contents.clone();
        let chosen = file.index(contents.len());
        damage(&mut contents[chosen].1, place, flips);
        let path = contents[chosen].0.clone();
        let root = scratch();
        if path.ends_with("sweep.json") {
            let opened = std::panic::catch_unwind(|| restore(root.path(), &contents));
            // Damage that leaves a plan is one that cannot be told from a plan.
            if let Ok(store) = opened {
                read_everything(&store);
            }
            return Ok(());
        }
        let store = restore(root.path(), &contents);
        let after = read_everything(&store);
        let in_pack = path.components().any(|part| part.as_os_str() == "packs");
        for (before, after) in views.iter().zip(&after) {
            if !in_pack && !is_of(&path, &before.run.id.0) {
                prop_assert_eq!(before, after);
            }
        }
        prop_assert!(store.refresh_index().unwrap());
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the damage to the records of runs and packs, going on with the sweep ends with every run's result.
    #[test]
    fn a_sweep_goes_on_after_damage(
        file in any::<prop::sample::Index>(),
        place in 0.0..1.0_f64,
        flips in prop::option::of(1..=255_u8),
    ) {
        let (contents, _) = original();
        let mut contents = contents.clone();
        let damageable: Vec<usize> = (0..contents.len()).filter(|&number| {
            let name = contents[number].0.file_name().unwrap().to_str().unwrap();
            ["run.json", "result.json", "log.txt"].contains(&name) || name.starts_with("checkpoint")
        }).collect();
        let chosen = damageable[file.index(damageable.len())];
        let truncated = flips.is_none();
        damage(&mut contents[chosen].1, place, flips);
        let root = scratch();
        let store = restore(root.path(), &contents);
        work_with(&store, MockSettings::default(), &options()).unwrap();
        for view in store.runs().unwrap() {
            prop_assert_eq!(view.state, RunState::Completed);
        }
        if truncated {
            let undisturbed = undisturbed();
            // What a run that is done says of itself is not written again.
            std::fs::remove_file(root.path().join(&contents[chosen].0)).ok();
            for (path, contents) in timeless(store.layout().folder()) {
                prop_assert_eq!(&contents, &undisturbed[&path], "{:?}", path);
            }
        }
    }
}

fn undisturbed() -> &'static std::collections::BTreeMap<PathBuf, String> {
    static UNDISTURBED: OnceLock<std::collections::BTreeMap<PathBuf, String>> = OnceLock::new();
    UNDISTURBED.get_or_init(|| {
        let root = scratch();
        let store = build(root.path());
        work_with(&store, MockSettings::default(), &options()).unwrap();
        timeless(store.layout().folder())
    })
}

#[test]
fn every_cut_and_every_flipped_byte_of_a_checkpoint_is_found_out() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    let mut recorder = claimed_recorder(&store, 0);
    let checkpoint = Checkpoint {
        state: serde_json::json!({"step": 12, "loss": 0.1}),
        arrays: [("a".to_owned(), vec![1.0, f32::NAN]), ("b".to_owned(), vec![])].into(),
    };
    recorder.save_checkpoint(&checkpoint).unwrap();
    let files = store.layout().pack(&recorder.plan().id);
    let path = files.checkpoint(0);
    let sound = std::fs::read(&path).unwrap();
    let is_found_out = |contents: &[u8]| {
        std::fs::write(&path, contents).unwrap();
        let loaded = CheckpointSlots::load(&files).unwrap();
        loaded.checkpoint.is_none() && loaded.notices.len() == 1
    };
    for length in 0..sound.len() {
        assert!(is_found_out(&sound[..length]), "cut to {length}");
        let mut flipped = sound.clone();
        flipped[length] ^= 0x10;
        assert!(is_found_out(&flipped), "flipped at {length}");
    }
    let longer: Vec<u8> = sound.iter().copied().chain([0]).collect();
    assert!(is_found_out(&longer));
}

fn checkpoint(number: u64) -> Checkpoint {
    Checkpoint { state: serde_json::json!(number), arrays: [("w".to_owned(), vec![number as f32; 100])].into() }
}

/// A recorder whose pack has three checkpoints behind it, of which two are kept.
fn with_three_checkpoints(store: &Store) -> PackRecorder {
    let mut recorder = claimed_recorder(store, 0);
    for number in 1..=3 {
        recorder.save_checkpoint(&checkpoint(number)).unwrap();
    }
    recorder
}

#[test]
fn a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    let recorder = with_three_checkpoints(&store);
    let files = store.layout().pack(&recorder.plan().id);
    let plan = recorder.plan().clone();
    recorder.release().unwrap();
    std::fs::write(files.checkpoint(0), "nothing").unwrap();

    let Attempt::Claimed(claim) = store.claim_pack(&plan.id).unwrap() else { panic!() };
    let (mut recorder, notices) = PackRecorder::open(&store, &plan, claim, &options().versions).unwrap();
    assert_eq!(recorder.checkpoint().unwrap(), Some(checkpoint(2)));
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(notice.contains("checkpoint-0.bin: damaged: it does not begin as a checkpoint does"), "{notice}");
    assert!(notice.contains("going on from checkpoint 2 instead"), "{notice}");

    recorder.save_checkpoint(&checkpoint(4)).unwrap();
    assert_eq!(CheckpointSlots::load(&files).unwrap().checkpoint, Some(checkpoint(4)));
    std::fs::write(files.checkpoint(0), "nothing").unwrap();
    assert_eq!(
        CheckpointSlots::load(&files).unwrap().checkpoint,
        Some(checkpoint(2)),
        "the damaged one was replaced, not the sound one"
    );
}

#[test]
fn without_a_sound_checkpoint_the_pack_starts_anew_and_says_so() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    let recorder = with_three_checkpoints(&store);
    let files = store.layout().pack(&recorder.plan().id);
    recorder.release().unwrap();
    for slot in 0..2 {
        std::fs::write(files.checkpoint(slot), "nothing").unwrap();
    }
    let mut events = Events::default();
    work(&store, &options(), &mut MockExecutor::new(MockSettings::default()), &mut events, &Stop::default()).unwrap();
    let notices = crate::support::notices(&events.0);
    assert_eq!(notices.len(), 2);
    assert!(notices[0].contains("no sound checkpoint is left, so the pack starts anew"), "{notices:?}");
    assert_eq!(store.runs().unwrap()[0].state, RunState::Completed);
}

#[test]
fn records_of_a_newer_version_are_refused_by_name() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    let mut recorder = claimed_recorder(&store, 0);
    recorder.save_checkpoint(&checkpoint(1)).unwrap();
    let files = store.layout().pack(&recorder.plan().id);
    let path = files.checkpoint(0);
    let mut newer = std::fs::read(&path).unwrap();
    newer[8] = 2;
    let length = newer.len() - blake3::OUT_LEN;
    let checksum = blake3::hash(&newer[..length]);
    newer[length..].copy_from_slice(checksum.as_bytes());
    std::fs::write(&path, newer).unwrap();
    let error = CheckpointSlots::load(&files).unwrap_err();
    assert!(error.to_string().contains("has format version 2, this program reads version 1"), "{error}");

    let plan = std::fs::read_to_string(store.layout().sweep_json()).unwrap();
    std::fs::write(store.layout().sweep_json(), plan.replace("\"format_version\": 1", "\"format_version\": 7"))
        .unwrap();
    let error = Store::open(store.layout().folder()).unwrap_err();
    assert!(matches!(error, StoreError::Version { found: 7, supported: 1, .. }), "{error}");
}

#[test]
fn plans_that_lead_out_of_the_folder_are_damaged() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    let plan = std::fs::read_to_string(store.layout().sweep_json()).unwrap();
    let id = &store.record().runs[0].id.0;
    for evil in ["../../etc", "/etc", ".", ""] {
        std::fs::write(store.layout().sweep_json(), plan.replace(id.as_str(), evil)).unwrap();
        let error = Store::open(store.layout().folder()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
}
