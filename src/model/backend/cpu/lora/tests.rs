//! Against plain sums, on each instruction set.

use proptest::prelude::*;
use tch::{Kind, Tensor};

use super::super::isa::{InstructionSet, WithInstructionSet, with_each};
use super::*;
use crate::model::dropout::{BLOCK, Dropout};
use crate::model::parameters::Trainable;
use crate::model::random::{Purpose, StreamKey};

/// A matrix of float64 numbers, row after row.
#[derive(Clone, Debug)]
struct Plain {
    values: Vec<f64>,
    rows: usize,
    columns: usize,
}

impl Plain {
    fn new(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        let values = (0..rows * columns).map(|index| value(index / columns, index % columns)).collect();
        Plain { values, rows, columns }
    }

    fn of(tensor: &Tensor) -> Self {
        let values = tensor.to_kind(Kind::Double).contiguous().reshape(-1).try_into().unwrap();
        let size = tensor.size();
        Plain { values, rows: size[0] as usize, columns: size[1] as usize }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    fn part(&self, rows: &Range<usize>) -> Self {
        Plain::new(rows.len(), self.columns, |row, column| self.at(rows.start + row, column))
    }

    fn transposed(&self) -> Self {
        Plain::new(self.columns, self.rows, |row, column| self.at(column, row))
    }

    fn times(&self, other: &Self) -> Self {
        Plain::new(self.rows, other.columns, |row, column| {
            (0..self.columns).map(|k| self.at(row, k) * other.at(k, column)).sum()
        })
    }

    fn each(&self, other: &Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Plain::new(self.rows, self.columns, |row, column| of(self.at(row, column), other.at(row, column)))
    }
}

fn random(seed: u64, rows: usize, columns: usize) -> Tensor {
    let key = StreamKey::new(seed, Purpose::Dropout);
    let values: Vec<f32> = (0..rows * columns).map(|index| key.normal(index as u64) as f32).collect();
    Tensor::from_slice(&values).reshape([rows as i64, columns as i64])
}

fn trainable(seed: u64, rows: usize, columns: usize) -> Trainable {
    Trainable { value: random(seed, rows, columns), gradient: random(seed + 1, rows, columns) }
}

fn check(found: &Tensor, expected: &Plain, rows: &Range<usize>) -> Result<(), TestCaseError> {
    let found = Plain::of(found).part(rows);
    for (index, (found, expected)) in found.values.iter().zip(&expected.values).enumerate() {
        prop_assert!((found - expected).abs() < 2e-3 + 1e-5 * expected.abs(), "{index}: {found} instead of {expected}");
    }
    Ok(())
}

/// Two runs with a gap before, between and behind them.
#[derive(Clone, Debug)]
struct Case {
    input: usize,
    output: usize,
    ranks: [usize; 2],
    rows: [usize; 2],
    dropped: [bool; 2],
    with_input_gradient: bool,
    seed: u64,
}

impl Case {
    fn any() -> impl Strategy<Value = Case> {
        let widths = (prop_oneof![Just(96usize), 1usize..100], prop_oneof![Just(64usize), 1usize..100]);
        // Now and then so many rows that a piece has more than usual.
        let rows = (prop_oneof![2 => Just(0usize), 17 => 1usize..300, 1 => 8000usize..8500], 1usize..40);
        let runs = ([1usize..40, 1usize..20], rows, any::<[bool; 2]>());
        (widths, runs, any::<bool>(), 0u64..1000).prop_map(
            |((input, output), (ranks, (first, second), dropped), with_input_gradient, seed)| {
                let rows = [first, second];
                Case { input, output, ranks, rows, dropped, with_input_gradient, seed }
            },
        )
    }

    fn lora(&self, run: usize) -> Lora {
        let (seed, rank) = (self.seed + 100 * run as u64, self.ranks[run]);
        let (a, b) = (trainable(seed, rank, self.input), trainable(seed + 10, self.output, rank));
        Lora { a, b, scale: 0.5 + run as f64 }
    }

    fn check<I: InstructionSet>(&self, isa: I) -> Result<(), TestCaseError> {
        let &Case { input, output, ranks, rows, dropped, with_input_gradient, seed } = self;
        let ranges = [3..3 + rows[0], 5 + rows[0]..5 + rows[0] + rows[1]];
        let total = ranges[1].end + 2;
        let lora = [0, 1].map(|run| self.lora(run));
        let dropouts = [0, 1].map(|run| {
            let key = StreamKey::new(seed + run as u64, Purpose::Dropout);
            Dropout::new(key, 0.3).filter(|_| dropped[run])
        });
        let before: Vec<[Plain; 2]> =
            lora.iter().map(|lora| [Plain::of(&lora.a.gradient), Plain::of(&lora.b.gradient)]).collect();
        let adapted: Vec<AdaptedRows<'_>> = (0..2)
            .map(|run| AdaptedRows { lora: &lora[run], rows: ranges[run].clone(), dropout: dropouts[run] })
            .collect();
        // The output is a part of wider rows, as query, key and value are.
        let (x, wider) = (random(seed + 20, total, input), random(seed + 21, total, output + 7));
        let out = wider.narrow(1, 3, output as i64);
        let (out_before, wider_before) = (Plain::of(&out), wider.copy());
        let gradient = random(seed + 22, total, output);
        let x_gradient = random(seed + 23, total, input);
        let x_gradient_before = Plain::of(&x_gradient);

        let tape = forward(isa, &adapted, &x, &out).unwrap();
        backward(isa, &adapted, &tape, &gradient, with_input_gradient.then_some(&x_gradient)).unwrap();

        for (run, rows) in ranges.iter().enumerate() {
            let Lora { a, b, scale } = &lora[run];
            let (a_value, b_value, scale) = (Plain::of(&a.value), Plain::of(&b.value), *scale);
            let mask = mask(dropouts[run], rows.len(), input);
            let x = Plain::of(&x).part(rows).each(&mask, |x, mask| x * mask);
            let low = x.times(&a_value.transposed());
            let sum = |update: &Plain, onto: &Plain, scale: f64| update.each(onto, |new, old| old + scale * new);
            check(&out, &sum(&low.times(&b_value.transposed()), &out_before.part(rows), scale), rows)?;

            let g = Plain::of(&gradient).part(rows);
            let low_gradient = g.times(&b_value);
            let [a_before, b_before] = &before[run];
            let expected = sum(&g.transposed().times(&low), b_before, scale);
            check(&b.gradient, &expected, &(0..output))?;
            let expected = sum(&low_gradient.transposed().times(&x), a_before, scale);
            check(&a.gradient, &expected, &(0..ranks[run]))?;
            let expected = match with_input_gradient {
                true => {
                    let update = low_gradient.times(&a_value).each(&mask, |x, mask| x * mask);
                    sum(&update, &x_gradient_before.part(rows), scale)
                }
                false => x_gradient_before.part(rows),
            };
            check(&x_gradient, &expected, rows)?;
        }
        // Rows of no run, and what lies beside the output.
        for rows in [0..3, ranges[0].end..ranges[1].start, ranges[1].end..total] {
            prop_assert_eq!(out_before.part(&rows).values, Plain::of(&out).part(&rows).values);
            prop_assert_eq!(x_gradient_before.part(&rows).values, Plain::of(&x_gradient).part(&rows).values);
        }
        for (first, width) in [(0, 3), (3 + output as i64, 4)] {
            prop_assert_eq!(wider.narrow(1, first, width), wider_before.narrow(1, first, width));
        }
        Ok(())
    }
}

/// What dropout multiplies elements of `[rows, columns]` with.
fn mask(dropout: Option<Dropout>, rows: usize, columns: usize) -> Plain {
    let stride = columns.next_multiple_of(BLOCK);
    let mut values = vec![1f32; rows * stride];
    if let Some(dropout) = dropout {
        dropout.fill(&mut values, 0);
    }
    Plain::new(rows, columns, |row, column| f64::from(values[row * stride + column]))
}

#[derive(Clone, Copy)]
struct EveryShape;

impl WithInstructionSet for EveryShape {
    fn with<I: InstructionSet>(self, isa: I) {
        proptest!(ProptestConfig::with_cases(48), |(case in Case::any())| case.check(isa)?);
    }
}

#[test]
fn updates_and_their_gradients_of_every_shape() {
    with_each(EveryShape);
}

#[derive(Clone, Copy)]
struct OnThreads;

impl WithInstructionSet for OnThreads {
    /// More than one piece of rows, and so many that several threads take part.
    fn with<I: InstructionSet>(self, isa: I) {
        let results = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let lora = Lora { a: trainable(1, 16, 96), b: trainable(2, 96, 16), scale: 2.0 };
                let dropout = Dropout::new(StreamKey::new(5, Purpose::Dropout), 0.1);
                let adapted = [AdaptedRows { lora: &lora, rows: 0..1500, dropout }];
                let (x, out, x_gradient) = (random(3, 1500, 96), random(4, 1500, 96), random(6, 1500, 96));
                let tape = forward(isa, &adapted, &x, &out).unwrap();
                backward(isa, &adapted, &tape, &random(7, 1500, 96), Some(&x_gradient)).unwrap();
                [out, x_gradient, lora.a.gradient, lora.b.gradient].map(|tensor| Plain::of(&tensor).values)
            })
        });
        assert_eq!(results[0], results[1]);
    }
}

#[test]
fn gradients_do_not_depend_on_the_number_of_threads() {
    with_each(OnThreads);
}
