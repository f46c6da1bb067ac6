//! Which instruction set is used: the list of all.

use super::avx2::Avx2;
use super::avx512::Avx512;
use super::instruction_set::{InstructionSet, WithInstructionSet};
use super::portable::Portable;

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
