//! What the innermost part of a matrix product looks like on an instruction set.
//!
//! A tile of the result is as many rows as a word of the left matrix has, times `COLUMNS`; its sums stay in registers while
//! the tile walks over the inner indices. The left matrix is laid out in words of one inner index and the tile's rows, the
//! right one in words of one inner index and `COLUMNS` columns. An instruction set may put two inner indices into a word
//! of 32 bits, both in bfloat16; then words are kept as the bits of a float32, so that they take the same ways.

use std::fmt::Debug;

use super::super::transpose;
use super::fetch;
use super::rounding::round_each;
use super::words::{COLUMNS, TileRow, Words};

/// Words of the left matrix: one inner index or pair of them, the rows of a tile.
pub trait LeftWords: Copy + Debug + Send + Sync + 'static {
    /// Rows of a tile.
    const ROWS: usize;
    const ZERO: Self;

    fn values_mut(&mut self) -> &mut [f32];
}

impl<const ROWS: usize> LeftWords for [f32; ROWS] {
    const ROWS: usize = ROWS;
    const ZERO: Self = [0.0; ROWS];

    #[inline(always)]
    fn values_mut(&mut self) -> &mut [f32] {
        self
    }
}

/// As many rows as a strip of the right matrix has columns.
impl LeftWords for TileRow {
    const ROWS: usize = COLUMNS;
    const ZERO: Self = TileRow::ZERO;

    #[inline(always)]
    fn values_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

/// The sums of a tile.
pub trait SumRows {
    const ZERO: Self;

    fn rows(&self) -> &[TileRow];

    fn rows_mut(&mut self) -> &mut [TileRow];
}

impl<const ROWS: usize> SumRows for [TileRow; ROWS] {
    const ZERO: Self = [TileRow::ZERO; ROWS];

    #[inline(always)]
    fn rows(&self) -> &[TileRow] {
        self
    }

    #[inline(always)]
    fn rows_mut(&mut self) -> &mut [TileRow] {
        self
    }
}

/// Products of tiles. A value proves that the processor has the instructions.
pub trait Tiles: Copy + Debug + Send + Sync + 'static {
    type Left: LeftWords;
    type Sums: SumRows;
    /// Proves that the registers of this thread are set up for [`Self::multiply`], where that is more than having them.
    type Registers;

    /// Most rows of the left matrix that one thread works on at a time, in tiles: with what it reads of the right one they stay in
    /// the second-level cache.
    const TILES_PER_BLOCK: usize = 8;

    /// Most words that [`Self::multiply`] is given at a time. All rows of a block take them before the next ones: so many words of a
    /// panel stay in the first-level cache.
    const MOST_WORDS: usize = usize::MAX;

    /// The instruction that multiplies, as it is recorded.
    fn name(self) -> &'static str;

    /// What they multiply.
    fn words(self) -> Words;

    /// Words that [`Self::multiply`] takes at a time: both matrices are filled up with zeros to a multiple of them.
    #[inline(always)]
    fn step(self) -> usize {
        1
    }

    /// Runs `work`, compiled with these instructions as far as it is inlined.
    fn vectorize<R>(self, work: impl FnOnce(&Self::Registers) -> R) -> R;

    /// `sums[r][c] = sum over k of left[k][r] * right[k][c]`, with as many words in `left` as in `right`, a multiple of
    /// [`Self::step`]. Meanwhile the first part of `soon`, as long as `right` through `TILES_PER_FETCH`, comes into the
    /// second-level cache.
    fn multiply(
        self,
        registers: &Self::Registers,
        left: &[Self::Left],
        right: &[TileRow],
        soon: &[TileRow],
        sums: &mut Self::Sums,
    );

    /// Whether sums begin with what they are added to, by [`Self::multiply_onto`] and [`Self::go_on`]. Otherwise they begin with zero
    /// and are added afterwards. It is the same for all rows of a product, since the last bit depends on it.
    const GOES_ON: bool = false;

    /// As [`Self::multiply`], with sums that begin with what they hold.
    #[inline(always)]
    fn go_on(
        self,
        registers: &Self::Registers,
        left: &[Self::Left],
        right: &[TileRow],
        soon: &[TileRow],
        sums: &mut Self::Sums,
    ) {
        let mut added = Self::Sums::ZERO;
        self.multiply(registers, left, right, soon, &mut added);
        for (sums, added) in sums.rows_mut().iter_mut().zip(added.rows()) {
            for (sum, added) in sums.0.iter_mut().zip(added.0) {
                *sum += added;
            }
        }
    }

    /// As [`Self::multiply`], where the sums can be written to `out` as they are: rows of a tile that begin `stride` values apart.
    /// They begin with what is there if `adds`. Says whether it did so; if not, nothing was done.
    #[inline(always)]
    fn multiply_onto(
        self,
        _registers: &Self::Registers,
        _left: &[Self::Left],
        _right: &[TileRow],
        _soon: &[TileRow],
        (_out, _stride, _adds): (&mut [f32], usize, bool),
    ) -> bool {
        false
    }

    /// Lays out four rows of the left matrix, from row `first` of a tile on, as [`Self::multiply`] reads them: `left` holds all
    /// rows of the tile, as many words as a line has.
    #[inline(always)]
    fn lay_out(self, lines: [&[f32]; 4], first: usize, left: &mut [Self::Left]) {
        transpose::into_places(lines, left, |left, column| left.values_mut().as_chunks_mut().0[first / 4] = column);
    }

    /// Where words hold bfloat16: rounds values, ties to even, as many a word as it holds. An odd last value of pairs is followed
    /// by zero, and so is the last word.
    #[inline(always)]
    fn round(self, values: &[f32], words: &mut [f32]) {
        round_each(values, words);
    }

    /// Brings values into the first-level cache.
    #[inline(always)]
    fn fetch(self, values: &[f32]) {
        fetch::fetch(values);
    }
}
