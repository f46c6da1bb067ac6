use super::*;
use crate::metrics::Metric;
use crate::report::search::evidence::{Trial, TrialRun};
use crate::report::search::found::Found;
use crate::report::search::words::conclusion;
use crate::spec::{Confirm, Coordinate, Dimension, Distribution, Point, RunId, SearchSettings};
use crate::store::RunState;

fn run(trial: usize, seed: u64, value: f64) -> TrialRun {
    TrialRun {
        id: RunId(format!("{trial:08}{seed:04}")),
        configuration: format!("rank={trial}"),
        seed,
        state: RunState::Completed,
        ended_by_itself: true,
        value: Some(value),
        test: None,
        paused_at: None,
        epochs: 3,
        tokens: Some(1000.0),
        examples: Some(640),
    }
}

fn trial(number: usize, own: &[f64], fresh: &[f64]) -> Trial {
    let runs = |values: &[f64], first: u64| -> Vec<TrialRun> {
        values.iter().zip(first..).map(|(value, seed)| run(number, seed, *value)).collect()
    };
    Trial {
        number,
        generation: 1,
        configuration: format!("rank={number}"),
        point: Point(vec![Some(Coordinate::Number(number as f64))]),
        runs: runs(own, 1),
        fresh: runs(fresh, 11),
        seeds: own.len(),
    }
}

fn evidence(metric: Metric, trials: Vec<Trial>) -> Evidence {
    let settings = SearchSettings {
        method: "random".to_owned(),
        samples: trials.len(),
        batch: 4,
        seed: 0,
        metric,
        seeds: vec![1, 2],
        initial: Vec::new(),
        confirm: Some(Confirm { top: 2, seeds: 3 }),
        stop: None,
        budget: None,
    };
    let rank = Distribution::Int { low: 1, high: 64 };
    let space = vec![Dimension { name: "rank".to_owned(), distribution: rank, when: None }];
    Evidence { settings, space, generations: 2, trials }
}

fn confirmed() -> Evidence {
    let trials = vec![
        trial(1, &[0.90, 0.90], &[]),
        trial(2, &[0.94, 0.96], &[0.91, 0.92, 0.93]),
        trial(3, &[0.93, 0.95], &[0.93, 0.94, 0.95]),
    ];
    evidence(Metric::ACCURACY, trials)
}

#[test]
fn the_winner_is_the_best_by_fresh_seeds_and_its_own_mean_is_compared_with_them() {
    let Outcome::Confirmed(winner) = outcome(&confirmed()) else { panic!("not confirmed") };
    // The search itself found the second better.
    assert_eq!((winner.trial, winner.others), (2, vec![1]));
    assert!((winner.search.mean - 0.94).abs() < 1e-12 && (winner.fresh.mean - 0.94).abs() < 1e-12);
    assert!(winner.shrinkage.amount.abs() < 1e-12);
    let interval = winner.shrinkage.interval.unwrap();
    // Student's t of 2 degrees of freedom times 0.01 over the root of 3.
    let half = 4.302_652_73 * 0.01 / 3.0_f64.sqrt();
    assert!((interval.low + half).abs() < 1e-6 && (interval.high - half).abs() < 1e-6, "{interval:?}");
}

#[test]
fn what_shrank_is_told_in_the_direction_of_the_metric() {
    let trials = vec![trial(1, &[0.20, 0.22], &[0.25, 0.26, 0.27]), trial(2, &[0.3, 0.3], &[])];
    let Outcome::Confirmed(winner) = outcome(&evidence(Metric::EVAL_LOSS, trials)) else { panic!("not confirmed") };
    assert_eq!(winner.trial, 0);
    assert!((winner.shrinkage.amount - 0.05).abs() < 1e-12);
    let interval = winner.shrinkage.interval.unwrap();
    assert!(interval.low < 0.05 && interval.high > 0.05);
}

#[test]
fn one_whose_fresh_run_diverged_does_not_win() {
    let mut evidence = confirmed();
    evidence.trials[2].fresh[1] = TrialRun {
        state: RunState::Diverged,
        ended_by_itself: false,
        value: None,
        ..evidence.trials[2].fresh[1].clone()
    };
    let Outcome::Confirmed(winner) = outcome(&evidence) else { panic!("not confirmed") };
    assert_eq!((winner.trial, winner.others), (1, vec![]));
}

#[test]
fn fresh_runs_count_that_their_own_rule_ended_and_not_those_that_somebody_stopped() {
    let mut evidence = confirmed();
    evidence.trials[2].fresh.iter_mut().for_each(|run| (run.state, run.epochs) = (RunState::Stopped, 2));
    let Outcome::Confirmed(winner) = outcome(&evidence) else { panic!("not confirmed") };
    assert_eq!((winner.trial, winner.others), (2, vec![1]));
    evidence.trials[2].fresh[0].ended_by_itself = false;
    let Outcome::Confirmed(winner) = outcome(&evidence) else { panic!("not confirmed") };
    assert_eq!((winner.trial, winner.others), (1, vec![]));
}

#[test]
fn nothing_wins_before_all_fresh_runs_have_ended() {
    let mut evidence = confirmed();
    evidence.trials[2].fresh[1] = TrialRun {
        state: RunState::Running,
        ended_by_itself: false,
        value: None,
        ..evidence.trials[2].fresh[1].clone()
    };
    assert_eq!(outcome(&evidence), Outcome::Confirming { best: 1, ended: 5, planned: 6 });
    evidence.trials.iter_mut().for_each(|trial| trial.fresh.clear());
    assert_eq!(outcome(&evidence), Outcome::Unconfirmed(1));
    evidence.trials.iter_mut().for_each(|trial| trial.runs[0].state = RunState::Failed);
    assert_eq!(outcome(&evidence), Outcome::Nothing);
}

#[test]
fn stopped_samples_rank_behind_those_that_were_trained_to_their_end() {
    let mut evidence = confirmed();
    for (trial, epoch) in [(1, 1), (2, 2)] {
        evidence.trials[trial].runs.iter_mut().for_each(|run| {
            (run.state, run.ended_by_itself) = (RunState::Stopped, false);
            (run.paused_at, run.epochs) = (Some(epoch), epoch);
        });
    }
    assert_eq!(evidence.ranking(), [0, 2, 1]);
}

#[test]
fn what_was_found_in_words() {
    let told = |evidence: Evidence| conclusion(&Found::of(evidence)).join("\n");
    insta::assert_snapshot!(told(confirmed()), @r"
    Best: rank=3: accuracy 94.0 % (mean of 3 fresh seeds, 95 % interval 91.5 % to 96.5 %).
    The search's own mean of it was 94.0 % (mean of 2 seeds): the fresh seeds give the same (95 % interval [−2.5, +2.5]).
    No clear winner: the fresh seeds do not tell it apart from rank=2.
    ");
    let mut unconfirmed = confirmed();
    unconfirmed.trials.iter_mut().for_each(|trial| trial.fresh.clear());
    insta::assert_snapshot!(told(unconfirmed), @r"
    Best of 3 samples: rank=2: accuracy 95.0 % (mean of 2 seeds).
    Not confirmed: the best of 3 noisy results is partly the luckiest, so expect less of it. `confirm` in the section `search` trains the best with fresh seeds.
    ");
    let mut tested = confirmed();
    tested.trials[2].fresh.iter_mut().for_each(|run| run.test = Some(0.91));
    tested.trials[2].runs[0].value = Some(0.99);
    tested.trials[1].fresh.clear();
    insta::assert_snapshot!(told(tested), @r"
    Best: rank=3: accuracy 94.0 % (mean of 3 fresh seeds, 95 % interval 91.5 % to 96.5 %).
    The search's own mean of it was 97.0 % (mean of 2 seeds): too good by 3.0 points (95 % interval [+0.5, +5.5]).
    No other configuration was confirmed, so nothing says that this one is better.
    On the test examples, which chose nothing: 91.0 % ± 0.0.
    ");
}
