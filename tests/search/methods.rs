//! What every method promises.

use proptest::prelude::*;
use sweep::search::{METHODS, Method, Question, Sample, Space};
use sweep::spec::{Coordinate, Dimension, Distribution, Point};

use crate::functions::{Function, dimension, functions, numbers};

/// A space with a dimension of every kind; the warm-up applies to one of the schedulers only, and some points are left out.
struct Conditional(Vec<Dimension>);

const SCHEDULER: usize = 3;
const WARMUP: usize = 4;

fn conditional() -> Conditional {
    Conditional(vec![
        dimension("rate", Distribution::LogUniform { low: 1e-5, high: 1e-2 }),
        dimension("rank", Distribution::LogInt { low: 1, high: 64 }),
        dimension("epochs", Distribution::Int { low: 1, high: 4 }),
        dimension("scheduler", Distribution::Choice(["cosine", "linear"].map(str::to_owned).to_vec())),
        dimension("warmup", Distribution::Quantized { low: 0.0, high: 0.4, step: 0.1 }),
        dimension("dropout", Distribution::Uniform { low: 0.0, high: 0.5 }),
    ])
}

impl Space for Conditional {
    fn dimensions(&self) -> &[Dimension] {
        &self.0
    }

    fn is_active(&self, dimension: usize, point: &Point) -> bool {
        dimension != WARMUP || point.0[SCHEDULER] == Some(Coordinate::Choice(0))
    }

    fn is_allowed(&self, point: &Point) -> bool {
        point.0[1] != Some(Coordinate::Number(1.0))
    }
}

/// The samples of a search in batches, whose scores `score` gives.
fn search(
    space: &dyn Space,
    method: &dyn Method,
    seed: u64,
    (samples, batch): (usize, usize),
    score: &dyn Fn(&Point) -> Option<f64>,
) -> Vec<Point> {
    let mut finished: Vec<Sample> = Vec::new();
    while finished.len() < samples {
        let mut pending = Vec::new();
        for _ in 0..batch.min(samples - finished.len()) {
            let question = Question { space, seed, initial: 0, finished: &finished, pending: &pending };
            let Some(point) = method.propose(&question) else {
                finished.extend(pending.into_iter().map(|point| Sample { point, score: None, stopped_at: None }));
                return finished.into_iter().map(|sample| sample.point).collect();
            };
            pending.push(point);
        }
        let sample = |point: Point| Sample { score: score(&point), point, stopped_at: None };
        finished.extend(pending.into_iter().map(sample));
    }
    finished.into_iter().map(|sample| sample.point).collect()
}

fn is_inside(space: &dyn Space, point: &Point) -> bool {
    let inside = |(number, dimension): (usize, &Dimension)| match point.0[number] {
        None => !space.is_active(number, point),
        Some(Coordinate::Choice(choice)) => choice < dimension.distribution.choices(),
        Some(Coordinate::Number(value)) => dimension.distribution.range().is_some_and(|range| {
            space.is_active(number, point)
                && (range.low..=range.high).contains(&value)
                && dimension.distribution.rounded(value) == value
        }),
    };
    space.is_allowed(point) && space.dimensions().iter().enumerate().all(inside)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn points_lie_in_the_space_and_none_comes_twice(seed in any::<u64>(), batch in 1usize..9) {
        let space = conditional();
        // A third of the points fail.
        let score = |point: &Point| Some(numbers(point)[5]).filter(|dropout| *dropout < 0.33);
        for method in METHODS {
            let points = search(&space, *method, seed, (60, batch), &score);
            prop_assert_eq!(points.len(), 60);
            for (number, point) in points.iter().enumerate() {
                prop_assert!(is_inside(&space, point), "{}: {point:?}", method.name());
                prop_assert!(!points[..number].contains(point), "{} chose {point:?} twice", method.name());
            }
        }
    }

    #[test]
    fn the_same_question_has_the_same_answer_and_another_seed_another(seed in any::<u64>()) {
        let space = conditional();
        let score = |point: &Point| Some(-numbers(point)[0]);
        for method in METHODS {
            let points = search(&space, *method, seed, (30, 4), &score);
            prop_assert_eq!(&points, &search(&space, *method, seed, (30, 4), &score));
            prop_assert_ne!(&points, &search(&space, *method, seed.wrapping_add(1), (30, 4), &score));
        }
    }
}

#[test]
fn a_space_with_few_points_is_tried_whole() {
    let few = crate::functions::Plain(vec![
        dimension("epochs", Distribution::Int { low: 1, high: 4 }),
        dimension("scheduler", Distribution::Choice(["a", "b", "c"].map(str::to_owned).to_vec())),
    ]);
    for method in METHODS {
        let points = search(&few, *method, 3, (100, 5), &|point| Some(numbers(point)[0]));
        assert_eq!(points.len(), 12, "{}", method.name());
    }
}

#[test]
fn sobol_points_are_spread_more_evenly_than_random_ones() {
    let square = crate::functions::Plain(
        ["a", "b"].map(|name| dimension(name, Distribution::Uniform { low: 0.0, high: 1.0 })).to_vec(),
    );
    let empty = |name: &str| {
        let method = METHODS.iter().find(|method| method.name() == name).unwrap();
        let points = search(&square, *method, 5, (64, 8), &|_| Some(0.0));
        let cell = |x: f64| ((x * 8.0) as usize).min(7);
        let taken: std::collections::BTreeSet<_> =
            points.iter().map(|point| (cell(numbers(point)[0]), cell(numbers(point)[1]))).collect();
        64 - taken.len()
    };
    assert!(empty("sobol") * 3 < empty("random"), "{} and {} cells are empty", empty("sobol"), empty("random"));
}

/// The regret of a method, in the median of nine seeds.
fn regret(function: &Function, method: &str) -> f64 {
    let method = METHODS.iter().find(|known| known.name() == method).unwrap();
    let value = |point: &Point| (function.value)(&numbers(point));
    let mut regrets: Vec<f64> = (0..9)
        .map(|seed| {
            let points = search(&function.space, *method, seed, (60, 4), &|point| Some(value(point)));
            function.best - points.iter().map(value).fold(f64::NEG_INFINITY, f64::max)
        })
        .collect();
    regrets.sort_by(f64::total_cmp);
    regrets[4]
}

#[test]
fn tpe_learns_from_results() {
    for function in functions() {
        let (tpe, random) = (regret(&function, "tpe"), regret(&function, "random"));
        assert!(tpe < 0.8 * random, "{}: {tpe} with tpe, {random} at random", function.name);
    }
}
