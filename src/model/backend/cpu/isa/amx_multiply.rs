//! The loops over tile registers.

use super::amx::{Left, REGISTER_ROWS, REGISTER_WORDS, ROWS, TileRegisters};
use super::place::Place;
use super::words::{COLUMNS, TILES_PER_FETCH, TileRow};

const _: () = {
    assert!(ROWS == 2 * REGISTER_ROWS && COLUMNS == 2 * REGISTER_WORDS);
    // What is fetched of the right matrix during 16 words: four cache lines.
    assert!(REGISTER_WORDS * size_of::<TileRow>() / TILES_PER_FETCH == 4 * 64);
};

/// Bytes of 16 words of all rows of a tile, and of as many words of a panel.
const STEP: usize = REGISTER_WORDS * size_of::<TileRow>();

/// One loop: what multiplies `steps` times, a step being `registers` times 16 words of both matrices.
///
/// The four registers of sums begin with zeros, or with what is at `upper` and `lower` where `adds` is not 0.
macro_rules! walk {
    (($left:ident, $right:ident, $soon:ident, $steps:ident), ($place:ident, $adds:ident), $($multiply:literal),*) => {
        std::arch::asm!(
            "test {adds}, {adds}",
            "jnz 2f",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "jmp 3f",
            "2:",
            "tileloadd tmm0, [{upper} + {sums_row}]",
            "tileloadd tmm1, [{upper} + {sums_row} + 64]",
            "tileloadd tmm2, [{lower} + {sums_row}]",
            "tileloadd tmm3, [{lower} + {sums_row} + 64]",
            "3:",
            "test {steps}, {steps}",
            "jz 5f",
            "4:",
            $($multiply,)*
            "dec {steps}",
            "jnz 4b",
            "5:",
            "tilestored [{upper} + {sums_row}], tmm0",
            "tilestored [{upper} + {sums_row} + 64], tmm1",
            "tilestored [{lower} + {sums_row}], tmm2",
            "tilestored [{lower} + {sums_row} + 64], tmm3",
            adds = in(reg) usize::from($adds),
            left = inout(reg) $left.as_ptr() => _,
            right = inout(reg) $right.as_ptr() => _,
            soon = inout(reg) $soon.as_ptr() => _,
            steps = inout(reg) $steps => _,
            upper = in(reg) $place.row(0),
            lower = in(reg) $place.row(REGISTER_ROWS),
            left_row = in(reg) 4 * REGISTER_WORDS,
            right_row = in(reg) size_of::<TileRow>(),
            sums_row = in(reg) $place.bytes(),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        )
    };
}

/// Of words that are pairs.
#[inline(always)]
pub fn pairs(
    _proof: &TileRegisters,
    (left, right, soon): (&[Left], &[TileRow], &[TileRow]),
    place: Place<'_, ROWS>,
    adds: bool,
) {
    let steps = left.len().min(right.len()) / REGISTER_WORDS;
    const { assert!(STEP == 2048) };
    // SAFETY: the proof says that there are registers of 16 x 16 words. A step reads 16 words of both slices, which hold as many
    // for each step; what is read and written of the sums is a tile that is there. A prefetch reads nothing.
    unsafe {
        walk!(
            (left, right, soon, steps),
            (place, adds),
            "tileloadd tmm4, [{left} + {left_row}]",
            "tileloadd tmm6, [{right} + {right_row}]",
            "tileloadd tmm7, [{right} + {right_row} + 64]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{left} + {left_row} + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "prefetcht1 [{soon}]",
            "prefetcht1 [{soon} + 64]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "prefetcht1 [{soon} + 128]",
            "prefetcht1 [{soon} + 192]",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {left}, 2048",
            "add {right}, 2048",
            "add {soon}, 256"
        );
    }
}

/// Of numbers in two parts: higher times higher, lower times higher, higher times lower. Lower times lower is below the precision
/// of what is left.
#[inline(always)]
pub fn parts(
    _proof: &TileRegisters,
    (left, right, soon): (&[Left], &[TileRow], &[TileRow]),
    place: Place<'_, ROWS>,
    adds: bool,
) {
    let steps = left.len().min(right.len()) / (2 * REGISTER_WORDS);
    const { assert!(STEP == 2048) };
    // SAFETY: as in `pairs`, with 32 words a step.
    unsafe {
        walk!(
            (left, right, soon, steps),
            (place, adds),
            "tileloadd tmm4, [{left} + {left_row}]",
            "tileloadd tmm6, [{right} + {right_row}]",
            "tileloadd tmm7, [{right} + {right_row} + 64]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{left} + {left_row} + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "prefetcht1 [{soon}]",
            "prefetcht1 [{soon} + 64]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "prefetcht1 [{soon} + 128]",
            "prefetcht1 [{soon} + 192]",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "tileloadd tmm4, [{left} + {left_row} + 2048]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{left} + {left_row} + 3072]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "tileloadd tmm4, [{left} + {left_row}]",
            "tileloadd tmm6, [{right} + {right_row} + 2048]",
            "prefetcht1 [{soon} + 256]",
            "prefetcht1 [{soon} + 320]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{right} + {right_row} + 2112]",
            "prefetcht1 [{soon} + 384]",
            "prefetcht1 [{soon} + 448]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{left} + {left_row} + 1024]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {left}, 4096",
            "add {right}, 4096",
            "add {soon}, 512"
        );
    }
}
