//! AVX-512: passes, and the product of a tile of 12 x 32 sums in its registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_load_ps, _mm512_set1_ps, _mm512_setzero_ps};

use super::avx512::{Avx512, Left, Sums};
#[cfg(target_arch = "x86_64")]
use super::avx512::{ROWS, write};
use super::avx512_bf16::Avx512Bf16;
use super::avx512_small;
#[cfg(target_arch = "x86_64")]
use super::fetch::{Soon, fetch_ahead};
use super::instruction_set::InstructionSet;
#[cfg(target_arch = "x86_64")]
use super::place::Place;
use super::rounding::{name_of_floats, round_each};
use super::tiles::Tiles;
use super::words::{TileRow, Words};
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};
use crate::spec::Precision;

impl InstructionSet for Avx512 {
    type Tiles = Avx512Tiles;

    const SETTING: &'static str = "avx512";

    fn detect() -> Option<Self> {
        Avx512::find()
    }

    fn name(self) -> &'static str {
        "AVX-512"
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

    fn tiles(self, precision: Precision) -> Option<Avx512Tiles> {
        Some(match precision {
            Precision::Fp32 | Precision::Tf32 => Avx512Tiles::new(self, Multiplied::Floats),
            Precision::Bf16 => Avx512Bf16::detect_fast()
                .map_or(Avx512Tiles::rounded(self), |pairs| Avx512Tiles::new(self, Multiplied::Pairs(pairs))),
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
        avx512_small::product(self, left, right, sizes, out, adds);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Tiles of float32 numbers, which may be rounded to bfloat16, or of pairs of bfloat16.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Tiles {
    isa: Avx512,
    multiplied: Multiplied,
}

/// What is multiplied, with the proof that it can be.
#[derive(Clone, Copy, Debug)]
enum Multiplied {
    Floats,
    Rounded,
    Pairs(Avx512Bf16),
}

impl Avx512Tiles {
    fn new(isa: Avx512, multiplied: Multiplied) -> Self {
        Avx512Tiles { isa, multiplied }
    }

    /// In float32, of numbers rounded to bfloat16.
    pub fn rounded(isa: Avx512) -> Self {
        Self::new(isa, Multiplied::Rounded)
    }

    /// In bfloat16, also where that is slower.
    #[cfg(test)]
    pub fn pairs(isa: Avx512) -> Option<Self> {
        Avx512Bf16::detect().map(|pairs| Self::new(isa, Multiplied::Pairs(pairs)))
    }
}

impl Tiles for Avx512Tiles {
    type Left = Left;
    type Sums = Sums;
    type Registers = ();

    fn name(self) -> &'static str {
        match self.multiplied {
            Multiplied::Pairs(_) => "products in bfloat16 (AVX512_BF16)",
            Multiplied::Floats | Multiplied::Rounded => name_of_floats(self.words()),
        }
    }

    #[inline(always)]
    fn words(self) -> Words {
        match self.multiplied {
            Multiplied::Floats => Words::Floats,
            Multiplied::Rounded => Words::Rounded,
            Multiplied::Pairs(_) => Words::Pairs,
        }
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
        #[cfg(target_arch = "x86_64")]
        self.walk((left, right, soon), Place::of_sums(sums), false);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (left, right, soon, sums);
    }

    #[inline(always)]
    fn multiply_onto(
        self,
        (): &(),
        left: &[Left],
        right: &[TileRow],
        soon: &[TileRow],
        (out, stride, adds): (&mut [f32], usize, bool),
    ) -> bool {
        #[cfg(target_arch = "x86_64")]
        if let Some(place) = Place::new(out, stride) {
            self.walk((left, right, soon), place, adds);
            return true;
        }
        let _ = (left, right, soon, out, stride, adds);
        false
    }

    #[inline(always)]
    fn round(self, values: &[f32], words: &mut [f32]) {
        match self.multiplied {
            Multiplied::Pairs(pairs) => pairs.round(values, words),
            Multiplied::Floats | Multiplied::Rounded => round_each(values, words),
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Avx512Tiles {
    #[inline(always)]
    fn walk(self, operands: (&[Left], &[TileRow], &[TileRow]), place: Place<'_, ROWS>, adds: bool) {
        match self.multiplied {
            Multiplied::Pairs(pairs) => pairs.multiply(operands, place, adds),
            // SAFETY: `isa` exists only where `find` found AVX-512.
            Multiplied::Floats | Multiplied::Rounded => unsafe { multiply(operands, place, adds) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn multiply((left, right, soon): (&[Left], &[TileRow], &[TileRow]), place: Place<'_, ROWS>, adds: bool) {
    let mut tile = [[_mm512_setzero_ps(); 2]; ROWS];
    let mut soon = Soon::new(soon);
    for (left, right) in left.iter().zip(right) {
        soon.fetch();
        fetch_ahead(right);
        // SAFETY: a row is 32 values long and aligned to 64 bytes.
        let (low, high) = unsafe { (_mm512_load_ps(right.0.as_ptr()), _mm512_load_ps(right.0.as_ptr().add(16))) };
        for (tile, left) in tile.iter_mut().zip(left) {
            let factor = _mm512_set1_ps(*left);
            tile[0] = _mm512_fmadd_ps(factor, low, tile[0]);
            tile[1] = _mm512_fmadd_ps(factor, high, tile[1]);
        }
    }
    write(tile, place, adds);
}
