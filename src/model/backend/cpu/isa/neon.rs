//! NEON: the proof that this processor has it, and the shape of its tiles.

use super::words::TileRow;

/// Rows of a tile. With two vectors a row, 24 of the 32 vector registers hold sums, three hold what is multiplied of the left
/// matrix and two of the right one; four such blocks are a tile.
pub const ROWS: usize = 12;
/// Values of a vector.
pub const VECTOR: usize = 4;

/// Words of the left matrix.
pub type Left = [f32; ROWS];
/// A tile of the result.
pub type Sums = [TileRow; ROWS];

/// That this processor has NEON, as every one of its architecture.
#[derive(Clone, Copy, Debug)]
pub struct Neon(());

impl Neon {
    /// None for another architecture.
    pub fn find() -> Option<Self> {
        cfg!(target_arch = "aarch64").then_some(Neon(()))
    }
}
