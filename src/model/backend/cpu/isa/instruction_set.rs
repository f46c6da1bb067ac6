//! What passes and products ask of an instruction set.

use std::fmt::Debug;

use super::tiles::Tiles;
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix, portable_product};
use crate::spec::Precision;

/// Instructions of a processor.
pub trait InstructionSet: Copy + Debug + Send + Sync + 'static {
    /// For products with frozen matrices.
    type Tiles: Tiles;

    /// Its name where one asks for it, and in what tests need.
    const SETTING: &'static str;

    /// None where this processor does not have the instructions.
    fn detect() -> Option<Self>;

    /// As it is recorded.
    fn name(self) -> &'static str;

    /// Runs `work`, compiled with these instructions as far as it is inlined.
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R;

    /// For products with frozen matrices in this precision; None where another instruction set has better ones.
    fn tiles(self, precision: Precision) -> Option<Self::Tiles>;

    /// `out[i * stride + j] = sum over k of left(i, k) * right(k, j)` for `rows` x `inner` x `columns`; the columns of `out` are
    /// written up to the next multiple of [`crate::model::backend::cpu::small_product::LANES`]. To be called within [`Self::vectorize`].
    #[inline(always)]
    fn small_product(
        self,
        left: LeftMatrix<'_>,
        right: RightMatrix<'_>,
        sizes: (usize, usize, usize),
        out: &mut [f32],
        stride: usize,
    ) {
        self.small_sums(left, right, sizes, (out, stride), false);
    }

    /// As [`Self::small_product`], added to what is in `out`.
    #[inline(always)]
    fn small_product_onto(
        self,
        left: LeftMatrix<'_>,
        right: RightMatrix<'_>,
        sizes: (usize, usize, usize),
        out: &mut [f32],
        stride: usize,
    ) {
        self.small_sums(left, right, sizes, (out, stride), true);
    }

    /// Both of them: sums begin with what is in `out` if `adds`, else with zero.
    #[inline(always)]
    fn small_sums(
        self,
        left: LeftMatrix<'_>,
        right: RightMatrix<'_>,
        sizes: (usize, usize, usize),
        out: (&mut [f32], usize),
        adds: bool,
    ) {
        portable_product(left, right, sizes, out, adds);
    }
}

/// What is done with an instruction set and its products, whichever it is.
pub trait WithTiles {
    type Output;

    fn with<I: InstructionSet>(self, isa: I, tiles: I::Tiles) -> Self::Output;
}

/// What is done with each instruction set.
#[cfg(test)]
pub trait WithInstructionSet {
    fn with<I: InstructionSet>(self, isa: I);
}
