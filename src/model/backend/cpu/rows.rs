//! Rows of float32 values on the CPU that may lie apart: a tensor, or a view of some of its columns.

use super::isa::{COLUMNS, fetch_for_later};
use super::matrix::Matrix;
use super::panels::RowBlocks;
use super::small_product::{LeftMatrix, RightMatrix};

/// Rows to read.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows that begin `stride` values apart.
    pub fn new(values: &'a [f32], stride: usize) -> Self {
        Rows { values, stride }
    }

    /// As an operand of a product, from row `first` on.
    pub fn matrix(&self, first: usize) -> Matrix<'a> {
        Matrix { values: &self.values[(first * self.stride).min(self.values.len())..], row: self.stride, column: 1 }
    }

    /// From a row and a column on, as the left matrix of a small product.
    #[inline(always)]
    pub fn left(&self, row: usize, column: usize) -> LeftMatrix<'a> {
        LeftMatrix { values: &self.values[row * self.stride + column..], row: self.stride, column: 1 }
    }

    /// From a row and a column on, as the right matrix of a small product.
    #[inline(always)]
    pub fn right(&self, row: usize, column: usize) -> RightMatrix<'a> {
        RightMatrix { values: &self.values[row * self.stride + column..], stride: self.stride }
    }

    /// `width` values of a row from `column` on.
    #[inline(always)]
    pub fn part(&self, row: usize, column: usize, width: usize) -> &'a [f32] {
        &self.values[row * self.stride + column..][..width]
    }

    /// Brings as much of a row as [`Self::part`] gives into the second-level cache, where the row goes on so far.
    #[inline(always)]
    pub fn fetch_part(&self, row: usize, column: usize, width: usize) {
        let first = row * self.stride + column;
        if let Some(values) = self.values.get(first..first + width) {
            fetch_for_later(values);
        }
    }
}

/// Rows to write, by panels of [`COLUMNS`] columns.
pub struct RowsMut<'a> {
    values: &'a mut [f32],
    rows: usize,
    width: usize,
    /// From a row to the next one.
    stride: usize,
}

impl<'a> RowsMut<'a> {
    /// Rows of `width` values that begin `stride` values apart.
    pub fn new(values: &'a mut [f32], width: usize, stride: usize) -> Self {
        let rows = values.len().div_ceil(stride.max(1));
        RowsMut { values, rows, width, stride }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, from the first row's first to the last row's last.
    pub fn values(&mut self) -> &mut [f32] {
        self.values
    }

    /// From a row to the next one.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// From a row of a panel on.
    #[inline(always)]
    pub fn from(&mut self, row: usize, panel: usize) -> &mut [f32] {
        &mut self.values[row * self.stride + panel * COLUMNS..]
    }

    /// A row of a panel.
    #[inline(always)]
    pub fn row(&mut self, row: usize, panel: usize) -> &mut [f32] {
        let width = COLUMNS.min(self.width - panel * COLUMNS);
        &mut self.from(row, panel)[..width]
    }

    /// Blocks of rows with the number of their first one.
    pub fn blocks<'b>(&'b mut self, blocks: &RowBlocks) -> impl Iterator<Item = (usize, RowsMut<'b>)> + Send + use<'b> {
        let (width, stride) = (self.width, self.stride);
        let first_rows: Vec<usize> = blocks.first_rows().collect();
        let parts = first_rows.into_iter().zip(blocks.split_mut(self.values, stride));
        parts.map(move |(first, values)| (first, RowsMut::new(values, width, stride)))
    }

    /// The columns `first..end`, row after row.
    pub fn copy_columns(&self, first: usize, end: usize) -> Vec<f32> {
        self.values.chunks(self.stride.max(1)).flat_map(|row| &row[first..end]).copied().collect()
    }

    /// Writes what [`Self::copy_columns`] gave to the columns from `first` on.
    pub fn paste_columns(&mut self, first: usize, values: &[f32]) {
        let width = values.len() / self.rows().max(1);
        for (row, values) in self.values.chunks_mut(self.stride.max(1)).zip(values.chunks(width.max(1))) {
            row[first..first + width].copy_from_slice(values);
        }
    }
}
