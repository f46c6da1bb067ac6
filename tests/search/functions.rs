//! Standard test functions of optimization, to be maximized here: the value is the negative of the usual one.

use sweep::search::Space;
use sweep::spec::{Coordinate, Dimension, Distribution, Point};

/// A function over a space.
pub struct Function {
    pub name: &'static str,
    pub space: Plain,
    pub value: fn(&[f64]) -> f64,
    /// The largest value.
    pub best: f64,
}

/// A space without conditions.
pub struct Plain(pub Vec<Dimension>);

impl Space for Plain {
    fn dimensions(&self) -> &[Dimension] {
        &self.0
    }

    fn is_active(&self, _: usize, _: &Point) -> bool {
        true
    }

    fn is_allowed(&self, _: &Point) -> bool {
        true
    }
}

pub fn dimension(name: &str, distribution: Distribution) -> Dimension {
    Dimension { name: name.to_owned(), distribution, when: None }
}

/// Coordinates as numbers; a choice as its place.
pub fn numbers(point: &Point) -> Vec<f64> {
    let number = |coordinate: &Option<Coordinate>| match coordinate {
        Some(Coordinate::Number(number)) => *number,
        Some(Coordinate::Choice(choice)) => *choice as f64,
        None => f64::NAN,
    };
    point.0.iter().map(number).collect()
}

fn uniform(count: usize, low: f64, high: f64) -> Plain {
    Plain((0..count).map(|number| dimension(&format!("x{number}"), Distribution::Uniform { low, high })).collect())
}

/// The functions of the comparison with Optuna; `tests/python/search_peer.py` has the same.
pub fn functions() -> Vec<Function> {
    let branin = Plain(vec![
        dimension("x0", Distribution::Uniform { low: -5.0, high: 10.0 }),
        dimension("x1", Distribution::Uniform { low: 0.0, high: 15.0 }),
    ]);
    let training = Plain(vec![
        dimension("learning_rate", Distribution::LogUniform { low: 1e-6, high: 1e-1 }),
        dimension("rank", Distribution::LogInt { low: 1, high: 256 }),
        dimension("dropout", Distribution::Uniform { low: 0.0, high: 0.6 }),
        dimension("warmup", Distribution::Quantized { low: 0.0, high: 0.5, step: 0.05 }),
        dimension("epochs", Distribution::Int { low: 1, high: 10 }),
        dimension("scheduler", Distribution::Choice(["a", "b", "c", "d"].map(str::to_owned).to_vec())),
    ]);
    vec![
        Function { name: "branin", space: branin, value: |x| -branin_of(x), best: -0.397_887 },
        Function { name: "hartmann6", space: uniform(6, 0.0, 1.0), value: |x| -hartmann6(x), best: 3.322_368 },
        Function { name: "rosenbrock4", space: uniform(4, -2.0, 2.0), value: |x| -rosenbrock(x), best: 0.0 },
        Function { name: "levy5", space: uniform(5, -10.0, 10.0), value: |x| -levy(x), best: 0.0 },
        Function { name: "training", space: training, value: training_of, best: 1.0 },
    ]
}

fn branin_of(x: &[f64]) -> f64 {
    use std::f64::consts::PI;
    let inner = x[1] - 5.1 / (4.0 * PI * PI) * x[0] * x[0] + 5.0 / PI * x[0] - 6.0;
    inner * inner + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x[0].cos() + 10.0
}

fn hartmann6(x: &[f64]) -> f64 {
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    let alpha = [1.0, 1.2, 3.0, 3.2];
    let term = |row: usize| {
        let sum: f64 = (0..6).map(|column| A[row][column] * (x[column] - P[row][column]).powi(2)).sum();
        alpha[row] * (-sum).exp()
    };
    -(0..4).map(term).sum::<f64>()
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|pair| 100.0 * (pair[1] - pair[0] * pair[0]).powi(2) + (1.0 - pair[0]).powi(2)).sum()
}

fn levy(x: &[f64]) -> f64 {
    use std::f64::consts::PI;
    let w: Vec<f64> = x.iter().map(|x| 1.0 + (x - 1.0) / 4.0).collect();
    let last = w[w.len() - 1];
    let middle: f64 =
        w[..w.len() - 1].iter().map(|w| (w - 1.0).powi(2) * (1.0 + 10.0 * (PI * w + 1.0).sin().powi(2))).sum();
    (PI * w[0]).sin().powi(2) + middle + (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2))
}

/// As the accuracy of a fine-tuning depends on its parameters: a narrow ridge in the rate, which moves with the rank, and
/// less in the others.
fn training_of(x: &[f64]) -> f64 {
    let [rate, rank, dropout, warmup, epochs, scheduler] = x else { return f64::NAN };
    let off = (rate.log10() + 3.0 + 0.3 * (rank.log2() - 4.0)) / 0.6;
    let of_scheduler = [0.0, 0.03, 0.01, 0.06][*scheduler as usize];
    let fit = 1.0 - (-0.5 * epochs).exp() + (-5.0f64).exp();
    1.0 - 0.4 * (1.0 - (-0.5 * off * off).exp())
        - 0.3 * (1.0 - fit)
        - 0.5 * (dropout - 0.1).powi(2)
        - 0.2 * (warmup - 0.1).powi(2)
        - of_scheduler
}
