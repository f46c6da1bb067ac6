//! Against plain sums, on each instruction set with products of its own.

use super::super::isa::{Amx, Avx512, Avx512Tiles, InstructionSet, WithInstructionSet, with_each};
use super::*;
use crate::model::random::{Purpose, StreamKey};
use crate::needs::skip;
use crate::spec::Precision;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// Numbers of rows, inner indices and columns of a product, and a seed.
type Case = (usize, usize, usize, u64);

/// What holds of products.
trait Property: Copy {
    fn check<T: Tiles>(self, tiles: T, case: Case) -> TestCaseResult;
}

/// A property of these products, on any instruction set.
#[derive(Clone)]
struct OfProducts<P, S> {
    property: P,
    precision: Precision,
    sizes: S,
}

impl<P: Property, S: Strategy<Value = Case> + Clone> OfProducts<P, S> {
    fn check<T: Tiles>(self, tiles: T) {
        proptest!(ProptestConfig::with_cases(48), |(case in self.sizes)| self.property.check(tiles, case)?);
    }
}

impl<P: Property, S: Strategy<Value = Case> + Clone> WithInstructionSet for OfProducts<P, S> {
    fn with<I: InstructionSet>(self, isa: I) {
        if let Some(tiles) = isa.tiles(self.precision) {
            self.check(tiles);
        }
    }
}

fn plain(left: &[f32], right: &[f32], (m, k, n): (usize, usize, usize)) -> Vec<f64> {
    let mut out = vec![0f64; m * n];
    for i in 0..m {
        for j in 0..n {
            out[i * n + j] = (0..k).map(|l| f64::from(left[i * k + l]) * f64::from(right[l * n + j])).sum();
        }
    }
    out
}

fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|j| values.iter().skip(j).step_by(columns).copied()).collect()
}

/// The nearest bfloat16, ties to even.
fn rounded(value: f32) -> f32 {
    let bits = value.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

fn check(out: &[f32], expected: impl Fn(usize) -> f64) -> Result<(), TestCaseError> {
    for (at, value) in out.iter().enumerate() {
        let expected = expected(at);
        prop_assert!((f64::from(*value) - expected).abs() < 1e-3, "{at}: {value} instead of {expected}");
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Floats;

impl Property for Floats {
    fn check<T: Tiles>(self, tiles: T, (m, k, n, seed): Case) -> TestCaseResult {
        let key = StreamKey::new(seed, Purpose::Dropout);
        let left: Vec<f32> = (0..m * k).map(|i| key.uniform(i as u64) as f32 - 0.5).collect();
        let right: Vec<f32> = (0..k * n).map(|i| key.normal(i as u64) as f32).collect();
        let bias: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let expected = plain(&left, &right, (m, k, n));
        let panels = Panels::new(tiles, Matrix { values: &right, row: n, column: 1 }, k, n);
        let transposed_left = transposed(&left, k);
        let views =
            [Matrix { values: &left, row: k, column: 1 }, Matrix { values: &transposed_left, row: 1, column: m }];
        for left in views {
            let mut out = vec![f32::NAN; m * n];
            panels.multiply(left, RowsMut::new(&mut out, n, n), Onto::Nothing);
            check(&out, |at| expected[at])?;
            panels.multiply(left, RowsMut::new(&mut out, n, n), Onto::Itself);
            check(&out, |at| 2.0 * expected[at])?;
            panels.multiply(left, RowsMut::new(&mut out, n, n), Onto::Bias(&bias));
            check(&out, |at| expected[at] + (at % n) as f64)?;
        }
        Ok(())
    }
}

#[test]
fn products_of_all_shapes() {
    with_each(OfProducts {
        property: Floats,
        precision: Precision::Fp32,
        sizes: (1usize..230, 1usize..900, 1usize..100, 0u64..1000),
    });
}

#[derive(Clone, Copy)]
struct Pairs;

impl Property for Pairs {
    fn check<T: Tiles>(self, tiles: T, (m, k, n, seed): Case) -> TestCaseResult {
        let key = StreamKey::new(seed, Purpose::Dropout);
        let left: Vec<f32> = (0..m * k).map(|i| key.uniform(i as u64) as f32 - 0.5).collect();
        let right: Vec<f32> = (0..k * n).map(|i| rounded(key.normal(i as u64) as f32)).collect();
        let bias: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let panels = Panels::new(tiles, Matrix { values: &right, row: n, column: 1 }, k, n);
        let near: Vec<f32> = left.iter().map(|value| rounded(*value)).collect();
        let expected = plain(&near, &right, (m, k, n));
        let transposed_left = transposed(&left, k);
        let views =
            [Matrix { values: &left, row: k, column: 1 }, Matrix { values: &transposed_left, row: 1, column: m }];
        for left in views {
            let mut out = vec![f32::NAN; m * n];
            panels.multiply(left, RowsMut::new(&mut out, n, n), Onto::Bias(&bias));
            check(&out, |at| expected[at] + (at % n) as f64)?;
        }
        Ok(())
    }
}

/// Checks products in bfloat16 on each instruction set, with AVX-512 in both ways, whichever is the faster one here.
fn check_in_bfloat16(property: impl Property, sizes: impl Strategy<Value = Case> + Clone) {
    with_each(OfProducts { property, precision: Precision::Bf16, sizes: sizes.clone() });
    let Some(isa) = Avx512::find() else { return };
    let pairs = Avx512Tiles::pairs(isa);
    if pairs.is_none() {
        skip("avx512_bf16", "this processor has no AVX512_BF16");
    }
    for tiles in pairs.into_iter().chain([Avx512Tiles::rounded(isa)]) {
        proptest!(ProptestConfig::with_cases(24), |(case in sizes.clone())| property.check(tiles, case)?);
    }
}

#[test]
fn products_in_bfloat16() {
    check_in_bfloat16(Pairs, (1usize..130, 1usize..3300, 1usize..100, 0u64..1000));
}

/// Where there is no AMX they are those in float32.
#[test]
fn products_of_two_parts() {
    let sizes = (1usize..230, 1usize..900, 1usize..100, 0u64..1000);
    with_each(OfProducts { property: Floats, precision: Precision::Tf32, sizes });
}

/// Numbers that no other instruction set would have: a part of each is missing.
#[test]
fn two_parts_are_finer_than_tf32() {
    let Some(amx) = Amx::find() else {
        return skip("amx", "this processor has no AMX");
    };
    let tiles = amx.tiles(Precision::Tf32).unwrap();
    let (left, right) = (1.0 + 1.0 / 4096.0, 1.0 - 3.0 / 16384.0);
    let panels = Panels::new(tiles, Matrix { values: &[right], row: 1, column: 1 }, 1, 1);
    let mut out = [f32::NAN];
    panels.multiply(Matrix { values: &[left], row: 1, column: 1 }, RowsMut::new(&mut out, 1, 1), Onto::Nothing);
    let error = (f64::from(out[0]) - f64::from(left) * f64::from(right)).abs();
    assert!(error < 1.0 / 65536.0, "{error}");
}

#[derive(Clone, Copy)]
struct Alone;

impl Property for Alone {
    /// A run's bytes must not depend on the rows beside its own.
    fn check<T: Tiles>(self, tiles: T, (m, k, n, seed): Case) -> TestCaseResult {
        let key = StreamKey::new(seed, Purpose::Dropout);
        let left: Vec<f32> = (0..m * k).map(|i| key.uniform(i as u64) as f32 - 0.5).collect();
        let right: Vec<f32> = (0..k * n).map(|i| rounded(key.normal(i as u64) as f32)).collect();
        let bias: Vec<f32> = (0..n).map(|i| (i as f32).sin()).collect();
        let before: Vec<f32> = (0..m * n).map(|i| (i as f32).cos()).collect();
        let panels = Panels::new(tiles, Matrix { values: &right, row: n, column: 1 }, k, n);
        for onto in [Onto::Nothing, Onto::Bias(&bias), Onto::Itself] {
            let mut together = before.clone();
            let all = Matrix { values: &left, row: k, column: 1 };
            panels.multiply(all, RowsMut::new(&mut together, n, n), onto);
            for row in [0, m / 2, m - 1] {
                let mut alone = before[row * n..][..n].to_vec();
                let one = Matrix { values: &left[row * k..], row: k, column: 1 };
                panels.multiply(one, RowsMut::new(&mut alone, n, n), onto);
                prop_assert_eq!(&together[row * n..][..n], &alone[..], "row {} of {}", row, m);
            }
        }
        Ok(())
    }
}

#[test]
fn a_row_is_the_same_alone_and_among_others_to_the_last_bit() {
    let sizes = (1usize..150, 1usize..2000, 1usize..100, 0u64..1000);
    for precision in [Precision::Fp32, Precision::Tf32] {
        with_each(OfProducts { property: Alone, precision, sizes: sizes.clone() });
    }
    check_in_bfloat16(Alone, sizes);
}

#[derive(Clone, Copy)]
struct InPanels;

impl Property for InPanels {
    /// `left @ right @ right.T`, where what lies between the products is in panels.
    fn check<T: Tiles>(self, tiles: T, (m, k, n, seed): Case) -> TestCaseResult {
        let key = StreamKey::new(seed, Purpose::Dropout);
        let left: Vec<f32> = (0..m * k).map(|i| rounded(key.uniform(i as u64) as f32 - 0.5)).collect();
        let right: Vec<f32> = (0..k * n).map(|i| rounded(key.normal(i as u64) as f32 / 32.0)).collect();
        let there = Panels::new(tiles, Matrix { values: &right, row: n, column: 1 }, k, n);
        let back = Panels::new(tiles, Matrix { values: &right, row: 1, column: n }, n, k);
        let mut between = vec![f32::NAN; m * n.next_multiple_of(COLUMNS)];
        let mut out = vec![1f32; m * k];
        let (mut first, mut second) = (PackedRows::new(tiles), PackedRows::new(tiles));
        second.resize(m, n);
        let matrix = Matrix { values: &left, row: k, column: 1 };
        there.multiply_by_panels_here((matrix, m), &back, &mut first, |panel, sums| {
            between[panel * sums.len()..][..sums.len()].copy_from_slice(sums);
            // What lies behind the last column must not matter.
            for row in sums.chunks_mut(COLUMNS) {
                row[COLUMNS.min(n - panel * COLUMNS)..].fill(f32::NAN);
            }
            second.lay_out(panel, sums);
        });
        back.multiply_packed_here(&second, RowsMut::new(&mut out, k, k), Onto::Itself, &there);
        let middle: Vec<f32> = plain(&left, &right, (m, k, n)).into_iter().map(|sum| sum as f32).collect();
        for (index, sum) in middle.iter().enumerate() {
            let found = between[index % n / COLUMNS * m * COLUMNS + index / n * COLUMNS + index % n % COLUMNS];
            prop_assert!((found - sum).abs() < 1e-3, "{index}: {found} instead of {sum}");
        }
        let expected = plain(&middle, &transposed(&right, n), (m, n, k));
        // What lies between is rounded for the second product, whose sums are of the size of 1.
        for (at, (value, expected)) in out.iter().zip(expected).enumerate() {
            prop_assert!((f64::from(*value) - 1.0 - expected).abs() < 0.02, "{at}: {value} instead of 1 + {expected}");
        }
        Ok(())
    }
}

#[test]
fn products_through_panels() {
    // More words than a product takes at a time, too.
    let often_few = || prop_oneof![14 => 1usize..200, 1 => 1500usize..1700];
    let sizes = (1usize..130, often_few(), often_few(), 0u64..1000);
    with_each(OfProducts { property: InPanels, precision: Precision::Fp32, sizes: sizes.clone() });
    check_in_bfloat16(InPanels, sizes);
}
