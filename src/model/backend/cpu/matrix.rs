//! Matrices whose rows or columns may be neighbours.

/// A matrix with two strides: element (i, j) is `values[i * row + j * column]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}
