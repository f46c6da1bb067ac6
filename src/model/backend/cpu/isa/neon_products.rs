//! NEON: passes, and the product of a tile of 12 x 32 sums, of which 12 x 8 at a time are in the registers.

#[cfg(target_arch = "aarch64")]
use std::arch::aarch64::{float32x4_t, vaddq_f32, vdupq_n_f32, vfmaq_laneq_f32, vld1q_f32, vst1q_f32};

#[cfg(target_arch = "aarch64")]
use super::fetch::Soon;
use super::instruction_set::InstructionSet;
use super::neon::{Left, Neon, Sums};
#[cfg(target_arch = "aarch64")]
use super::neon::{ROWS, VECTOR};
use super::neon_small;
use super::rounding::name_of_floats;
#[cfg(target_arch = "aarch64")]
use super::tiles::SumRows;
use super::tiles::Tiles;
#[cfg(target_arch = "aarch64")]
use super::words::COLUMNS;
use super::words::{TileRow, Words};
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};
use crate::spec::Precision;

/// Words that all blocks of a tile go through before the next ones: what they read of both matrices stays in the first-level
/// cache.
#[cfg(target_arch = "aarch64")]
const DEPTH: usize = 128;

impl InstructionSet for Neon {
    type Tiles = NeonTiles;

    const SETTING: &'static str = "neon";

    fn detect() -> Option<Self> {
        Neon::find()
    }

    fn name(self) -> &'static str {
        "NEON"
    }

    /// The compiler's baseline has the instructions.
    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    fn tiles(self, precision: Precision) -> Option<NeonTiles> {
        Some(match precision {
            Precision::Fp32 | Precision::Tf32 => NeonTiles { isa: self, words: Words::Floats },
            Precision::Bf16 => NeonTiles { isa: self, words: Words::Rounded },
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
        neon_small::product(self, left, right, sizes, out, adds);
    }
}

/// Tiles of float32 numbers, which may be rounded to bfloat16.
#[derive(Clone, Copy, Debug)]
pub struct NeonTiles {
    isa: Neon,
    words: Words,
}

impl Tiles for NeonTiles {
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
        #[cfg(target_arch = "aarch64")]
        multiply(left, right, soon, sums);
        #[cfg(not(target_arch = "aarch64"))]
        let _ = (left, right, soon, sums);
    }
}

#[cfg(target_arch = "aarch64")]
fn multiply(left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
    const { assert!(COLUMNS == 8 * VECTOR && ROWS == 3 * VECTOR) };
    *sums = Sums::ZERO;
    let mut soon = Soon::new(soon);
    for (left, right) in left.chunks(DEPTH).zip(right.chunks(DEPTH)) {
        block::<0, true>(left, right, soon, sums);
        block::<{ 2 * VECTOR }, false>(left, right, soon, sums);
        block::<{ 4 * VECTOR }, false>(left, right, soon, sums);
        block::<{ 6 * VECTOR }, false>(left, right, soon, sums);
        soon = soon.after(left.len());
    }
}

/// Adds to the sums of two vectors of all rows, from `COLUMN` on.
#[cfg(target_arch = "aarch64")]
fn block<const COLUMN: usize, const FETCHES: bool>(left: &[Left], right: &[TileRow], mut soon: Soon, sums: &mut Sums) {
    const { assert!(COLUMN + 2 * VECTOR <= COLUMNS) };
    // SAFETY: NEON is part of the architecture. `ROWS` values of each word of the left matrix are read, and of each row of the
    // right one and of the sums two vectors from `COLUMN` on.
    unsafe {
        let mut block = [[vdupq_n_f32(0.0); 2]; ROWS];
        for (left, right) in left.iter().zip(right) {
            if FETCHES {
                soon.fetch();
            }
            let first = right.0.as_ptr().add(COLUMN);
            let vectors = [vld1q_f32(first), vld1q_f32(first.add(VECTOR))];
            for (rows, factors) in block.as_chunks_mut::<VECTOR>().0.iter_mut().zip(left.as_chunks::<VECTOR>().0) {
                let factors = vld1q_f32(factors.as_ptr());
                rows[0] = row::<0>(rows[0], vectors, factors);
                rows[1] = row::<1>(rows[1], vectors, factors);
                rows[2] = row::<2>(rows[2], vectors, factors);
                rows[3] = row::<3>(rows[3], vectors, factors);
            }
        }
        for (sums, block) in sums.iter_mut().zip(block) {
            for (index, added) in block.into_iter().enumerate() {
                let sum = sums.0.as_mut_ptr().add(COLUMN + index * VECTOR);
                vst1q_f32(sum, vaddq_f32(vld1q_f32(sum), added));
            }
        }
    }
}

/// Adds both vectors times one of the factors.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn row<const FACTOR: i32>(sums: [float32x4_t; 2], vectors: [float32x4_t; 2], factors: float32x4_t) -> [float32x4_t; 2] {
    // SAFETY: NEON is part of the architecture.
    unsafe {
        [
            vfmaq_laneq_f32::<FACTOR>(sums[0], vectors[0], factors),
            vfmaq_laneq_f32::<FACTOR>(sums[1], vectors[1], factors),
        ]
    }
}
