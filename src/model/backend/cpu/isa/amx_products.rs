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
use std::marker::PhantomData;

use super::amx::{Amx, Left, REGISTER_WORDS, Sums, TileRegisters};
#[cfg(target_arch = "x86_64")]
use super::amx::{REGISTER_ROWS, ROWS};
use super::avx512_products::Avx512Tiles;
use super::avx512_small;
use super::instruction_set::InstructionSet;
use super::tiles::Tiles;
use super::words::{COLUMNS, TILES_PER_FETCH, TileRow, Words};
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};
use crate::spec::Precision;

impl InstructionSet for Amx {
    type Tiles = AmxTiles;
    type Floats = Avx512Tiles;

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
            Precision::Fp32 | Precision::Tf32 => None,
            Precision::Bf16 => Some(AmxTiles(self)),
        }
    }

    fn floats(self) -> Avx512Tiles {
        self.avx512().floats()
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
        avx512_small::product(self.avx512(), left, right, sizes, out, stride);
    }
}

/// Tiles of pairs of bfloat16.
#[derive(Clone, Copy, Debug)]
pub struct AmxTiles(Amx);

impl Tiles for AmxTiles {
    type Left = Left;
    type Sums = Sums;
    type Registers = TileRegisters;

    const TILES_PER_BLOCK: usize = 4;

    fn name(self) -> &'static str {
        "products in bfloat16 (AMX)"
    }

    #[inline(always)]
    fn words(self) -> Words {
        Words::Pairs
    }

    #[inline(always)]
    fn step(self) -> usize {
        REGISTER_WORDS
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce(&TileRegisters) -> R) -> R {
        self.0.with_registers(
            #[inline(always)]
            |registers| {
                self.0.vectorize(
                    #[inline(always)]
                    || work(registers),
                )
            },
        )
    }

    #[inline(always)]
    fn multiply(self, registers: &TileRegisters, left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
        #[cfg(target_arch = "x86_64")]
        multiply(registers, left, right, soon, Place::of_sums(sums), false);
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
            multiply(registers, left, right, soon, sums, adds);
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
        self.0.rounding().round(values, words);
    }
}

/// Where the sums of a tile go.
#[cfg(target_arch = "x86_64")]
struct Place<'a> {
    first: *mut f32,
    /// From a row to the next one.
    bytes: usize,
    values: PhantomData<&'a mut [f32]>,
}

#[cfg(target_arch = "x86_64")]
impl<'a> Place<'a> {
    fn of_sums(sums: &'a mut Sums) -> Self {
        Place { first: sums.as_mut_ptr().cast(), bytes: size_of::<TileRow>(), values: PhantomData }
    }

    /// None where `values` do not hold the rows of a tile.
    #[inline(always)]
    fn new(values: &'a mut [f32], stride: usize) -> Option<Self> {
        let reach = stride.checked_mul(ROWS - 1)?.checked_add(COLUMNS)?;
        (stride >= COLUMNS && values.len() >= reach).then(|| Place {
            first: values.as_mut_ptr(),
            bytes: size_of::<f32>() * stride,
            values: PhantomData,
        })
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn multiply(
    _proof: &TileRegisters,
    left: &[Left],
    right: &[TileRow],
    soon: &[TileRow],
    Place { first, bytes, .. }: Place<'_>,
    adds: bool,
) {
    const {
        assert!(ROWS == 2 * REGISTER_ROWS && COLUMNS == 2 * REGISTER_WORDS);
        // What is fetched of the right matrix during 16 words: four cache lines.
        assert!(REGISTER_WORDS * size_of::<TileRow>() / TILES_PER_FETCH == 4 * 64);
    }
    let steps = left.len().min(right.len()) / REGISTER_WORDS;
    let lower = first.wrapping_byte_add(REGISTER_ROWS * bytes);
    // SAFETY: the proof says that there are registers of 16 x 16 words. A step reads 16 words of both slices, which hold as many
    // for each step, and what is read and written of `first` is a tile that is there. A prefetch reads nothing.
    unsafe {
        std::arch::asm!(
            "test {adds}, {adds}",
            "jnz 2f",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "jmp 3f",
            "2:",
            "tileloadd tmm0, [{upper} + {sums_row}]",
            "tileloadd tmm1, [{upper} + {sums_row} + 64]",
            "tileloadd tmm2, [{lower} + {sums_row}]",
            "tileloadd tmm3, [{lower} + {sums_row} + 64]",
            "3:",
            "test {steps}, {steps}",
            "jz 5f",
            "4:",
            "tileloadd tmm4, [{left} + {left_row}]",
            "tileloadd tmm6, [{right} + {right_row}]",
            "tileloadd tmm7, [{right} + {right_row} + 64]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{left} + {left_row} + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "prefetcht1 [{soon}]",
            "prefetcht1 [{soon} + 64]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "prefetcht1 [{soon} + 128]",
            "prefetcht1 [{soon} + 192]",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {left}, 2048",
            "add {right}, 2048",
            "add {soon}, 256",
            "dec {steps}",
            "jnz 4b",
            "5:",
            "tilestored [{upper} + {sums_row}], tmm0",
            "tilestored [{upper} + {sums_row} + 64], tmm1",
            "tilestored [{lower} + {sums_row}], tmm2",
            "tilestored [{lower} + {sums_row} + 64], tmm3",
            adds = in(reg) usize::from(adds),
            left = inout(reg) left.as_ptr() => _,
            right = inout(reg) right.as_ptr() => _,
            soon = inout(reg) soon.as_ptr() => _,
            steps = inout(reg) steps => _,
            upper = in(reg) first,
            lower = in(reg) lower,
            left_row = in(reg) 4 * REGISTER_WORDS,
            right_row = in(reg) size_of::<TileRow>(),
            sums_row = in(reg) bytes,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
