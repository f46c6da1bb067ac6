//! AVX-512: the proof that this processor has it, and the shape of its tiles.

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
