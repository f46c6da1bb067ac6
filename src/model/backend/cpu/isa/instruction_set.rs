//! What passes and products ask of an instruction set.

use std::fmt::Debug;

use tch::Kind;

use super::tiles::Tiles;
use crate::model::backend::cpu::small_product::{LeftMatrix, RightMatrix, portable_product};

/// Instructions of a processor.
pub trait InstructionSet: Copy + Debug + Send + Sync + 'static {
    /// For products that are our own.
    type Tiles: Tiles;

    /// Its name where one asks for it, and in what tests need.
    const SETTING: &'static str;

    /// None where this processor does not have the instructions.
    fn detect() -> Option<Self>;

    /// As it is recorded.
    fn name(self) -> &'static str;

    /// Runs `work`, compiled with these instructions as far as it is inlined.
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R;

    /// Own products of numbers of this kind; None of a kind that products are not made of.
    fn tiles(self, kind: Kind) -> Option<Self::Tiles>;

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
        portable_product(left, right, sizes, out, stride);
    }
}

/// What is done with an instruction set, whichever it is.
pub trait WithInstructionSet {
    type Output;

    fn with<I: InstructionSet>(self, isa: I) -> Self::Output;
}
