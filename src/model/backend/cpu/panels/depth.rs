//! How many words of a row are multiplied at a time.

use super::super::isa::{COLUMNS, Tiles};

/// Words of a row handled at a time: with a block of rows of the left matrix they stay in the second-level cache.
pub const DEPTH: usize = 768;

// The words of one panel of the left matrix never cross into the next depth.
const _: () = assert!(DEPTH.is_multiple_of(COLUMNS));

/// Words of so many inner indices.
#[inline(always)]
pub fn words<T: Tiles>(tiles: T, inner: usize) -> usize {
    inner.div_ceil(tiles.words().values()).next_multiple_of(tiles.step())
}

/// The parts in which words are taken: their first one, and how many; one of nothing where there is nothing.
#[inline(always)]
pub fn depths(words: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..words.max(1)).step_by(DEPTH).map(move |start| (start, DEPTH.min(words - start)))
}
