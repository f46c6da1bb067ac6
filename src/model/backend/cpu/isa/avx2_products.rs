//! AVX2: passes, and the product of a tile of 12 x 32 sums, of which 6 x 16 at a time are in the registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch, _mm256_add_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_load_ps,
    _mm256_setzero_ps, _mm256_store_ps,
};

use tch::Kind;

use super::avx2::{Avx2, BLOCK_ROWS, Left, ROWS, Sums, VECTOR};
use super::avx2_small;
use super::instruction_set::InstructionSet;
use super::tiles::{COLUMNS, SumRows, TILES_PER_FETCH, TileRow, Tiles};
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};

/// Words that all blocks of a tile go through before the next ones: what they read of both matrices stays in the first-level
/// cache.
const DEPTH: usize = 128;
/// Values of a cache line.
const LINE: usize = 16;

impl InstructionSet for Avx2 {
    type Tiles = Avx2Tiles;

    const SETTING: &'static str = "avx2";

    fn detect() -> Option<Self> {
        Avx2::find()
    }

    fn name(self) -> &'static str {
        "AVX2"
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: a value exists only where `find` found the instructions.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            vectorized(work)
        }
        #[cfg(not(target_arch = "x86_64"))]
        work()
    }

    fn tiles(self, kind: Kind) -> Option<Avx2Tiles> {
        (kind == Kind::Float).then_some(Avx2Tiles(self))
    }

    #[inline(always)]
    fn small_product(
        self,
        left: LeftMatrix<'_>,
        right: RightMatrix<'_>,
        sizes: (usize, usize, usize),
        out: &mut [f32],
        stride: usize,
    ) {
        avx2_small::product(self, left, right, sizes, out, stride);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Tiles of float32 numbers.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Tiles(Avx2);

impl Tiles for Avx2Tiles {
    type Left = Left;
    type Sums = Sums;

    fn floats(self) -> Self {
        self
    }

    fn name(self) -> &'static str {
        "products in float32"
    }

    #[inline(always)]
    fn pairs(self) -> bool {
        false
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        self.0.vectorize(work)
    }

    #[inline(always)]
    fn multiply(self, left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
        // SAFETY: a value exists only where `find` found the instructions.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            multiply(left, right, soon, sums);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (left, right, soon, sums);
    }

    /// There are no pairs.
    fn round(self, _values: &[f32], _words: &mut [f32]) {}

    #[inline(always)]
    fn fetch(self, values: &[f32]) {
        #[cfg(target_arch = "x86_64")]
        for line in values.chunks(LINE) {
            // SAFETY: a prefetch reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = values;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply(left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
    const { assert!(ROWS == 2 * BLOCK_ROWS && COLUMNS == 4 * VECTOR) };
    *sums = Sums::ZERO;
    let mut soon = soon.as_ptr().cast::<f32>();
    for (left, right) in left.chunks(DEPTH).zip(right.chunks(DEPTH)) {
        block::<0, 0, true>(left, right, soon, sums);
        block::<BLOCK_ROWS, 0, false>(left, right, soon, sums);
        block::<0, { 2 * VECTOR }, false>(left, right, soon, sums);
        block::<BLOCK_ROWS, { 2 * VECTOR }, false>(left, right, soon, sums);
        soon = soon.wrapping_add(left.len() * COLUMNS / TILES_PER_FETCH);
    }
}

/// Adds to the sums of [`BLOCK_ROWS`] rows from `ROW` on and two vectors from `COLUMN` on.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn block<const ROW: usize, const COLUMN: usize, const FETCHES: bool>(
    left: &[Left],
    right: &[TileRow],
    mut soon: *const f32,
    sums: &mut Sums,
) {
    const { assert!(ROW + BLOCK_ROWS <= ROWS && COLUMN + 2 * VECTOR <= COLUMNS && COLUMN.is_multiple_of(VECTOR)) };
    let mut block = [[_mm256_setzero_ps(); 2]; BLOCK_ROWS];
    for (left, right) in left.iter().zip(right) {
        if FETCHES {
            // Several times the same line: deciding when to fetch would cost more.
            _mm_prefetch::<_MM_HINT_T1>(soon.cast());
            soon = soon.wrapping_add(COLUMNS / TILES_PER_FETCH);
        }
        // SAFETY: both vectors lie within the row, which is aligned to 64 bytes, at multiples of their length.
        let (low, high) = unsafe {
            let first = right.0.as_ptr().add(COLUMN);
            (_mm256_load_ps(first), _mm256_load_ps(first.add(VECTOR)))
        };
        for (block, left) in block.iter_mut().zip(&left[ROW..ROW + BLOCK_ROWS]) {
            let factor = _mm256_broadcast_ss(left);
            block[0] = _mm256_fmadd_ps(factor, low, block[0]);
            block[1] = _mm256_fmadd_ps(factor, high, block[1]);
        }
    }
    for (sums, block) in sums[ROW..ROW + BLOCK_ROWS].iter_mut().zip(block) {
        for (index, added) in block.into_iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                let sum = sums.0.as_mut_ptr().add(COLUMN + index * VECTOR);
                _mm256_store_ps(sum, _mm256_add_ps(_mm256_load_ps(sum), added));
            }
        }
    }
}
