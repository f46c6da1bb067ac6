//! Kills at random moments: nothing is lost, nothing is done twice, and the result is that of an undisturbed sweep.
//!
//! `SWEEP_TORTURE_MOCK_KILLS` sets how many kills there are at least, `SWEEP_TORTURE_SEED` the moments.

use std::time::Duration;

use crate::mock::MockSettings;
use sweep::store::{RunState, Store};

use crate::forks::Forks;
use crate::moments::{Moments, setting};
use crate::support::{files, finished, go_on, open, options, planned, runs, scratch, sweep, timeless, work_with};

/// Sweeps are started anew until there were so many kills.
const KILLS: u64 = 300;
const RUNS: usize = 6;

#[test]
fn killed_at_any_moment_the_result_is_the_same() {
    let wanted = setting("SWEEP_TORTURE_MOCK_KILLS").unwrap_or(KILLS);
    let mut moments = Moments::new();
    let seed = moments.seed;
    let whole = scratch();
    let whole = timeless(finished(whole.path(), RUNS).layout().folder());
    let mut forks = Forks::new();
    let (mut kills, mut sweeps, mut completed_meanwhile) = (0, 0, 0);
    while kills < wanted {
        let root = scratch();
        let store = open(root.path(), &sweep(runs(RUNS))).unwrap().store;
        sweeps += 1;
        while kills < wanted && !is_done(&store) {
            let before = completed(&store);
            kill_one(&mut forks, &store, &mut moments);
            kills += 1;
            let after = completed(&store);
            assert!(before.iter().all(|result| after.contains(result)), "seed {seed}: a result was lost");
            completed_meanwhile += after.len() - before.len();
        }
        work_with(&store, MockSettings::default(), &options()).unwrap();
        assert_eq!(timeless(store.layout().folder()), whole, "seed {seed}");
        let leftovers: Vec<_> =
            files(root.path()).into_keys().filter(|path| path.extension().is_some_and(|end| end == "tmp")).collect();
        assert!(leftovers.iter().all(|path| !path.starts_with("sample/runs")), "seed {seed}: {leftovers:?}");
    }
    println!("{kills} kills in {sweeps} sweeps, {completed_meanwhile} runs completed between them, seed {seed}");
}

/// All runs in segments that are planned beforehand: each stops, and goes on in another pack with other neighbours. One worker or
/// three, killed at any moment: the plan stays, and the results are those of runs that are trained in one.
#[test]
fn runs_that_stop_on_the_way_survive_it_too() {
    let wanted = setting("SWEEP_TORTURE_MOCK_KILLS").unwrap_or(KILLS) / 3;
    let mut moments = Moments::new();
    let seed = moments.seed;
    let whole = scratch();
    let whole = timeless(finished(whole.path(), RUNS).layout().folder());
    let mut forks = Forks::new();
    let (mut kills, mut sweeps, mut stopped) = (0, 0, 0);
    while kills < wanted {
        let root = scratch();
        let mut store = planned(root.path(), runs(RUNS), &[(0, 1), (1, 2), (2, 1), (4, 2), (5, 1)]);
        go_on(&mut store, &[0, 2, 5], Some(2));
        go_on(&mut store, &[5, 1, 0, 4, 2], None);
        let plan = std::fs::read(store.layout().sweep_json()).unwrap();
        sweeps += 1;
        while kills < wanted && !is_done(&store) {
            kill_one(&mut forks, &store, &mut moments);
            kills += 1;
            stopped += store.runs().unwrap().iter().filter(|view| view.state == RunState::Waiting).count();
        }
        work_with(&store, MockSettings::default(), &options()).unwrap();
        assert_eq!(timeless(store.layout().folder()), whole, "seed {seed}");
        assert_eq!(std::fs::read(store.layout().sweep_json()).unwrap(), plan, "seed {seed}");
    }
    println!("{kills} kills in {sweeps} sweeps, {stopped} runs seen between two segments, seed {seed}");
    assert!(stopped > 0, "the kills never came between two segments: seed {seed}");
}

/// Starts a worker, or two or three, and kills what was started at some moment.
fn kill_one(forks: &mut Forks, store: &Store, moments: &mut Moments) {
    let delay = Duration::from_micros(100 * (1 + moments.below(20)));
    let checkpoint_every = Duration::from_millis(moments.below(30));
    let mut start = || forks.worker(store, delay, checkpoint_every);
    let first = start();
    let others = [0, 0, 0, 0, 0, 1, 2][moments.below(7) as usize];
    let others: Vec<_> = (0..others).map(|_| start()).collect();
    std::thread::sleep(Duration::from_micros(moments.below(60_000)));
    forks.kill(first);
    others.into_iter().for_each(|other| forks.kill(other));
}

fn is_done(store: &Store) -> bool {
    store.runs().unwrap().iter().all(|view| view.state.is_final())
}

/// Names and contents of the results that are there.
fn completed(store: &Store) -> Vec<(String, Vec<u8>)> {
    let views = store.runs().unwrap();
    let done = views.iter().filter(|view| view.state == RunState::Completed);
    done.map(|view| {
        let path = store.layout().run(&view.run.id).result_json();
        (view.run.id.to_string(), std::fs::read(path).unwrap())
    })
    .collect()
}
