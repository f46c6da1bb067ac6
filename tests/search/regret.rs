//! How far from the best value searches are after so many samples: for the comparison with Optuna by
//! `tests/python/search_peer.py`, which runs this and reads what it prints.

use std::ops::Range;

use serde_json::json;
use sweep::search::{METHODS, Method, Question, Sample};
use sweep::spec::Point;

use crate::functions::{Function, functions, numbers};

const SAMPLES: usize = 100;
/// Nothing in the methods was chosen on these.
const SEEDS: Range<u64> = 100..400;

/// The best value after each sample of a search in batches.
fn best_so_far(function: &Function, method: &dyn Method, batch: usize, seed: u64) -> Vec<f64> {
    let mut finished: Vec<Sample> = Vec::new();
    let mut best = f64::NEG_INFINITY;
    let mut curve = Vec::new();
    while finished.len() < SAMPLES {
        let mut pending: Vec<Point> = Vec::new();
        while pending.len() < batch.min(SAMPLES - finished.len()) {
            let question =
                Question { space: &function.space, seed, initial: 0, finished: &finished, pending: &pending };
            pending.push(method.propose(&question).unwrap());
        }
        for point in pending {
            let value = (function.value)(&numbers(&point));
            best = best.max(value);
            curve.push(best);
            finished.push(Sample { point, score: Some(value), stopped_at: None });
        }
    }
    curve
}

#[test]
#[ignore = "the figures of a comparison: tests/python/search_peer.py"]
fn prints_regrets() {
    for function in functions() {
        for method in METHODS {
            for batch in [1, 4, 16] {
                let regrets: Vec<f64> = SEEDS
                    .map(|seed| function.best - best_so_far(&function, *method, batch, seed)[SAMPLES - 1])
                    .collect();
                let (function, method) = (function.name, method.name());
                println!("{}", json!({"function": function, "method": method, "batch": batch, "regrets": regrets}));
            }
        }
    }
}
