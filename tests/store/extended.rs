//! Runs that had stopped and go on because somebody asked for it: how far, and what becomes of their other packs.

use sweep::event::{Event, Outcome, Sink, StopReason};
use sweep::execute::{Stop, WorkerEnd, work};
use sweep::spec::RunId;
use sweep::store::{Request, RunState, Store};

use crate::mock::{MockExecutor, MockSettings};
use crate::support::{claims, finished, go_on, options, planned, planner, runs, scratch, work_with};

/// Runs of these tests: of 3 and 5 epochs.
const RUNS: usize = 2;

/// As a worker of its own does, who knows nothing from before.
fn train(store: &Store) -> Vec<Event> {
    work_with(&reopened(store), MockSettings::default(), &options()).unwrap()
}

fn reopened(store: &Store) -> Store {
    Store::open_with(store.layout().folder(), claims("worker")).unwrap()
}

fn states(store: &Store) -> Vec<RunState> {
    reopened(store).runs().unwrap().iter().map(|view| view.state).collect()
}

fn extend(store: &Store, run: &RunId, until: Option<usize>) {
    let extended = store.extend(&[run.clone()].into(), until, &[], &planner(4)).unwrap();
    assert_eq!(extended, std::slice::from_ref(run));
}

/// The steps at which runs started.
fn started(events: &[Event]) -> Vec<usize> {
    let step = |event: &Event| if let Event::RunStarted { step, .. } = event { Some(*step) } else { None };
    events.iter().filter_map(step).collect()
}

/// Calls this with every event.
struct Watching<F: FnMut(&Event)>(F);

impl<F: FnMut(&Event)> Sink for Watching<F> {
    fn emit(&mut self, event: &Event) {
        (self.0)(event);
    }
}

/// Trains until so many epochs of a run are recorded.
fn interrupt_after(store: &Store, run: &RunId, epochs: usize) {
    let stop = Stop::default();
    let is_reached = |event: &Event| matches!(event, Event::EpochFinished { run: of, record } if of == run && record.epoch == epochs);
    let mut sink = Watching(|event: &Event| {
        if is_reached(event) {
            stop.request(15);
        }
    });
    let mut executor = MockExecutor::new(MockSettings::default());
    let end = work(&reopened(store), &options(), &mut executor, &mut sink, &stop).unwrap();
    assert_eq!(end, WorkerEnd::Interrupted);
}

#[test]
fn a_run_that_was_stopped_on_request_goes_no_further_than_it_is_extended() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), RUNS);
    let store = planned(root.path(), runs(RUNS), &[]);
    let run = store.record().runs[1].id.clone();
    store.stop_idle_run(&run).unwrap().unwrap();
    train(&store);
    for (until, from) in [(2, 0), (4, 2)] {
        extend(&store, &run, Some(until));
        let view = reopened(&store).run_view(&run).unwrap();
        assert_eq!((view.state.is_final(), view.planned_epochs), (false, until), "from epoch {from}");
        train(&store);
        let view = reopened(&store).run_view(&run).unwrap();
        assert_eq!((view.state, view.stopped_after), (RunState::Stopped, Some(until)));
        assert_eq!(view.reason.unwrap(), format!("after epoch {until} of 5, to which it was extended"));
        assert_eq!(train(&store), [], "nobody asked for more");
    }
    // Neither does it where it was to go further in the meantime, and was stopped again.
    store.ask(&Request::Extend { run: run.clone(), epochs: None }, "a test").unwrap();
    store.ask(&Request::Stop { run: run.clone() }, "a test").unwrap();
    for _ in 0..2 {
        sweep::execute::apply_requests(&mut reopened(&store)).unwrap();
    }
    assert_eq!(states(&store), [RunState::Completed, RunState::Stopped]);
    assert_eq!(train(&store), []);
    extend(&store, &run, None);
    train(&store);
    assert_eq!(states(&store), [RunState::Completed; RUNS]);
    let left = |store: &Store| std::fs::read(store.layout().run(&run).adapter_weights()).unwrap();
    assert_eq!(left(&store), left(&whole));
}

#[test]
fn an_extension_that_is_stopped_and_made_shorter_is_over_at_its_new_end() {
    let root = scratch();
    let store = planned(root.path(), runs(RUNS), &[]);
    let run = store.record().runs[1].id.clone();
    store.stop_idle_run(&run).unwrap().unwrap();
    train(&store);
    extend(&store, &run, None);
    reopened(&store).stop_idle_run(&run).unwrap().unwrap();
    assert_eq!(states(&store)[1], RunState::Stopped);
    extend(&reopened(&store), &run, Some(3));
    train(&store);
    let outcome = store.result(&run).unwrap().unwrap().outcome;
    assert_eq!(outcome, Outcome::Stopped { epoch: 3, because: StopReason::Pause });
    assert_eq!(states(&store)[1], RunState::Stopped);
    assert_eq!(train(&store), []);
}

/// Its search takes a run further whatever it was extended to in between.
#[test]
fn a_search_takes_an_extended_run_further() {
    let root = scratch();
    let mut store = planned(root.path(), runs(RUNS), &[(1, 1)]);
    let run = store.record().runs[1].id.clone();
    train(&store);
    extend(&store, &run, Some(2));
    train(&store);
    assert_eq!(states(&store)[1], RunState::Stopped);
    go_on(&mut store, &[1], Some(4));
    assert_eq!(states(&store)[1], RunState::Waiting);
    train(&store);
    assert_eq!(store.result(&run).unwrap().unwrap().stopped_after(), Some(4));
    assert_eq!((states(&store)[1], train(&store)), (RunState::Stopped, Vec::new()));
}

/// The one who trains the pack that a run left sees at its end that the run was extended elsewhere.
#[test]
fn a_run_is_extended_while_the_pack_that_it_left_is_in_work() {
    let root = scratch();
    let store = planned(root.path(), runs(RUNS), &[]);
    let (other, run) = (store.record().runs[0].id.clone(), store.record().runs[1].id.clone());
    let mut asked = false;
    let mut sink = Watching(|event: &Event| match event {
        Event::Progress { run: of, step, .. } if *of == run && *step >= 2 && !asked => {
            asked = true;
            store.ask(&Request::Stop { run: run.clone() }, "a test").unwrap();
        }
        Event::RunFinished { run: of, outcome: Outcome::Stopped { because: StopReason::Request, .. } }
            if *of == run =>
        {
            extend(&store, &run, Some(4));
            train(&store);
        }
        _ => {}
    });
    let slow = MockSettings { step_delay: std::time::Duration::from_millis(60), ..MockSettings::default() };
    work(&reopened(&store), &options(), &mut MockExecutor::new(slow), &mut sink, &Stop::default()).unwrap();
    assert_eq!(states(&store), [RunState::Completed, RunState::Stopped]);
    assert_eq!(store.result(&run).unwrap().unwrap().stopped_after(), Some(4));
    let pack = store.record().packs.iter().find(|pack| pack.runs().any(|of| *of == other)).unwrap();
    assert_eq!(pack.runs().count(), RUNS, "they share a pack");
    assert_eq!(store.faults(&pack.id).unwrap(), []);
}

/// What a run that is on its way leaves is newer than its result, which is no damage.
#[test]
fn a_run_that_was_interrupted_on_its_further_way_is_not_tried_again() {
    for extended in [true, false] {
        let root = scratch();
        let mut store = planned(root.path(), runs(RUNS), &[(1, 2)]);
        let run = store.record().runs[1].id.clone();
        train(&store);
        match extended {
            true => extend(&store, &run, Some(4)),
            false => go_on(&mut store, &[1], Some(4)),
        }
        interrupt_after(&store, &run, 3);
        assert_eq!(states(&store)[1], RunState::Interrupted);
        assert_eq!(reopened(&store).retry_failed(None).unwrap().runs, []);
        let events = train(&store);
        assert!(matches!(started(&events)[..], [step] if step > 0), "{events:?}");
        let result = store.result(&run).unwrap().unwrap();
        assert_eq!((result.stopped_after(), result.extended_from), (Some(4), Some(2).filter(|_| extended)));
        // What it has come to is judged as ever.
        std::fs::remove_file(store.layout().run(&run).predictions_csv()).unwrap();
        assert_eq!(reopened(&store).retry_failed(None).unwrap().runs, [run]);
    }
}
