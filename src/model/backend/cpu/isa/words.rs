//! What tiles read: words of 32 bits, and strips of them.

/// Columns of a tile.
pub const COLUMNS: usize = 32;
/// Tiles during which `Tiles::multiply` fetches as much as one of them reads of the right matrix.
pub const TILES_PER_FETCH: usize = 8;

/// Inner indices whose two parts lie together, and words that they take.
pub const PARTS: usize = 32;

/// Words of the right matrix: one inner index or pair of them, `COLUMNS` columns, where vector loads do not cross cache
/// lines. Also one row of a tile's sums.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct TileRow(pub [f32; COLUMNS]);

impl TileRow {
    pub const ZERO: TileRow = TileRow([0.0; COLUMNS]);
}

/// What a word of 32 bits holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// A float32 number.
    Floats,
    /// A bfloat16 number, as the float32 number that it is.
    Rounded,
    /// Two inner indices, both in bfloat16.
    Pairs,
    /// 32 inner indices in two bfloat16 parts: 16 words of pairs of the higher parts, then 16 of the lower ones, which are what is
    /// missing, rounded.
    Parts,
}

impl Words {
    /// Inner indices in a word, on the average.
    #[inline(always)]
    pub fn values(self) -> usize {
        match self {
            Words::Floats | Words::Rounded | Words::Parts => 1,
            Words::Pairs => 2,
        }
    }
}

/// The word of a pair of values that are bfloat16 already.
pub fn word(low: f32, high: f32) -> f32 {
    f32::from_bits(low.to_bits() >> 16 | high.to_bits() & 0xffff_0000)
}
