//! A search: what is trained next follows from what came of it so far, whoever trains it and whatever was killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sweep::event::{Event, Sink};
use sweep::execute::{
    GenerationError, Generations, Stop, WhenBusy, WorkerEnd, WorkerError, WorkerOptions, work, work_by_generations,
};
use sweep::metrics::Metric;
use sweep::search::{Costs, FinishedGeneration, FinishedRun, FixedDesign, Generation, METHODS, Search, SearchError};
use sweep::spec::{PlannedRun, RunSpec};
use sweep::store::{RunState, Store};

use crate::forks::Forks;
use crate::mock::{MockExecutor, MockFault, MockFaultKind, MockSettings};
use crate::moments::{Moments, setting};
use crate::support::{
    Events, claimed_recorder, claims, open, options, planner, run, runs, scratch, sweep, timeless, work_with,
};

/// Runs of the design: five configurations, the first of them with two seeds.
const RUNS: usize = 6;
/// Kills at least, where `SWEEP_TORTURE_MOCK_KILLS` says nothing.
const KILLS: u64 = 60;

/// For tests: after the design its best configuration again, with half and with twice the learning rate, two seeds each.
pub struct TwoGenerations;

impl Search for TwoGenerations {
    fn name(&self) -> &str {
        "two_generations"
    }

    fn next(&self, finished: &[FinishedGeneration<'_>], _: Costs<'_>) -> Result<Option<Generation>, SearchError> {
        Ok(match finished {
            [first] => Some(Generation { runs: around_the_best(&first.runs), ..Generation::default() }),
            _ => None,
        })
    }
}

fn around_the_best(finished: &[FinishedRun<'_>]) -> Vec<PlannedRun> {
    let valued = finished.iter().filter(|run| run.value.is_some());
    let best = valued.max_by(|a, b| a.value.unwrap().total_cmp(&b.value.unwrap())).unwrap();
    let neighbour = |factor: f64, seed: u64| {
        let name = format!("{}, rate x {factor}", best.configuration);
        let rate = best.spec.learning_rate * factor;
        run(&name, seed, |spec| *spec = RunSpec { learning_rate: rate, seed, ..best.spec.clone() })
    };
    [0.5, 2.0].iter().flat_map(|&factor| [1, 2].map(|seed| neighbour(factor, seed))).collect()
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Worker(#[from] WorkerError),
    #[error(transparent)]
    Generation(#[from] GenerationError),
}

/// Works on a sweep's folder until the search has ended.
pub fn search_with(
    folder: &Path,
    search: &dyn Search,
    settings: &MockSettings,
    options: &WorkerOptions,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> WorkerEnd {
    let mut store = Store::open_with(folder, claims("worker")).unwrap();
    let generations = Generations { search, tokens: &|_| None, planner: &planner(4) };
    let mut train = |store: &Store| -> Result<WorkerEnd, Failed> {
        Ok(work(store, options, &mut MockExecutor::new(settings.clone()), sink, stop)?)
    };
    work_by_generations(&mut store, &generations, &mut train).unwrap()
}

fn search_to_its_end(store: &Store, search: &dyn Search) -> Vec<Event> {
    let mut events = Events::default();
    let folder = store.layout().folder();
    let end = search_with(folder, search, &MockSettings::default(), &options(), &mut events, &Stop::default());
    assert_eq!(end, WorkerEnd::NothingLeft);
    events.0
}

/// The plan without times.
fn plan(store: &Store) -> Value {
    let text = std::fs::read(store.layout().sweep_json()).unwrap();
    let mut plan: Value = serde_json::from_slice(&text).unwrap();
    for time in ["created", "changed"] {
        plan[time].take();
    }
    plan
}

/// The plan and the results of a search that nobody disturbed.
fn undisturbed() -> (Value, BTreeMap<std::path::PathBuf, String>) {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
    search_to_its_end(&store, &TwoGenerations);
    (plan(&store), timeless(store.layout().folder()))
}

#[test]
fn a_fixed_design_has_one_generation_and_its_plan_says_nothing_of_it() {
    let (root, usual) = (scratch(), scratch());
    let store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
    let planned = std::fs::read(store.layout().sweep_json()).unwrap();
    search_to_its_end(&store, &FixedDesign);
    assert_eq!(std::fs::read(store.layout().sweep_json()).unwrap(), planned);
    assert!(!String::from_utf8(planned).unwrap().contains("generation"));
    let ids: Vec<_> = store.record().runs.iter().map(|run| run.id.clone()).collect();
    assert_eq!(store.record().runs_by_generation(), [ids]);
    let worker = open(usual.path(), &sweep(runs(RUNS))).unwrap().store;
    work_with(&worker, MockSettings::default(), &options()).unwrap();
    assert_eq!(timeless(store.layout().folder()), timeless(worker.layout().folder()));
}

#[test]
fn methods_have_names_of_their_own() {
    let mut names: Vec<&str> = METHODS.iter().map(|method| method.name()).collect();
    assert!(!names.contains(&FixedDesign.name()));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), METHODS.len());
}

#[test]
fn a_search_grows_the_plan_by_what_came_of_it() {
    let root = scratch();
    let mut store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
    let packs = store.record().packs.clone();
    search_to_its_end(&store, &TwoGenerations);
    store.reload().unwrap();
    let record = store.record();
    let sizes: Vec<usize> = record.runs_by_generation().iter().map(Vec::len).collect();
    assert_eq!(sizes, [RUNS, 4]);
    assert_eq!(record.packs[..packs.len()], packs, "what was planned stays");
    let placed: usize = record.packs.iter().flat_map(|pack| &pack.places).map(Vec::len).sum();
    assert_eq!(placed, RUNS + 4);
    assert!(store.runs().unwrap().iter().all(|view| view.state == RunState::Completed));
    let [first, second] = record.generations.as_slice() else { panic!("{:?}", record.generations) };
    assert_eq!((first.number, first.results.len(), second.number), (1, 0, 2));
    for result in &second.results {
        let best = store.result(&result.run).unwrap().unwrap().best.unwrap();
        assert_eq!(result.value, Some(best.metric(Metric::ACCURACY)));
    }
    let changed = &store.entry(&second.runs[0]).unwrap().changes;
    assert!(changed.as_ref().unwrap().contains_key("learning_rate"), "compared with base: {changed:?}");
    let before = plan(&store);
    assert_eq!(search_to_its_end(&store, &TwoGenerations), [], "it has ended");
    assert_eq!(plan(&store), before);
}

#[test]
fn runs_that_failed_have_no_value() {
    let root = scratch();
    let mut store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
    let bad = store.record().runs[2].id.clone();
    let fault = MockFault { run: bad.clone(), step: 5, kind: MockFaultKind::RunFails("no".to_owned()) };
    let settings = MockSettings { faults: vec![fault], ..MockSettings::default() };
    let folder = store.layout().folder().to_owned();
    search_with(&folder, &TwoGenerations, &settings, &options(), &mut Events::default(), &Stop::default());
    store.reload().unwrap();
    let results = &store.record().generations[1].results;
    let without: Vec<_> = results.iter().filter(|result| result.value.is_none()).map(|result| &result.run).collect();
    assert_eq!(without, [&bad]);
}

#[test]
fn nothing_is_chosen_while_a_run_has_not_ended() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
    let before = plan(&store);
    let folder = store.layout().folder().to_owned();
    let search = |options: &WorkerOptions, store: &Store| {
        let settings = MockSettings::default();
        search_with(&folder, &TwoGenerations, &settings, options, &mut Events::default(), &Stop::default());
        plan(store)
    };
    let only = WorkerOptions { only: Some([store.record().runs[0].id.clone()].into()), ..options() };
    assert_eq!(search(&only, &store), before, "others were not chosen");
    let other = claimed_recorder(&store, 1);
    assert_eq!(search(&options(), &store), before, "somebody else has a pack");
    other.release().unwrap();
    assert_ne!(search(&options(), &store), before);
}

/// Asks to stop after so many events.
struct StopAfter(Stop, usize);

impl Sink for StopAfter {
    fn emit(&mut self, _: &Event) {
        self.1 = self.1.saturating_sub(1);
        if self.1 == 0 {
            self.0.request(15);
        }
    }
}

#[test]
fn interrupted_anywhere_a_search_chooses_the_same() {
    let undisturbed = undisturbed();
    for every in [1, 7, 40, 90] {
        let root = scratch();
        let store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
        let mut ends = 0;
        loop {
            let stop = Stop::default();
            let mut sink = StopAfter(stop.clone(), every + ends);
            let (folder, settings) = (store.layout().folder(), MockSettings::default());
            if search_with(folder, &TwoGenerations, &settings, &options(), &mut sink, &stop) == WorkerEnd::NothingLeft {
                break;
            }
            ends += 1;
        }
        assert!(ends > 0);
        assert_eq!((plan(&store), timeless(store.layout().folder())), undisturbed, "after every {every} events");
    }
}

#[test]
fn killed_between_two_generations_the_search_goes_on() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
    work_with(&store, MockSettings::default(), &options()).unwrap();
    assert!(store.record().generations.is_empty());
    search_to_its_end(&store, &TwoGenerations);
    assert_eq!((plan(&store), timeless(store.layout().folder())), undisturbed());
}

#[test]
fn several_workers_at_once_plan_a_generation_once() {
    let undisturbed = undisturbed();
    let root = scratch();
    let store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
    let settings = MockSettings { step_delay: Duration::from_micros(200), ..MockSettings::default() };
    let options = WorkerOptions { when_busy: WhenBusy::Wait, ..options() };
    let trained: Vec<usize> = std::thread::scope(|scope| {
        let worker = |_| {
            let (folder, settings, options) = (store.layout().folder(), &settings, &options);
            scope.spawn(move || {
                let mut events = Events::default();
                search_with(folder, &TwoGenerations, settings, options, &mut events, &Stop::default());
                events.0.iter().filter(|event| matches!(event, Event::RunFinished { .. })).count()
            })
        };
        [(); 3].map(worker).map(|worker| worker.join().unwrap()).to_vec()
    });
    assert_eq!(trained.iter().sum::<usize>(), RUNS + 4, "{trained:?}");
    assert_eq!((plan(&store), timeless(store.layout().folder())), undisturbed);
}

#[test]
fn killed_at_any_moment_a_search_chooses_the_same() {
    let wanted = setting("SWEEP_TORTURE_MOCK_KILLS").map_or(KILLS, |kills| kills / 4);
    let undisturbed = undisturbed();
    let mut moments = Moments::new();
    let seed = moments.seed;
    let mut forks = Forks::new();
    let (mut kills, mut between) = (0, 0);
    while kills < wanted {
        let root = scratch();
        let mut store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
        let is_done = |store: &Store| {
            store.record().generations.len() == 2 && store.runs().unwrap().iter().all(|view| view.state.is_final())
        };
        while kills < wanted && !is_done(&store) {
            let delay = Duration::from_micros(100 * (1 + moments.below(20)));
            let checkpoint_every = Duration::from_millis(moments.below(30));
            let mut start = || forks.search(&store, delay, checkpoint_every);
            let first = start();
            let second = (moments.below(4) == 0).then(start);
            std::thread::sleep(Duration::from_micros(moments.below(60_000)));
            [Some(first), second].into_iter().flatten().for_each(|worker| forks.kill(worker));
            kills += 1;
            store.reload().unwrap();
            let ended = store.runs().unwrap().iter().all(|view| view.state.is_final());
            between += usize::from(ended && store.record().generations.is_empty());
        }
        search_to_its_end(&store, &TwoGenerations);
        assert_eq!((plan(&store), timeless(store.layout().folder())), undisturbed, "seed {seed}");
    }
    println!("{kills} kills, {between} of them between the generations, seed {seed}");
}
