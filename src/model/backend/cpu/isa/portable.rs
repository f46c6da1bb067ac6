//! Processors for which the compiler's baseline has what passes need: ARM with NEON.

use tch::Kind;

use super::instruction_set::InstructionSet;
use super::tiles::NoTiles;

/// The instructions that every processor of the target has.
#[derive(Clone, Copy, Debug)]
pub struct Portable(());

impl InstructionSet for Portable {
    type Tiles = NoTiles;

    const SETTING: &'static str = "neon";

    /// Only where the baseline multiplies and adds in one instruction: elsewhere a multiplication and addition would be a call
    /// of a function.
    fn detect() -> Option<Self> {
        cfg!(target_arch = "aarch64").then_some(Portable(()))
    }

    fn name(self) -> &'static str {
        "NEON"
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    fn tiles(self, _kind: Kind) -> Option<NoTiles> {
        None
    }
}
