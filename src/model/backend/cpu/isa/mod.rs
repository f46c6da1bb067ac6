//! Instruction sets: what the passes and products of this backend ask of a processor.
//!
//! A value of a type of this folder proves that the processor has the instructions, since only detecting them makes one.
//! Passes are written once, as plain loops that are always inlined; [`InstructionSet::vectorize`] is the function into which
//! they are inlined, compiled for the instruction set. Products are written for each instruction set ([`Tiles`]).
//!
//! To add an instruction set: a file here, and its name in the list in `detect.rs`.

mod amx;
#[cfg(target_arch = "x86_64")]
mod amx_multiply;
mod amx_products;
mod avx2;
mod avx2_products;
mod avx2_small;
mod avx512;
mod avx512_bf16;
mod avx512_products;
mod avx512_small;
mod detect;
mod fetch;
mod instruction_set;
mod neon;
mod neon_products;
mod neon_small;
#[cfg(target_arch = "x86_64")]
mod place;
mod rounding;
mod small_sizes;
mod tiles;
mod words;

#[cfg(test)]
pub use amx::Amx;
#[cfg(test)]
pub use avx512::Avx512;
#[cfg(test)]
pub use avx512_products::Avx512Tiles;
#[cfg(test)]
pub use detect::with_each;
pub use detect::{InstructionSetError, check_requested, vectorize, with_fastest};
pub use fetch::fetch_for_later;
#[cfg(test)]
pub use instruction_set::WithInstructionSet;
pub use instruction_set::{InstructionSet, WithTiles};
pub use rounding::parts;
pub use tiles::{LeftWords, SumRows, Tiles};
pub use words::{COLUMNS, PARTS, TILES_PER_FETCH, TileRow, Words, word};
