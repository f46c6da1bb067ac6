//! Instruction sets: what the passes and products of this backend ask of a processor.
//!
//! A value of a type of this folder proves that the processor has the instructions, since only detecting them makes one.
//! Passes are written once, as plain loops that are always inlined; [`InstructionSet::vectorize`] is the function into which
//! they are inlined, compiled for the instruction set. Products are written for each instruction set that has its own
//! ([`Tiles`]); the others multiply with libtorch.
//!
//! To add an instruction set: a file here, and its lines in [`with_fastest`].

mod avx2;
mod avx512;
mod avx512_bf16;
mod avx512_products;
mod avx512_small;
mod detect;
mod instruction_set;
mod portable;
mod tiles;

#[cfg(test)]
pub use avx512::Avx512;
pub use detect::{vectorize, with_fastest};
pub use instruction_set::{InstructionSet, WithInstructionSet};
pub use tiles::{COLUMNS, LeftWords, SumRows, TILES_PER_FETCH, TileRow, Tiles, word};
