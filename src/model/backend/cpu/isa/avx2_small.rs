//! Small matrix products in registers (AVX2): blocks of at most 6 rows and [`LANES`] columns, two vectors.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_setzero_ps, _mm256_storeu_ps};

use super::avx2::{Avx2, VECTOR};
#[cfg(target_arch = "x86_64")]
use super::small_sizes::Operand;
use super::small_sizes::check;
use crate::model::backend::cpu::small_product::{LANES, LeftMatrix, RightMatrix};

const _: () = assert!(LANES == 2 * VECTOR);

/// As [`super::InstructionSet::small_sums`].
#[inline]
pub fn product(
    _isa: Avx2,
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, columns): (usize, usize, usize),
    (out, stride): (&mut [f32], usize),
    adds: bool,
) {
    let Some(wide) = check(left, right, (rows, inner, columns), out, stride) else { return };
    // SAFETY: a value exists only where AVX2 was detected; what was checked is what `blocks` asks for.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        blocks(left, right, (rows, inner, wide), (out, stride), adds);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (wide, adds);
}

/// # Safety
/// The matrices must hold `rows` x `inner`, `inner` x `wide` and `rows` x `wide` elements; `wide` is a multiple of [`LANES`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn blocks(
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, wide): (usize, usize, usize),
    (out, stride): (&mut [f32], usize),
    adds: bool,
) {
    for column in (0..wide).step_by(LANES) {
        let mut row = 0;
        while row < rows {
            let height = match rows - row {
                1 => 1,
                2 | 3 => 2,
                4 | 5 => 4,
                _ => 6,
            };
            // Without inner indices the factors may be empty: nothing is read then.
            let first = left.values.as_ptr().wrapping_add(row * left.row);
            let left = Operand { first, row: left.row, step: left.column };
            let right = Operand { first: right.values.as_ptr().wrapping_add(column), row: VECTOR, step: right.stride };
            // SAFETY: the block lies within the matrices.
            unsafe {
                let out = out.as_mut_ptr().add(row * stride + column);
                match height {
                    6 => block::<6>(left, right, inner, (out, stride), adds),
                    4 => block::<4>(left, right, inner, (out, stride), adds),
                    2 => block::<2>(left, right, inner, (out, stride), adds),
                    _ => block::<1>(left, right, inner, (out, stride), adds),
                }
            }
            row += height;
        }
    }
}

/// # Safety
/// `R` values of `left` and two vectors of `right` for each inner index, and `R` x two vectors of `out` must be there.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn block<const R: usize>(
    left: Operand,
    right: Operand,
    inner: usize,
    (out, stride): (*mut f32, usize),
    adds: bool,
) {
    let mut sums = [[_mm256_setzero_ps(); 2]; R];
    if adds {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (v, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the caller's promise.
                *sum = unsafe { _mm256_loadu_ps(out.add(r * stride + v * VECTOR)) };
            }
        }
    }
    let (mut values, mut lines) = (left.first, right.first);
    for _ in 0..inner {
        // SAFETY: the caller's promise.
        unsafe {
            let vectors = [_mm256_loadu_ps(lines), _mm256_loadu_ps(lines.add(right.row))];
            for (r, sums) in sums.iter_mut().enumerate() {
                let factor = _mm256_broadcast_ss(&*values.add(r * left.row));
                sums[0] = _mm256_fmadd_ps(factor, vectors[0], sums[0]);
                sums[1] = _mm256_fmadd_ps(factor, vectors[1], sums[1]);
            }
        }
        values = values.wrapping_add(left.step);
        lines = lines.wrapping_add(right.step);
    }
    for (r, sums) in sums.into_iter().enumerate() {
        for (v, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { _mm256_storeu_ps(out.add(r * stride + v * VECTOR), sum) };
        }
    }
}
