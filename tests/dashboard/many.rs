//! Two thousand runs stay fluid: what is sent, and how long that takes.

use std::time::{Duration, Instant};

use crate::report_support::{Arm, Fake};
use crate::support::Served;

const CONFIGURATIONS: usize = 400;
const SEEDS: u64 = 5;

#[test]
fn two_thousand_runs_are_told_in_little() {
    let arm = |number: usize| {
        let (rate, rank) = (1e-5 * (1 + number % 40) as f64, 2 + number / 40);
        Arm::new(&format!("rank={rank}, learning_rate={rate:e}"), 0.85, |spec| {
            (spec.learning_rate, spec.rank, spec.epochs) = (rate, rank, 4);
        })
    };
    let mut fake = Fake::new("many", (0..CONFIGURATIONS).map(arm).collect());
    (fake.seeds, fake.predictions) = (SEEDS, false);
    let served = Served::sweeps(&[fake]);
    let begun = Instant::now();
    served.until_read();
    let first_look = begun.elapsed();
    let begun = Instant::now();
    let state = served.get("/api/sweeps/many");
    let (took, curves) = (begun.elapsed(), served.get("/api/sweeps/many/curves?names=eval_loss,accuracy"));
    assert_eq!((state.status, curves.status), (200, 200));
    // Of everything that is told of 2,000 runs; a page asks for it once.
    println!("{} bytes of state, {} of two curves", state.body.len(), curves.body.len());
    assert!(state.body.len() < 500_000, "{} bytes", state.body.len());
    assert!(curves.body.len() < 250_000, "{} bytes", curves.body.len());
    // With room for machines that do something else as well: it takes hundredths of a second.
    assert!(took < Duration::from_secs(1), "the state took {took:?}");
    println!("first look {first_look:?}, state {took:?}");
    let list = served.get("/api/state");
    assert!(list.body.len() < 2_000, "{} bytes", list.body.len());
}
