//! AVX2 with FMA: the proof that this processor has it, and the shape of its tiles.

use super::words::TileRow;

/// Rows of a tile. Its sums do not fit into the 16 vector registers; those of [`BLOCK_ROWS`] rows and two vectors do.
pub const ROWS: usize = 12;
/// Rows of a block of sums in registers.
pub const BLOCK_ROWS: usize = 6;
/// Values of a vector.
pub const VECTOR: usize = 8;

/// Words of the left matrix.
pub type Left = [f32; ROWS];
/// A tile of the result.
pub type Sums = [TileRow; ROWS];

/// That this processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// None where this processor does not have the instructions.
    pub fn find() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        found.then_some(Avx2(()))
    }
}
