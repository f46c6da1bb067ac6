//! Small matrix products on slices, for attention: matrices of a few dozen rows where a library call costs more than
//! the product.

/// Columns computed together: one 512-bit vector, or two of 256 bits.
pub const LANES: usize = 16;
/// Rows computed together.
const ROWS: usize = 8;

/// The left matrix: element (i, k) is `values[i * row + k * column]`.
#[derive(Clone, Copy)]
pub struct LeftMatrix<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

/// The right matrix: row k is `values[k * stride..]`, at least `columns` rounded up to [`LANES`] long.
#[derive(Clone, Copy)]
pub struct RightMatrix<'a> {
    pub values: &'a [f32],
    pub stride: usize,
}

impl<'a> RightMatrix<'a> {
    /// The same values as the left matrix of another product.
    #[inline(always)]
    pub fn left(self) -> LeftMatrix<'a> {
        LeftMatrix { values: self.values, row: self.stride, column: 1 }
    }
}

/// `out[i * stride + j] = sum over k of left(i, k) * right(k, j)` for `rows` x `inner` x `columns`, added to what is there if
/// `adds`; the columns of `out` are written up to the next multiple of [`LANES`].
#[inline(always)]
pub fn portable_product(
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, columns): (usize, usize, usize),
    (out, stride): (&mut [f32], usize),
    adds: bool,
) {
    for column in (0..columns).step_by(LANES) {
        // Without inner indices the factors may be empty: nothing is read then.
        let right = RightMatrix { values: right.values.get(column..).unwrap_or_default(), stride: right.stride };
        let mut row = 0;
        while row + ROWS <= rows {
            block::<ROWS>(left, right, row, inner, (&mut out[row * stride + column..], stride), adds);
            row += ROWS;
        }
        if row + 4 <= rows {
            block::<4>(left, right, row, inner, (&mut out[row * stride + column..], stride), adds);
            row += 4;
        }
        while row < rows {
            block::<1>(left, right, row, inner, (&mut out[row * stride + column..], stride), adds);
            row += 1;
        }
    }
}

#[inline(always)]
fn block<const R: usize>(
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    row: usize,
    inner: usize,
    (out, stride): (&mut [f32], usize),
    adds: bool,
) {
    // Plain loops: helpers of the standard library would be compiled without the vector instructions of the caller.
    let mut sums = [[0f32; LANES]; R];
    if adds {
        for r in 0..R {
            sums[r].copy_from_slice(&out[r * stride..][..LANES]);
        }
    }
    let values = left.values.get(row * left.row..).unwrap_or_default();
    for k in 0..inner {
        let right = &right.values[k * right.stride..][..LANES];
        for r in 0..R {
            let factor = values[r * left.row + k * left.column];
            for lane in 0..LANES {
                sums[r][lane] = factor.mul_add(right[lane], sums[r][lane]);
            }
        }
    }
    for r in 0..R {
        out[r * stride..][..LANES].copy_from_slice(&sums[r]);
    }
}
