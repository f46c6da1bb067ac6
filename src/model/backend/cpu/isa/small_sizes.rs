//! What small products of vector instructions rely on.

use crate::model::backend::cpu::small_product::{LANES, LeftMatrix, RightMatrix};

/// One factor of a block: element or vector `index` at inner index `k` lies at `first + index * row + k * step`.
pub struct Operand {
    pub first: *const f32,
    pub row: usize,
    pub step: usize,
}

/// Columns that are written of `out`: whole vectors. None where there is nothing to do.
///
/// # Panics
/// Where a matrix does not hold what is read or written of it.
#[inline(always)]
pub fn check(
    left: LeftMatrix<'_>,
    right: RightMatrix<'_>,
    (rows, inner, columns): (usize, usize, usize),
    out: &[f32],
    stride: usize,
) -> Option<usize> {
    if rows == 0 || columns == 0 {
        return None;
    }
    let wide = columns.next_multiple_of(LANES);
    // Never less than what is reached, however large the numbers are.
    let reach = |count: usize, step: usize| (count - 1).saturating_mul(step);
    if inner > 0 {
        assert!(left.values.len() > reach(rows, left.row).saturating_add(reach(inner, left.column)));
        assert!(right.values.len() >= reach(inner, right.stride).saturating_add(wide));
    }
    assert!(out.len() >= reach(rows, stride).saturating_add(wide));
    Some(wide)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{InstructionSet, WithInstructionSet, with_each};
    use super::*;
    use crate::model::backend::cpu::small_product::portable_product;

    #[derive(Clone, Copy)]
    struct Nothing;

    impl WithInstructionSet for Nothing {
        fn with<I: InstructionSet>(self, isa: I) {
            let mut out = [7f32; 3 * LANES];
            let left = LeftMatrix { values: &[], row: 5, column: 1 };
            let right = RightMatrix { values: &[0.0; 0], stride: LANES };
            isa.small_product(left, right, (3, 0, LANES), &mut out, LANES);
            assert_eq!(out, [0.0; 3 * LANES]);
        }
    }

    #[test]
    fn a_product_over_nothing_is_zero_and_reads_nothing() {
        with_each(Nothing);
    }

    #[test]
    #[should_panic(expected = "left.values.len()")]
    fn factors_that_are_too_short_are_refused_however_large_the_steps() {
        let left = LeftMatrix { values: &[0.0; 8], row: usize::MAX / 2 + 1, column: 1 };
        let right = RightMatrix { values: &[0.0; LANES], stride: LANES };
        check(left, right, (3, 1, 1), &[0.0; 3 * LANES], LANES);
    }

    #[derive(Clone, Copy)]
    struct EverySize;

    impl WithInstructionSet for EverySize {
        fn with<I: InstructionSet>(self, isa: I) {
            proptest!(|(rows in 0usize..21, inner in 1usize..9, columns in 1usize..130, transposed: bool, adds: bool)| {
                let stride = columns.next_multiple_of(LANES) + 5;
                let value = |index: usize| (index * 7919 % 101) as f32 / 50.0 - 1.0;
                let left: Vec<f32> = (0..rows * inner).map(value).collect();
                let right: Vec<f32> = (0..inner * stride).map(|index| value(index + 17)).collect();
                let (row, column) = if transposed { (1, rows) } else { (inner, 1) };
                let left = LeftMatrix { values: &left, row, column };
                let right = RightMatrix { values: &right, stride };
                let (mut ours, mut plain) = (vec![7f32; rows * stride], vec![7f32; rows * stride]);
                let sizes = (rows, inner, columns);
                match adds {
                    true => isa.small_product_onto(left, right, sizes, &mut ours, stride),
                    false => isa.small_product(left, right, sizes, &mut ours, stride),
                }
                portable_product(left, right, sizes, (&mut plain, stride), adds);
                for (index, (ours, plain)) in ours.into_iter().zip(plain).enumerate() {
                    prop_assert!((ours - plain).abs() < 1e-5, "{ours} instead of {plain} at {index}");
                }
            });
        }
    }

    #[test]
    fn blocks_of_every_size_multiply() {
        with_each(EverySize);
    }
}
