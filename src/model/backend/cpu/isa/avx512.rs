//! AVX-512: the proof that this processor has it, and the shape of its tiles.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m512, _mm512_add_ps, _mm512_loadu_ps, _mm512_storeu_ps};

#[cfg(target_arch = "x86_64")]
use super::place::Place;
use super::words::TileRow;

/// Rows of a tile: with two vectors a row, 24 of the 32 vector registers hold sums.
pub const ROWS: usize = 12;

/// Words of the left matrix.
pub type Left = [f32; ROWS];
/// A tile of the result.
pub type Sums = [TileRow; ROWS];

/// That this processor has AVX-512 (F, BW, DQ and VL), AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// None where this processor does not have the instructions.
    pub fn find() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx2")
            && std::is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        found.then_some(Avx512(()))
    }
}

/// Writes the sums of a tile, or adds them to what is there.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
pub fn write(tile: [[__m512; 2]; ROWS], place: Place<'_, ROWS>, adds: bool) {
    for (row, [low, high]) in tile.into_iter().enumerate() {
        let at = place.row(row);
        // SAFETY: a place has `ROWS` rows of 32 values, two vectors.
        unsafe {
            let (low, high) = match adds {
                true => (_mm512_add_ps(_mm512_loadu_ps(at), low), _mm512_add_ps(_mm512_loadu_ps(at.add(16)), high)),
                false => (low, high),
            };
            _mm512_storeu_ps(at, low);
            _mm512_storeu_ps(at.add(16), high);
        }
    }
}
