//! Small matrix products in registers (AVX-512): blocks of at most 8 rows and 3 vectors of columns, where 8 broadcasts and
//! 3 loads feed 24 multiplications. Narrower blocks load as often as they multiply.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps};

use super::avx512::Avx512;
#[cfg(target_arch = "x86_64")]
use super::small_sizes::Operand;
use super::small_sizes::check;
#[cfg(target_arch = "x86_64")]
use crate::model::backend::cpu::small_product::LANES;
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};

/// As [`super::InstructionSet::small_sums`].
#[inline]
pub fn product(
    _isa: Avx512,
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, columns): (usize, usize, usize),
    (out, stride): (&mut [f32], usize),
    adds: bool,
) {
    let Some(wide) = check(left, right, (rows, inner, columns), out, stride) else { return };
    // SAFETY: a value exists only where AVX-512 was detected; what was checked is what `blocks` asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        blocks(left, right, (rows, inner, wide / LANES), (out, stride), adds);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (wide, adds);
}

/// # Safety
/// The matrices must hold `rows` x `inner`, `inner` x `vectors` and `rows` x `vectors` elements (vectors of [`LANES`]).
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn blocks(
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, vectors): (usize, usize, usize),
    (out, stride): (&mut [f32], usize),
    adds: bool,
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
                    (8, 3) => block::<8, 3>(left, right, inner, (out, stride), adds),
                    (4, 3) => block::<4, 3>(left, right, inner, (out, stride), adds),
                    (2, 3) => block::<2, 3>(left, right, inner, (out, stride), adds),
                    (_, 3) => block::<1, 3>(left, right, inner, (out, stride), adds),
                    (8, 2) => block::<8, 2>(left, right, inner, (out, stride), adds),
                    (4, 2) => block::<4, 2>(left, right, inner, (out, stride), adds),
                    (2, 2) => block::<2, 2>(left, right, inner, (out, stride), adds),
                    (_, 2) => block::<1, 2>(left, right, inner, (out, stride), adds),
                    (8, _) => block::<8, 1>(left, right, inner, (out, stride), adds),
                    (4, _) => block::<4, 1>(left, right, inner, (out, stride), adds),
                    (2, _) => block::<2, 1>(left, right, inner, (out, stride), adds),
                    (_, _) => block::<1, 1>(left, right, inner, (out, stride), adds),
                }
            }
            row += height;
        }
        vector += width;
    }
}

/// # Safety
/// `R` values of `left` and `V` vectors of `right` for each inner index, and `R` x `V` vectors of `out` must be there.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn block<const R: usize, const V: usize>(
    left: Operand,
    right: Operand,
    inner: usize,
    (out, stride): (*mut f32, usize),
    adds: bool,
) {
    let mut sums = [[_mm512_setzero_ps(); V]; R];
    if adds {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the caller's promise.
                *sum = unsafe { _mm512_loadu_ps(out.add(r * stride + v * LANES)) };
            }
        }
    }
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
