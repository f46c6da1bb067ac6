//! Matrices as small products read them.

use super::super::matrix::Matrix;
use super::super::small_product::{LANES, RightMatrix};
use super::super::transpose;

/// Values of a row with what fills it up to whole vectors.
pub fn wide(width: usize) -> usize {
    width.next_multiple_of(LANES)
}

/// A matrix whose rows are filled up with zeros to whole vectors.
#[derive(Debug)]
pub struct Padded {
    values: Vec<f32>,
    stride: usize,
}

impl Padded {
    /// `rows` x `columns` elements of a matrix, times `scale`.
    pub fn new(matrix: Matrix<'_>, (rows, columns): (usize, usize), scale: f32) -> Self {
        let mut padded = Padded::zeros(rows, columns);
        let (values, stride) = (&mut padded.values, padded.stride);
        if matrix.row == 1 {
            // Columns lie together: four at a time.
            for first in (0..columns).step_by(4) {
                let count = 4.min(columns - first);
                let line = |index: usize| &matrix.values[(first + index.min(count - 1)) * matrix.column..][..rows];
                transpose::lines([line(0), line(1), line(2), line(3)], |row, column| {
                    let column = column.map(|value| value * scale);
                    values[row * stride + first..][..count].copy_from_slice(&column[..count]);
                });
            }
        } else {
            for (index, row) in values.chunks_exact_mut(stride).enumerate() {
                let source = matrix.values[index * matrix.row..].iter().step_by(matrix.column);
                for (value, source) in row[..columns].iter_mut().zip(source) {
                    *value = source * scale;
                }
            }
        }
        padded
    }

    pub fn zeros(rows: usize, columns: usize) -> Self {
        let stride = wide(columns.max(1));
        Padded { values: vec![0.0; rows * stride], stride }
    }

    /// With what fills them up.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.stride)
    }

    /// Adds a matrix of the same size.
    pub fn add(&mut self, other: &Self) {
        for (value, other) in self.values.iter_mut().zip(&other.values) {
            *value += other;
        }
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    pub fn right(&self) -> RightMatrix<'_> {
        RightMatrix { values: &self.values, stride: self.stride }
    }
}
