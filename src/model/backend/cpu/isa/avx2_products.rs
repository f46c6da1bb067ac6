//! AVX2: passes, and the product of a tile of 12 x 32 sums, of which 6 x 16 at a time are in the registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    _mm256_add_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_load_ps, _mm256_setzero_ps, _mm256_store_ps,
};

use super::avx2::{Avx2, Left, Sums};
#[cfg(target_arch = "x86_64")]
use super::avx2::{BLOCK_ROWS, ROWS, VECTOR};
use super::avx2_small;
#[cfg(target_arch = "x86_64")]
use super::fetch::Soon;
use super::instruction_set::InstructionSet;
use super::rounding::name_of_floats;
#[cfg(target_arch = "x86_64")]
use super::tiles::SumRows;
use super::tiles::Tiles;
#[cfg(target_arch = "x86_64")]
use super::words::COLUMNS;
use super::words::{TileRow, Words};
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};
use crate::spec::Precision;

/// Words that all blocks of a tile go through before the next ones: what they read of both matrices stays in the first-level
/// cache.
#[cfg(target_arch = "x86_64")]
const DEPTH: usize = 128;

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

    fn tiles(self, precision: Precision) -> Option<Avx2Tiles> {
        Some(match precision {
            Precision::Fp32 | Precision::Tf32 => Avx2Tiles { isa: self, words: Words::Floats },
            Precision::Bf16 => Avx2Tiles { isa: self, words: Words::Rounded },
        })
    }

    #[inline(always)]
    fn small_sums(
        self,
        left: LeftMatrix<'_>,
        right: RightMatrix<'_>,
        sizes: (usize, usize, usize),
        out: (&mut [f32], usize),
        adds: bool,
    ) {
        avx2_small::product(self, left, right, sizes, out, adds);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Tiles of float32 numbers, which may be rounded to bfloat16.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Tiles {
    isa: Avx2,
    words: Words,
}

impl Tiles for Avx2Tiles {
    type Left = Left;
    type Sums = Sums;
    type Registers = ();

    fn name(self) -> &'static str {
        name_of_floats(self.words)
    }

    #[inline(always)]
    fn words(self) -> Words {
        self.words
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce(&()) -> R) -> R {
        self.isa.vectorize(
            #[inline(always)]
            || work(&()),
        )
    }

    #[inline(always)]
    fn multiply(self, (): &(), left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
        // SAFETY: a value exists only where `find` found the instructions.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            multiply(left, right, soon, sums);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (left, right, soon, sums);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply(left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
    const { assert!(ROWS == 2 * BLOCK_ROWS && COLUMNS == 4 * VECTOR) };
    *sums = Sums::ZERO;
    let mut soon = Soon::new(soon);
    for (left, right) in left.chunks(DEPTH).zip(right.chunks(DEPTH)) {
        block::<0, 0, true>(left, right, soon, sums);
        block::<BLOCK_ROWS, 0, false>(left, right, soon, sums);
        block::<0, { 2 * VECTOR }, false>(left, right, soon, sums);
        block::<BLOCK_ROWS, { 2 * VECTOR }, false>(left, right, soon, sums);
        soon = soon.after(left.len());
    }
}

/// Adds to the sums of [`BLOCK_ROWS`] rows from `ROW` on and two vectors from `COLUMN` on.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn block<const ROW: usize, const COLUMN: usize, const FETCHES: bool>(
    left: &[Left],
    right: &[TileRow],
    mut soon: Soon,
    sums: &mut Sums,
) {
    const { assert!(ROW + BLOCK_ROWS <= ROWS && COLUMN + 2 * VECTOR <= COLUMNS && COLUMN.is_multiple_of(VECTOR)) };
    let mut block = [[_mm256_setzero_ps(); 2]; BLOCK_ROWS];
    for (left, right) in left.iter().zip(right) {
        if FETCHES {
            soon.fetch();
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
