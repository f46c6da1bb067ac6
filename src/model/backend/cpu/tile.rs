//! The innermost part of a matrix product: a tile of 12 x 32 sums in registers (AVX-512).

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch, _mm512_fmadd_ps, _mm512_load_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_store_ps,
};

use super::turn;

/// Rows of a tile: with two vectors a row, 24 of the 32 vector registers hold sums.
pub const ROWS: usize = 12;
/// Columns of a tile: two vectors.
pub const COLUMNS: usize = 32;

/// Values of a cache line.
const LINE: usize = 16;
/// Tiles during which [`Engine::multiply`] fetches as much as one of them reads of the right matrix.
pub const TILES_PER_FETCH: usize = 8;

/// Words of the left matrix: one inner index (or a pair of them, see [`super::pairs`]), [`ROWS`] rows.
pub type Left = [f32; ROWS];

/// Words of the right matrix: one inner index or pair, [`COLUMNS`] columns, where vector loads do not cross cache lines.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Strip(pub [f32; COLUMNS]);

impl Strip {
    pub const ZERO: Strip = Strip([0.0; COLUMNS]);
}

/// A tile of the result.
pub type Sums = [Strip; ROWS];

/// That this processor has AVX-512 (F, BW, DQ and VL): whoever holds one may multiply.
#[derive(Clone, Copy, Debug)]
pub struct Engine(());

impl Engine {
    pub fn detect() -> Option<Engine> {
        #[cfg(target_arch = "x86_64")]
        let found = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx2")
            && std::is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        found.then_some(Engine(()))
    }

    /// `sums[r][c] = sum over k of left[k][r] * right[k][c]`. Meanwhile the first part of `soon`, as
    /// long as `right` through [`TILES_PER_FETCH`], comes into the second-level cache.
    #[inline]
    pub fn multiply(self, left: &[Left], right: &[Strip], soon: &[Strip], sums: &mut Sums) {
        // SAFETY: an engine exists only where `detect` found AVX-512.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            multiply(left, right, soon, sums);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (left, right, soon, sums);
    }

    /// Brings values into the first-level cache.
    #[inline(always)]
    pub fn fetch(self, values: &[f32]) {
        #[cfg(target_arch = "x86_64")]
        for line in values.chunks(LINE) {
            // SAFETY: a prefetch reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = values;
    }

    /// `packed[k][first + i] = lines[i][k]` for the four lines, each as long as `packed`; `first` is at most `ROWS - 4`.
    #[inline]
    pub fn turn(self, lines: [&[f32]; 4], first: usize, packed: &mut [Left]) {
        turn::lines(lines, |k, column| packed[k][first..first + 4].copy_from_slice(&column));
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn multiply(left: &[Left], right: &[Strip], soon: &[Strip], sums: &mut Sums) {
    let mut tile = [[_mm512_setzero_ps(); 2]; ROWS];
    let mut soon = soon.as_ptr().cast::<f32>();
    for (left, right) in left.iter().zip(right) {
        // Several times the same line: deciding when to fetch would cost more.
        _mm_prefetch::<_MM_HINT_T1>(soon.cast());
        soon = soon.wrapping_add(COLUMNS / TILES_PER_FETCH);
        // SAFETY: a strip is 32 values long and aligned to 64 bytes.
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
