//! Small matrix products on slices, for attention: matrices of a few dozen rows where a library call costs more than
//! the product.

/// Columns computed together: one 512-bit vector, or two of 256 bits.
pub const LANES: usize = 16;
/// Rows computed together.
const ROWS: usize = 4;

/// The left matrix: element (i, k) is `values[i * row + k * column]`.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

/// The right matrix: row k is `values[k * row..]`, at least `columns` rounded up to [`LANES`] long.
#[derive(Clone, Copy)]
pub struct Right<'a> {
    pub values: &'a [f32],
    pub row: usize,
}

/// `out[i * out_row + j] = sum over k of left(i, k) * right(k, j)` for `rows` x `inner` x `columns`; the columns of `out`
/// are written up to the next multiple of [`LANES`].
#[inline(always)]
pub fn product(
    left: Left<'_>,
    right: Right<'_>,
    (rows, inner, columns): (usize, usize, usize),
    out: &mut [f32],
    out_row: usize,
) {
    let mut column = 0;
    while column < columns {
        let mut row = 0;
        while row + ROWS <= rows {
            block::<ROWS>(left, right, inner, (row, column), out, out_row);
            row += ROWS;
        }
        while row < rows {
            block::<1>(left, right, inner, (row, column), out, out_row);
            row += 1;
        }
        column += LANES;
    }
}

#[inline(always)]
fn block<const R: usize>(
    left: Left<'_>,
    right: Right<'_>,
    inner: usize,
    (row, column): (usize, usize),
    out: &mut [f32],
    out_row: usize,
) {
    let mut sums = [[0f32; LANES]; R];
    for k in 0..inner {
        let values = &right.values[k * right.row + column..][..LANES];
        for (r, sums) in sums.iter_mut().enumerate() {
            let factor = left.values[(row + r) * left.row + k * left.column];
            for lane in 0..LANES {
                sums[lane] = factor.mul_add(values[lane], sums[lane]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        out[(row + r) * out_row + column..][..LANES].copy_from_slice(sums);
    }
}
