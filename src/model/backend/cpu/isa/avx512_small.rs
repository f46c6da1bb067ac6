//! Small matrix products in registers (AVX-512): blocks of at most 8 rows and 3 vectors of columns, where 8 broadcasts and
//! 3 loads feed 24 multiplications. Narrower blocks load as often as they multiply.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps};

use super::avx512::Avx512;
use crate::model::backend::cpu::small_product::{LANES, LeftMatrix, RightMatrix};

/// As [`super::InstructionSet::small_product`].
#[inline]
pub fn product(
    _isa: Avx512,
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, columns): (usize, usize, usize),
    out: &mut [f32],
    stride: usize,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let wide = columns.next_multiple_of(LANES);
    // Never less than what is reached, however large the numbers are.
    let reach = |count: usize, step: usize| (count - 1).saturating_mul(step);
    if inner > 0 {
        assert!(left.values.len() > reach(rows, left.row).saturating_add(reach(inner, left.column)));
        assert!(right.values.len() >= reach(inner, right.stride).saturating_add(wide));
    }
    assert!(out.len() >= reach(rows, stride).saturating_add(wide));
    // SAFETY: a value exists only where AVX-512 was detected; the assertions are what `blocks` asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        blocks(left, right, (rows, inner, wide / LANES), out, stride);
    }
}

/// # Safety
/// The matrices must hold `rows` x `inner`, `inner` x `vectors` and `rows` x `vectors` elements (vectors of [`LANES`]).
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn blocks(
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, vectors): (usize, usize, usize),
    out: &mut [f32],
    stride: usize,
) {
    let mut vector = 0;
    while vector < vectors {
        // Two vectors where three would leave one.
        let width = match vectors - vector {
            1 => 1,
            2 | 4 => 2,
            _ => 3,
        };
        let column = vector * LANES;
        let mut row = 0;
        while row < rows {
            let height = match rows - row {
                1 => 1,
                2 | 3 => 2,
                4..8 => 4,
                _ => 8,
            };
            // Without inner indices the factors may be empty: nothing is read then.
            let first = left.values.as_ptr().wrapping_add(row * left.row);
            let left = Operand { first, row: left.row, step: left.column };
            let right = Operand { first: right.values.as_ptr().wrapping_add(column), row: LANES, step: right.stride };
            // SAFETY: the block lies within the matrices.
            unsafe {
                let out = out.as_mut_ptr().add(row * stride + column);
                match (height, width) {
                    (8, 3) => block::<8, 3>(left, right, inner, out, stride),
                    (4, 3) => block::<4, 3>(left, right, inner, out, stride),
                    (2, 3) => block::<2, 3>(left, right, inner, out, stride),
                    (_, 3) => block::<1, 3>(left, right, inner, out, stride),
                    (8, 2) => block::<8, 2>(left, right, inner, out, stride),
                    (4, 2) => block::<4, 2>(left, right, inner, out, stride),
                    (2, 2) => block::<2, 2>(left, right, inner, out, stride),
                    (_, 2) => block::<1, 2>(left, right, inner, out, stride),
                    (8, _) => block::<8, 1>(left, right, inner, out, stride),
                    (4, _) => block::<4, 1>(left, right, inner, out, stride),
                    (2, _) => block::<2, 1>(left, right, inner, out, stride),
                    (_, _) => block::<1, 1>(left, right, inner, out, stride),
                }
            }
            row += height;
        }
        vector += width;
    }
}

/// One factor of a block: element or vector `index` at inner index `k` lies at `first + index * row + k * step`.
#[cfg(target_arch = "x86_64")]
struct Operand {
    first: *const f32,
    row: usize,
    step: usize,
}

/// # Safety
/// `R` values of `left` and `V` vectors of `right` for each inner index, and `R` x `V` vectors of `out` must be there.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn block<const R: usize, const V: usize>(
    left: Operand,
    right: Operand,
    inner: usize,
    out: *mut f32,
    stride: usize,
) {
    let mut sums = [[_mm512_setzero_ps(); V]; R];
    let (mut values, mut lines) = (left.first, right.first);
    for _ in 0..inner {
        // SAFETY: the caller's promise.
        unsafe {
            let mut vectors = [_mm512_setzero_ps(); V];
            for (v, vector) in vectors.iter_mut().enumerate() {
                *vector = _mm512_loadu_ps(lines.wrapping_add(v * LANES));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let factor = _mm512_set1_ps(*values.wrapping_add(r.wrapping_mul(left.row)));
                for (sum, vector) in sums.iter_mut().zip(vectors) {
                    *sum = _mm512_fmadd_ps(factor, vector, *sum);
                }
            }
        }
        // Pointers that move on: offsets that are multiplied anew would be checked for overflow each time.
        values = values.wrapping_add(left.step);
        lines = lines.wrapping_add(right.step);
    }
    for (r, sums) in sums.into_iter().enumerate() {
        for (v, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { _mm512_storeu_ps(out.add(r * stride + v * LANES), sum) };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::backend::cpu::small_product::portable_product;

    #[test]
    fn a_product_over_nothing_is_zero_and_reads_nothing() {
        let Some(isa) = Avx512::find() else { return };
        let mut out = [7f32; 3 * LANES];
        let (left, right) = (LeftMatrix { values: &[], row: 5, column: 1 }, RightMatrix { values: &[], stride: LANES });
        product(isa, left, right, (3, 0, LANES), &mut out, LANES);
        assert_eq!(out, [0.0; 3 * LANES]);
    }

    #[test]
    #[should_panic(expected = "left.values.len()")]
    fn factors_that_are_too_short_are_refused_however_large_the_steps() {
        let Some(isa) = Avx512::find() else { panic!("left.values.len() is checked where there is AVX-512") };
        let left = LeftMatrix { values: &[0.0; 8], row: usize::MAX / 2 + 1, column: 1 };
        let right = RightMatrix { values: &[0.0; LANES], stride: LANES };
        product(isa, left, right, (3, 1, 1), &mut [0.0; 3 * LANES], LANES);
    }

    proptest! {
        #[test]
        fn blocks_of_every_size_multiply(rows in 0usize..21, inner in 1usize..9, columns in 1usize..130, transposed: bool) {
            let Some(isa) = Avx512::find() else { return Ok(()) };
            let stride = columns.next_multiple_of(LANES) + 5;
            let value = |index: usize| (index * 7919 % 101) as f32 / 50.0 - 1.0;
            let left: Vec<f32> = (0..rows * inner).map(value).collect();
            let right: Vec<f32> = (0..inner * stride).map(|index| value(index + 17)).collect();
            let (row, column) = if transposed { (1, rows) } else { (inner, 1) };
            let (left, right) = (LeftMatrix { values: &left, row, column }, RightMatrix { values: &right, stride });
            let (mut ours, mut plain) = (vec![7f32; rows * stride], vec![7f32; rows * stride]);
            product(isa, left, right, (rows, inner, columns), &mut ours, stride);
            portable_product(left, right, (rows, inner, columns), &mut plain, stride);
            for (index, (ours, plain)) in ours.into_iter().zip(plain).enumerate() {
                prop_assert!((ours - plain).abs() < 1e-5, "{ours} instead of {plain} at {index}");
            }
        }
    }
}
