//! Rows of float32 values on the CPU that may lie apart: a tensor, or a view of some of its columns.

use super::isa::COLUMNS;
use super::matrix::Matrix;
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

    /// Its transpose as an operand of a product, from row `first` on.
    pub fn transposed(&self, first: usize) -> Matrix<'a> {
        let Matrix { values, row, column } = self.matrix(first);
        Matrix { values, row: column, column: row }
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
}

/// Rows to write, by panels of [`COLUMNS`] columns.
pub struct RowsMut<'a> {
    values: &'a mut [f32],
    rows: usize,
    width: usize,
    /// From a row to the next one.
    stride: usize,
    /// From a panel to the next one.
    panel: usize,
}

impl<'a> RowsMut<'a> {
    /// Rows of `width` values that begin `stride` values apart.
    pub fn new(values: &'a mut [f32], width: usize, stride: usize) -> Self {
        let rows = values.len().div_ceil(stride.max(1));
        RowsMut { values, rows, width, stride, panel: COLUMNS }
    }

    /// `rows` rows of `width` values, a panel after the other: [`LeftSide::Panels`](super::panels::LeftSide) reads them.
    pub fn in_panels(values: &'a mut [f32], rows: usize, width: usize) -> Self {
        RowsMut { values, rows, width, stride: COLUMNS, panel: rows * COLUMNS }
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
        &mut self.values[row * self.stride + panel * self.panel..]
    }

    /// A row of a panel.
    #[inline(always)]
    pub fn row(&mut self, row: usize, panel: usize) -> &mut [f32] {
        let width = COLUMNS.min(self.width - panel * COLUMNS);
        &mut self.from(row, panel)[..width]
    }

    /// Blocks of rows with the number of their first one, of rows that are not in panels.
    pub fn blocks(&mut self, rows: usize) -> impl Iterator<Item = (usize, RowsMut<'_>)> + Send {
        let (width, stride) = (self.width, self.stride);
        let blocks = self.values.chunks_mut((rows * stride).max(1)).enumerate();
        blocks.map(move |(index, values)| (index * rows, RowsMut::new(values, width, stride)))
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
