//! AVX-512: passes, and the product of a tile of 12 x 32 sums in its registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch, _mm512_fmadd_ps, _mm512_load_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_store_ps,
};

use tch::Kind;

use super::avx512::{Avx512, Left, ROWS, Sums};
use super::avx512_bf16::Avx512Bf16;
use super::avx512_small;
use super::instruction_set::InstructionSet;
use super::tiles::{COLUMNS, TILES_PER_FETCH, TileRow, Tiles};
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix};

/// Values of a cache line.
const LINE: usize = 16;

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

    fn tiles(self, kind: Kind) -> Option<Avx512Tiles> {
        match kind {
            Kind::Float => Some(Avx512Tiles { floats: self, pairs: None }),
            Kind::BFloat16 => {
                let pairs = Avx512Bf16::detect()?;
                Some(Avx512Tiles { floats: self, pairs: Some(pairs) })
            }
            _ => None,
        }
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
        avx512_small::product(self, left, right, sizes, out, stride);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Tiles of float32 numbers, or of pairs of bfloat16.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Tiles {
    floats: Avx512,
    pairs: Option<Avx512Bf16>,
}

impl Tiles for Avx512Tiles {
    type Left = Left;
    type Sums = Sums;

    fn floats(self) -> Self {
        Avx512Tiles { pairs: None, ..self }
    }

    fn name(self) -> &'static str {
        if self.pairs.is_some() { "products in bfloat16 (AVX512_BF16)" } else { "products in float32" }
    }

    #[inline(always)]
    fn pairs(self) -> bool {
        self.pairs.is_some()
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        self.floats.vectorize(work)
    }

    #[inline(always)]
    fn multiply(self, left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
        match self.pairs {
            Some(pairs) => pairs.multiply(left, right, soon, sums),
            // SAFETY: `floats` exists only where `find` found AVX-512.
            #[cfg(target_arch = "x86_64")]
            None => unsafe { multiply(left, right, soon, sums) },
            #[cfg(not(target_arch = "x86_64"))]
            None => {}
        }
    }

    #[inline(always)]
    fn round(self, values: &[f32], words: &mut [f32]) {
        if let Some(pairs) = self.pairs {
            pairs.round(values, words);
        }
    }

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
#[target_feature(enable = "avx512f")]
fn multiply(left: &[Left], right: &[TileRow], soon: &[TileRow], sums: &mut Sums) {
    let mut tile = [[_mm512_setzero_ps(); 2]; ROWS];
    let mut soon = soon.as_ptr().cast::<f32>();
    for (left, right) in left.iter().zip(right) {
        // Several times the same line: deciding when to fetch would cost more.
        _mm_prefetch::<_MM_HINT_T1>(soon.cast());
        soon = soon.wrapping_add(COLUMNS / TILES_PER_FETCH);
        // SAFETY: a row is 32 values long and aligned to 64 bytes.
        let (low, high) = unsafe { (_mm512_load_ps(right.0.as_ptr()), _mm512_load_ps(right.0.as_ptr().add(16))) };
        for (tile, left) in tile.iter_mut().zip(left) {
            let factor = _mm512_set1_ps(*left);
            tile[0] = _mm512_fmadd_ps(factor, low, tile[0]);
            tile[1] = _mm512_fmadd_ps(factor, high, tile[1]);
        }
    }
    for (sums, [low, high]) in sums.iter_mut().zip(tile) {
        // SAFETY: as above.
        unsafe {
            _mm512_store_ps(sums.0.as_mut_ptr(), low);
            _mm512_store_ps(sums.0.as_mut_ptr().add(16), high);
        }
    }
}
