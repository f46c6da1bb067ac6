//! Laying out rows of the left matrix for tiles.

use super::super::isa::{LeftWords, Tiles, Words};
use super::super::matrix::Matrix;
use super::depth::DEPTH;

/// Values in the words handled at a time: twice as many where a word holds two.
const MOST_VALUES: usize = 2 * DEPTH;

/// Rows of the left matrix of a product.
#[derive(Clone, Copy)]
pub struct LeftRows<'a> {
    pub matrix: Matrix<'a>,
    /// The first of them.
    pub first: usize,
    /// Inner indices.
    pub inner: usize,
}

impl LeftRows<'_> {
    /// Lays out `rows` rows, as many words as `depth` from `start` on, in groups of a tile's rows; missing rows of the last group
    /// are zero.
    #[inline(always)]
    pub fn pack<T: Tiles>(&self, tiles: T, rows: usize, (start, depth): (usize, usize), packed: &mut Vec<T::Left>) {
        packed.resize(rows.div_ceil(T::Left::ROWS) * depth, T::Left::ZERO);
        self.lay_out(tiles, rows, (start, depth), packed);
    }

    /// As [`Self::pack`], into memory of that size.
    #[inline(always)]
    pub fn lay_out<T: Tiles>(&self, tiles: T, rows: usize, (start, depth): (usize, usize), packed: &mut [T::Left]) {
        let mut buffers = [[0f32; DEPTH]; 4];
        for (group, packed) in packed.chunks_mut(depth.max(1)).enumerate() {
            for quarter in (0..T::Left::ROWS).step_by(4) {
                let first = group * T::Left::ROWS + quarter;
                let buffers = buffers.each_mut().map(|buffer| &mut buffer[..depth]);
                let lines = match tiles.words() {
                    Words::Floats => self.lines(tiles, first, rows, start, buffers),
                    Words::Rounded | Words::Pairs | Words::Parts => {
                        self.rounded_lines(tiles, first, rows, start, buffers)
                    }
                };
                tiles.lay_out(lines, quarter, packed);
            }
        }
    }

    /// Four rows of the left matrix from inner index `start` on: where they lie, or in `buffers`.
    #[inline(always)]
    fn lines<'b, T: Tiles>(
        &'b self,
        tiles: T,
        first: usize,
        rows: usize,
        start: usize,
        buffers: [&'b mut [f32]; 4],
    ) -> [&'b [f32]; 4] {
        let depth = buffers[0].len();
        if self.is_contiguous() && first + 4 <= rows {
            for index in 4..8.min(rows - first) {
                tiles.fetch(self.contiguous(first + index, start, depth));
            }
            return std::array::from_fn(|index| self.contiguous(first + index, start, depth));
        }
        let mut row = first;
        buffers.map(|buffer| {
            self.fill(row, rows, start, buffer);
            row += 1;
            &*buffer
        })
    }

    /// Four rows of the left matrix, rounded, from word `start` on.
    #[inline(always)]
    fn rounded_lines<'b, T: Tiles>(
        &self,
        tiles: T,
        first: usize,
        rows: usize,
        start: usize,
        buffers: [&'b mut [f32]; 4],
    ) -> [&'b [f32]; 4] {
        let per_word = tiles.words().values();
        let (start, mut row) = (per_word * start, first);
        buffers.map(|words| {
            let length = (per_word * words.len()).min(self.inner - start);
            if self.is_contiguous() && row < rows {
                tiles.round(self.contiguous(row, start, length), words);
            } else {
                let mut values = [0f32; MOST_VALUES];
                self.fill(row, rows, start, &mut values[..length]);
                tiles.round(&values[..length], words);
            }
            row += 1;
            &*words
        })
    }

    /// Whether rows are multiplied as they lie.
    #[inline(always)]
    fn is_contiguous(&self) -> bool {
        self.matrix.column == 1
    }

    /// A part of a row whose columns are neighbours.
    #[inline(always)]
    fn contiguous(&self, row: usize, start: usize, length: usize) -> &[f32] {
        &self.matrix.values[(self.first + row) * self.matrix.row + start..][..length]
    }

    /// A part of a row; zeros for a row that is missing.
    #[inline(always)]
    fn fill(&self, row: usize, rows: usize, start: usize, values: &mut [f32]) {
        if row >= rows {
            return values.fill(0.0);
        }
        let Matrix { values: source, row: stride, column } = self.matrix;
        let source = &source[(self.first + row) * stride + start * column..];
        for (k, value) in values.iter_mut().enumerate() {
            *value = source[k * column];
        }
    }
}
