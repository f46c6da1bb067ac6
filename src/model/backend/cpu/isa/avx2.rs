//! AVX2 with FMA.

use tch::Kind;

use super::instruction_set::InstructionSet;
use super::tiles::NoTiles;

/// That this processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl InstructionSet for Avx2 {
    type Tiles = NoTiles;

    fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        found.then_some(Avx2(()))
    }

    fn name(self) -> &'static str {
        "AVX2"
    }

    #[inline(always)]
    fn vectorize<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: a value exists only where `detect` found the instructions.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            vectorized(work)
        }
        #[cfg(not(target_arch = "x86_64"))]
        work()
    }

    fn tiles(self, _kind: Kind) -> Option<NoTiles> {
        None
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    work()
}
