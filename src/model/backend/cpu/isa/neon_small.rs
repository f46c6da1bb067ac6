//! Small matrix products in registers (NEON): blocks of at most 6 rows and [`LANES`] columns, four vectors.

#[cfg(target_arch = "aarch64")]
use std::arch::aarch64::{vdupq_n_f32, vfmaq_n_f32, vld1q_f32, vst1q_f32};

use super::neon::{Neon, VECTOR};
#[cfg(target_arch = "aarch64")]
use super::small_sizes::Operand;
use super::small_sizes::check;
use crate::model::backend::cpu::small_product::{LANES, LeftMatrix, RightMatrix};

/// Vectors of a block's row.
const VECTORS: usize = LANES / VECTOR;

const _: () = assert!(LANES == VECTORS * VECTOR);

/// As [`super::InstructionSet::small_sums`].
#[inline]
pub fn product(
    _isa: Neon,
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, columns): (usize, usize, usize),
    (out, stride): (&mut [f32], usize),
    adds: bool,
) {
    let Some(wide) = check(left, right, (rows, inner, columns), out, stride) else { return };
    // SAFETY: what was checked is what `blocks` asks for.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        blocks(left, right, (rows, inner, wide), (out, stride), adds);
    }
    #[cfg(not(target_arch = "aarch64"))]
    let _ = (wide, adds);
}

/// # Safety
/// The matrices must hold `rows` x `inner`, `inner` x `wide` and `rows` x `wide` elements; `wide` is a multiple of [`LANES`].
#[cfg(target_arch = "aarch64")]
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
/// `R` values of `left` and [`VECTORS`] vectors of `right` for each inner index, and `R` rows of as many vectors of `out` must
/// be there.
#[cfg(target_arch = "aarch64")]
unsafe fn block<const R: usize>(
    left: Operand,
    right: Operand,
    inner: usize,
    (out, stride): (*mut f32, usize),
    adds: bool,
) {
    // SAFETY: NEON is part of the architecture; the rest is the caller's promise.
    unsafe {
        let mut sums = [[vdupq_n_f32(0.0); VECTORS]; R];
        if adds {
            for (r, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = vld1q_f32(out.add(r * stride + v * VECTOR));
                }
            }
        }
        let (mut values, mut lines) = (left.first, right.first);
        for _ in 0..inner {
            let mut vectors = [vdupq_n_f32(0.0); VECTORS];
            for (v, vector) in vectors.iter_mut().enumerate() {
                *vector = vld1q_f32(lines.add(v * right.row));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let factor = *values.add(r * left.row);
                for (sum, vector) in sums.iter_mut().zip(vectors) {
                    *sum = vfmaq_n_f32(*sum, vector, factor);
                }
            }
            values = values.wrapping_add(left.step);
            lines = lines.wrapping_add(right.step);
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                vst1q_f32(out.add(r * stride + v * VECTOR), sum);
            }
        }
    }
}
