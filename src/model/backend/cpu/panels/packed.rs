//! Rows of the left matrix that are laid out for all of a product before it begins.

use super::super::isa::{COLUMNS, LeftWords, Tiles, Words};
use super::depth::{DEPTH, depths, words};
use super::left::LeftRows;

/// `rows` rows of `inner` values: for as many words as a product takes at a time, groups of a tile's rows, one after the other.
#[derive(Debug)]
pub struct PackedRows<T: Tiles> {
    tiles: T,
    values: Vec<T::Left>,
    rows: usize,
    inner: usize,
}

impl<T: Tiles> PackedRows<T> {
    pub fn new(tiles: T) -> Self {
        PackedRows { tiles, values: Vec::new(), rows: 0, inner: 0 }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Makes room for rows, all of whose panels are to be laid out by [`Self::lay_out`].
    pub fn resize(&mut self, rows: usize, inner: usize) {
        (self.rows, self.inner) = (rows, inner);
        self.values.resize(self.groups() * self.words(), T::Left::ZERO);
    }

    /// Lays out all of `rows` x `inner` values.
    pub fn lay_out_all(&mut self, left: &LeftRows<'_>, (rows, inner): (usize, usize)) {
        self.resize(rows, inner);
        let (tiles, groups) = (self.tiles, self.groups());
        let mut rest = &mut self.values[..];
        tiles.vectorize(
            #[inline(always)]
            |_| {
                for (start, depth) in depths(words(tiles, inner)) {
                    let (part, others) = std::mem::take(&mut rest).split_at_mut(groups * depth);
                    left.lay_out(tiles, rows, (start, depth), part);
                    rest = others;
                }
            },
        );
    }

    /// Lays out columns from `panel * COLUMNS` on: `values` are [`COLUMNS`] of each row, of which those that the product does not
    /// have may be anything.
    #[inline(always)]
    pub fn lay_out(&mut self, panel: usize, values: &[f32]) {
        let (tiles, rows) = (self.tiles, self.rows);
        let (all, per_word) = (self.words(), tiles.words().values());
        let first = panel * COLUMNS / per_word;
        let count = (COLUMNS / per_word).min(all - first);
        let width = COLUMNS.min(self.inner - panel * COLUMNS);
        let (start, groups) = (first / DEPTH * DEPTH, self.groups());
        let depth = DEPTH.min(all - start);
        let part = &mut self.values[start * groups..][..depth * groups];
        for (group, left) in part.chunks_mut(depth).enumerate() {
            let left = &mut left[first - start..][..count];
            for quarter in (0..T::Left::ROWS).step_by(4) {
                let mut row = group * T::Left::ROWS + quarter;
                let mut buffers = [[0f32; COLUMNS]; 4];
                let lines = buffers.each_mut().map(|buffer| {
                    let line = values.get(row * COLUMNS..).filter(|_| row < rows).map(|values| &values[..width]);
                    row += 1;
                    match (line, tiles.words()) {
                        (None, _) => &buffer[..count],
                        (Some(line), Words::Floats) => line,
                        (Some(line), Words::Rounded | Words::Pairs | Words::Parts) => {
                            tiles.round(line, &mut buffer[..count]);
                            &buffer[..count]
                        }
                    }
                });
                tiles.lay_out(lines, quarter, left);
            }
        }
    }

    /// What a product takes from word `start` on.
    #[inline(always)]
    pub fn part(&self, start: usize) -> &[T::Left] {
        let groups = self.groups();
        &self.values[start * groups..][..groups * DEPTH.min(self.words() - start)]
    }

    /// Words of a row.
    fn words(&self) -> usize {
        words(self.tiles, self.inner)
    }

    fn groups(&self) -> usize {
        self.rows.div_ceil(T::Left::ROWS)
    }
}
