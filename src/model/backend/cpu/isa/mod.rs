//! Instruction sets: what the passes and products of this backend ask of a processor.
//!
//! A value of a type of this folder proves that the processor has the instructions, since only detecting them makes one.
//! Passes are written once, as plain loops that are always inlined; [`InstructionSet::vectorize`] is the function into which
//! they are inlined, compiled for the instruction set. Products are written for each instruction set that has its own
//! ([`Tiles`]); the others multiply with libtorch.
//!
//! To add an instruction set: a file here, and its line in [`with_fastest`].

mod avx2;
mod avx512;
mod avx512_bf16;
mod avx512_small;
mod portable;
mod tiles;

use std::fmt::Debug;

use tch::Kind;

pub use self::avx2::Avx2;
pub use self::avx512::Avx512;
pub use self::portable::Portable;
pub use self::tiles::{COLUMNS, LeftWords, NoTiles, SumRows, TILES_PER_FETCH, TileRow, Tiles, word};
use super::small_product::{LeftMatrix, RightMatrix, portable_product};

/// Instructions of a processor.
pub trait InstructionSet: Copy + Debug + Send + Sync + 'static {
    /// For products that are our own.
    type Tiles: Tiles;

    /// None where this processor does not have the instructions.
    fn detect() -> Option<Self>;

    /// As it is recorded.
    fn name(self) -> &'static str;

    /// Runs `work`, compiled with these instructions as far as it is inlined.
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R;

    /// Own products of numbers of this kind; None where libtorch's are used.
    fn tiles(self, kind: Kind) -> Option<Self::Tiles>;

    /// `out[i * stride + j] = sum over k of left(i, k) * right(k, j)` for `rows` x `inner` x `columns`; the columns of `out` are
    /// written up to the next multiple of [`super::small_product::LANES`]. To be called within [`Self::vectorize`].
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

/// Does something with the best instruction set that this processor has.
///
/// # Errors
/// The work itself, where the processor cannot multiply and add at once.
pub fn with_fastest<W: WithInstructionSet>(work: W) -> Result<W::Output, W> {
    if let Some(isa) = Avx512::detect() {
        return Ok(work.with(isa));
    }
    if let Some(isa) = Avx2::detect() {
        return Ok(work.with(isa));
    }
    match Portable::detect() {
        Some(isa) => Ok(work.with(isa)),
        None => Err(work),
    }
}

/// Runs `work` compiled with the best instructions that this processor has, as far as it is inlined.
pub fn vectorize<R>(work: impl FnOnce() -> R) -> R {
    if let Some(isa) = Avx512::detect() {
        return isa.vectorize(work);
    }
    match Avx2::detect() {
        Some(isa) => isa.vectorize(work),
        None => work(),
    }
}
