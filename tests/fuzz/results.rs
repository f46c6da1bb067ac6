//! What a sweep has left: plans, records, checkpoints.

use std::path::{Path, PathBuf};

use sweep::event::{Event, Sink};
use sweep::execute::{DeviceKind, PlanOptions, Stop, WorkerOptions, plan_packs, relative_duration, work};
use sweep::spec::{PlannedRun, Segment};
use sweep::store::{CheckpointSlots, ExecutorKind, PlanInput, PlannedSearch, Store, find_runs};

use crate::driver::fuzz;
use crate::files::{planned, scratch};
use crate::mock::{MockExecutor, MockSettings};

struct Nobody;

impl Sink for Nobody {
    fn emit(&mut self, _: &Event) {}
}

/// A small sweep; finished, or only planned.
fn results(root: &Path, finished: bool) -> Store {
    let sweep = planned();
    let planner = |segments: &[Segment]| {
        let duration = |run: &PlannedRun| relative_duration(&run.spec, Some(240));
        plan_packs(
            segments,
            &PlanOptions {
                max_pack: DeviceKind::Cpu.default_max_pack(),
                duration: &duration,
                sharing: None,
                memory: None,
            },
        )
    };
    let input = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("design"),
        yaml: b"name: some\n",
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &["sweep".to_owned()],
        selected: None,
        until: Default::default(),
        claims: Default::default(),
    };
    let store = Store::create_or_open(root, &input, &planner).unwrap().store;
    if finished {
        let mut executor = MockExecutor::new(MockSettings::default());
        work(&store, &WorkerOptions::default(), &mut executor, &mut Nobody, &Stop::default()).unwrap();
    }
    store
}

/// Everything that is read of a results folder.
fn read_all(folder: &Path) -> String {
    let store = match Store::open(folder) {
        Ok(store) => store,
        Err(error) => return error.to_string(),
    };
    let mut answers = vec![store.packs().map_or_else(|error| error.to_string(), |packs| packs.packs.len().to_string())];
    answers.push(store.runs().map_or_else(|error| error.to_string(), |runs| runs.len().to_string()));
    for run in store.record().runs.iter().take(3) {
        let id = &run.id;
        answers.push(store.result(id).map_or_else(|error| error.to_string(), |found| found.is_some().to_string()));
        answers.push(store.run_record(id).map_or_else(|error| error.to_string(), |found| found.is_some().to_string()));
        answers.push(store.epochs(id).map_or_else(|error| error.to_string(), |found| (!found.is_empty()).to_string()));
        answers.push(store.predictions(id).map_or_else(|error| error.to_string(), |found| found.is_some().to_string()));
        answers.push(store.log(id).map_or_else(|error| error.to_string(), |found| (!found.is_empty()).to_string()));
    }
    answers.push(
        find_runs(folder.parent().unwrap_or(folder), "base")
            .map_or_else(|error| error.to_string(), |found| found.len().to_string()),
    );
    answers.join(" | ").replace(&*folder.to_string_lossy(), "")
}

/// Files of a folder below `folder`, sorted.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(all_files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// One file of a finished sweep at a time: its number, then its contents.
#[test]
fn results_folders() {
    let root = scratch();
    let folder = results(root.path(), true).layout().folder().to_path_buf();
    let files = all_files(&folder);
    let sound: Vec<Vec<u8>> = files
        .iter()
        .enumerate()
        .map(|(number, path)| [&[number as u8], &std::fs::read(path).unwrap()[..]].concat())
        .collect();
    let words =
        ["null", "{", "}", "[", "]", "\"format_version\": ", "\"runs\": ", "\"packs\": ", ",", "\"", "NaN", "\n"];
    let whole: Vec<Vec<u8>> = sound.iter().map(|input| input[1..].to_vec()).collect();
    fuzz("results_folders", &sound, &words, |input| {
        let Some((number, contents)) = input.split_first() else { return String::new() };
        let number = usize::from(*number) % files.len();
        std::fs::write(&files[number], contents).unwrap();
        let answer = read_all(&folder);
        std::fs::write(&files[number], &whole[number]).unwrap();
        format!("{number}: {answer}")
    });
}

/// Checkpoints, some of them with the right checksum.
#[test]
fn checkpoints() {
    let root = scratch();
    let store = results(root.path(), false);
    let pack = store.packs().unwrap().packs[0].plan.clone();
    let folder = store.layout().pack(&pack.id);
    std::fs::create_dir_all(folder.folder()).unwrap();
    let state = serde_json::json!({"places": [{"waiting": ["a"], "member": null}]}).to_string();
    let mut sound = b"SWEEPCKP".to_vec();
    sound.extend(1u32.to_le_bytes());
    sound.extend([3u64, state.len() as u64, 2].iter().flat_map(|number| number.to_le_bytes()));
    sound.extend(state.bytes());
    for name in ["0/values", "0/gradient"] {
        sound.extend((name.len() as u32).to_le_bytes());
        sound.extend(name.bytes());
        sound.extend(5u64.to_le_bytes());
        sound.extend([1f32, 2.0, 3.0, f32::NAN, 5.0].iter().flat_map(|value| value.to_le_bytes()));
    }
    fuzz("checkpoints", &[sound], &["SWEEPCKP", "{", "}", "[", "]", "0/", "\"places\": "], |input| {
        let mut input = input.to_vec();
        if input.last().is_none_or(|last| last % 4 != 0) {
            let checksum = blake3::hash(&input);
            input.extend(checksum.as_bytes());
        }
        std::fs::write(folder.checkpoint(0), input).unwrap();
        match CheckpointSlots::load(&folder) {
            Ok(loaded) => {
                let part = loaded.checkpoint.as_ref().map(|saved| sweep::train::restrict(saved, &pack).is_some());
                format!("{part:?} {:?}", loaded.notices).replace(&*folder.folder().to_string_lossy(), "")
            }
            Err(error) => error.to_string(),
        }
    });
}
