//! AMX: products in bfloat16 of a tile of 32 x 32 sums, which are in four tile registers. A word of 32 bits holds two
//! neighbouring inner indices, the lower one in its lower half.
//!
//! A tile register has 16 rows of 16 words. `tdpbf16ps` multiplies 16 rows of the left matrix, 16 words of each, with 16 words
//! of the right one, 16 columns of each. So the left matrix is laid out 16 words at a time, row after row, and the right one as
//! for other instruction sets: a strip of 32 columns for each word. Four loads feed four multiplications:
//!
//! ```text
//! for 16 words at a time:
//!     upper, lower = left[rows 0..16], left[rows 16..32]
//!     first, second = right[columns 0..16], right[columns 16..32]
//!     sums += upper * first, upper * second, lower * first, lower * second
//! ```
//!
//! float32 products are those of AVX-512.

#[cfg(target_arch = "x86_64")]
use super::amx::ROWS;
use super::amx::{Amx, Left, REGISTER_WORDS, Sums, TileRegisters};
#[cfg(target_arch = "x86_64")]
use super::amx_multiply;
use super::avx512_small;
use super::instruction_set::InstructionSet;
#[cfg(target_arch = "x86_64")]
use super::place::Place;
use super::tiles::Tiles;
use super::words::{TileRow, Words};
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};
use crate::spec::Precision;

impl InstructionSet for Amx {
    type Tiles = AmxTiles;

    const SETTING: &'static str = "amx";

    fn detect() -> Option<Self> {
        Amx::find()
    }

    fn name(self) -> &'static str {
        "AVX-512 with AMX"
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        InstructionSet::vectorize(self.avx512(), work)
    }

    fn tiles(self, precision: Precision) -> Option<AmxTiles> {
        match precision {
            Precision::Fp32 => None,
            Precision::Tf32 => Some(AmxTiles { isa: self, multiplied: Multiplied::Parts }),
            Precision::Bf16 => Some(AmxTiles { isa: self, multiplied: Multiplied::Pairs }),
        }
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
        avx512_small::product(self.avx512(), left, right, sizes, out, adds);
    }
}

/// Tiles of pairs of bfloat16, or of numbers in two parts.
#[derive(Clone, Copy, Debug)]
pub struct AmxTiles {
    isa: Amx,
    multiplied: Multiplied,
}

#[derive(Clone, Copy, Debug)]
enum Multiplied {
    Pairs,
    Parts,
}

impl Tiles for AmxTiles {
    type Left = Left;
    type Sums = Sums;
    type Registers = TileRegisters;

    const MOST_WORDS: usize = 128;
    const GOES_ON: bool = true;

    fn name(self) -> &'static str {
        match self.multiplied {
            Multiplied::Parts => "products of two bfloat16 parts of each number (AMX)",
            Multiplied::Pairs => "products in bfloat16 (AMX)",
        }
    }

    #[inline(always)]
    fn words(self) -> Words {
        match self.multiplied {
            Multiplied::Pairs => Words::Pairs,
            Multiplied::Parts => Words::Parts,
        }
    }

    #[inline(always)]
    fn step(self) -> usize {
        match self.multiplied {
            Multiplied::Parts => 2 * REGISTER_WORDS,
            Multiplied::Pairs => REGISTER_WORDS,
        }
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce(&TileRegisters) -> R) -> R {
        self.isa.with_registers(
            #[inline(always)]
            |registers| {
                self.isa.vectorize(
                    #[inline(always)]
                    || work(registers),
                )
            },
        )
    }

    #[inline(always)]
    fn multiply(self, registers: &TileRegisters, left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
        #[cfg(target_arch = "x86_64")]
        self.walk(registers, (left, right, soon), Place::of_sums(sums), false);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (registers, left, right, soon, sums);
    }

    #[inline(always)]
    fn go_on(self, registers: &TileRegisters, left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
        #[cfg(target_arch = "x86_64")]
        self.walk(registers, (left, right, soon), Place::of_sums(sums), true);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (registers, left, right, soon, sums);
    }

    #[inline(always)]
    fn multiply_onto(
        self,
        registers: &TileRegisters,
        left: &[Left],
        right: &[TileRow],
        soon: &[TileRow],
        (out, stride, adds): (&mut [f32], usize, bool),
    ) -> bool {
        #[cfg(target_arch = "x86_64")]
        if let Some(sums) = Place::new(out, stride) {
            self.walk(registers, (left, right, soon), sums, adds);
            return true;
        }
        let _ = (registers, left, right, soon, out, stride, adds);
        false
    }

    /// 16 words at a time, row after row: they take the place of as many words of all rows.
    #[inline(always)]
    fn lay_out(self, lines: [&[f32]; 4], first: usize, left: &mut [Left]) {
        for (index, line) in lines.into_iter().enumerate() {
            let row = first + index;
            // Two rows take the place of a word.
            let place = row % 2 * REGISTER_WORDS;
            for (words, left) in line.as_chunks::<REGISTER_WORDS>().0.iter().zip(left.chunks_exact_mut(REGISTER_WORDS))
            {
                left[row / 2].0[place..place + REGISTER_WORDS].copy_from_slice(words);
            }
        }
    }

    #[inline(always)]
    fn round(self, values: &[f32], words: &mut [f32]) {
        match self.multiplied {
            Multiplied::Parts => self.isa.rounding().split(values, words),
            Multiplied::Pairs => self.isa.rounding().round(values, words),
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl AmxTiles {
    #[inline(always)]
    fn walk(
        self,
        registers: &TileRegisters,
        operands: (&[Left], &[TileRow], &[TileRow]),
        place: Place<'_, ROWS>,
        adds: bool,
    ) {
        match self.multiplied {
            Multiplied::Parts => amx_multiply::parts(registers, operands, place, adds),
            Multiplied::Pairs => amx_multiply::pairs(registers, operands, place, adds),
        }
    }
}
