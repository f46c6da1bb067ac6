//! Asked to leave, a worker saves its state at the next step and says by its status why it left.

use std::time::{Duration, Instant};

use crate::mock::MockSettings;
use rustix::process::Signal;
use sweep::event::Event;
use sweep::store::RunState;

use crate::children::{Orders, claimed};
use crate::support::{finished, open, options, runs, scratch, sweep, timeless, work_with};

fn in_progress(event: &Event) -> bool {
    matches!(event, Event::Progress { step, .. } if *step >= 3)
}

#[test]
fn a_signal_leads_to_a_checkpoint_and_its_status_and_the_sweep_goes_on_later() {
    let whole = scratch();
    let whole = finished(whole.path(), 4);
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::USR2, 140)] {
        let root = scratch();
        let store = open(root.path(), &sweep(runs(4))).unwrap().store;
        // Slow enough that the signal finds it at work on a busy machine, too.
        let mut worker = Orders { delay: Duration::from_millis(20), ..Orders::new(&store) }.start("worker_process");
        worker.wait_for(in_progress);
        worker.signal(signal);
        worker.wait_for(|event| matches!(event, Event::CheckpointSaved { .. }));
        assert_eq!(worker.end(), status);
        assert!(!claimed(store.layout().folder()));
        assert!(store.runs().unwrap().iter().all(|view| view.state == RunState::Interrupted));
        work_with(&store, MockSettings::default(), &options()).unwrap();
        assert_eq!(timeless(store.layout().folder()), timeless(whole.layout().folder()));
    }
}

#[test]
fn the_same_signal_twice_at_once_is_one_request() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(4))).unwrap().store;
    let mut orders = Orders::new(&store);
    orders.delay = Duration::from_millis(30);
    let mut worker = orders.start("worker_process");
    worker.wait_for(|event| matches!(event, Event::Progress { .. }));
    // As `timeout` does it.
    worker.signal(Signal::TERM);
    worker.signal(Signal::TERM);
    worker.wait_for(|event| matches!(event, Event::PackStopped { finished: false, .. }));
    assert_eq!(worker.end(), 143);
}

#[test]
fn a_second_signal_leaves_at_once() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let mut orders = Orders::new(&store);
    orders.delay = Duration::from_secs(30);
    let mut worker = orders.start("worker_process");
    worker.wait_for(|event| matches!(event, Event::RunStarted { .. }));
    // Into the step, which lasts.
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    worker.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(500));
    worker.signal(Signal::INT);
    assert_eq!(worker.end(), 130);
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(!claimed(store.layout().folder()), "the claim of a process that left is dead");
}
