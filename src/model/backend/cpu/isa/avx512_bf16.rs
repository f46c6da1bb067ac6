//! AVX512_BF16: products in bfloat16. A word of 32 bits holds two neighbouring inner indices, the lower one in its lower
//! half; the processor multiplies both and adds both to a float32 sum in the time of one float32 multiplication.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_load_si512, _mm512_loadu_ps, _mm512_set1_epi32,
    _mm512_setzero_ps, _mm512_storeu_si512,
};

use super::avx512::Avx512;
#[cfg(target_arch = "x86_64")]
use super::avx512::{Left, ROWS, write};
#[cfg(target_arch = "x86_64")]
use super::fetch::Soon;
#[cfg(target_arch = "x86_64")]
use super::place::Place;
#[cfg(target_arch = "x86_64")]
use super::words::TileRow;

/// Values that are rounded together: two vectors.
#[cfg(target_arch = "x86_64")]
const ROUNDED: usize = 32;

/// That this processor has AVX512_BF16, beside what [`Avx512`] needs.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Bf16(());

impl Avx512Bf16 {
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = std::is_x86_feature_detected!("avx512bf16");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        Avx512::find().filter(|_| found).map(|_| Avx512Bf16(()))
    }

    /// The same where `vdpbf16ps` was measured to be faster than float32: AMD's processors start two of them in a cycle, as many as
    /// float32 multiplications, of which each does two. Intel's start one in two cycles, half the rate of float32; they have AMX
    /// for bfloat16, which a virtual machine may hide.
    pub fn detect_fast() -> Option<Self> {
        Self::detect().filter(|_| made_by_amd())
    }

    /// Writes what [`super::Tiles::multiply`] gives of words that hold pairs, or adds it to what is there.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub fn multiply(self, operands: (&[Left], &[TileRow], &[TileRow]), place: Place<'_, ROWS>, adds: bool) {
        // SAFETY: a value exists only where `detect` found their instructions.
        unsafe { multiply(operands, place, adds) }
    }

    /// Splits values into two bfloat16 parts, as [`super::rounding::parts`]: of 32 values 16 words of pairs of the higher parts, then
    /// 16 of the lower ones. `words` are as many as values, rounded up to whole 32.
    #[inline]
    pub fn split(self, values: &[f32], words: &mut [f32]) {
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            split(values, words);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (values, words);
    }

    /// Rounds values to bfloat16, ties to even, two a word. An odd last value is followed by zero, and so is the last word.
    #[inline]
    pub fn round(self, values: &[f32], words: &mut [f32]) {
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            round(values, words);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (values, words);
    }
}

fn made_by_amd() -> bool {
    #[cfg(target_arch = "x86_64")]
    let name = {
        let leaf = std::arch::x86_64::__cpuid(0);
        [leaf.ebx, leaf.edx, leaf.ecx].map(u32::to_le_bytes)
    };
    #[cfg(not(target_arch = "x86_64"))]
    let name = [[0u8; 4]; 3];
    name.as_flattened() == b"AuthenticAMD"
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
fn split(values: &[f32], words: &mut [f32]) {
    let mut chunk = [0f32; ROUNDED];
    for (values, words) in values.chunks(ROUNDED).zip(words.as_chunks_mut::<ROUNDED>().0) {
        let (higher, lower) = words.split_at_mut(ROUNDED / 2);
        chunk[values.len()..].fill(0.0);
        chunk[..values.len()].copy_from_slice(values);
        round_vectors(&chunk, higher);
        for (pair, word) in chunk.as_chunks_mut::<2>().0.iter_mut().zip(&*higher) {
            let bits = word.to_bits();
            for (value, higher) in pair.iter_mut().zip([bits << 16, bits & 0xffff_0000]) {
                let missing = *value - f32::from_bits(higher);
                *value = if missing.is_finite() { missing } else { 0.0 };
            }
        }
        round_vectors(&chunk, lower);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
fn multiply((left, right, soon): (&[Left], &[TileRow], &[TileRow]), place: Place<'_, ROWS>, adds: bool) {
    let mut tile = [[_mm512_setzero_ps(); 2]; ROWS];
    let mut soon = Soon::new(soon);
    for (left, right) in left.iter().zip(right) {
        soon.fetch();
        // SAFETY: a row is 32 words long and aligned to 64 bytes.
        let (low, high) =
            unsafe { (_mm512_load_si512(right.0.as_ptr().cast()), _mm512_load_si512(right.0.as_ptr().add(16).cast())) };
        for (tile, left) in tile.iter_mut().zip(left) {
            let factor = pairs(_mm512_set1_epi32(left.to_bits().cast_signed()));
            tile[0] = _mm512_dpbf16_ps(tile[0], factor, pairs(low));
            tile[1] = _mm512_dpbf16_ps(tile[1], factor, pairs(high));
        }
    }
    write(tile, place, adds);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn pairs(words: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes, of which every pattern is a value.
    unsafe { std::mem::transmute(words) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
fn round(values: &[f32], words: &mut [f32]) {
    let (whole, rest) = values.as_chunks::<ROUNDED>();
    let (whole_words, rest_words) = words.split_at_mut(whole.len() * ROUNDED / 2);
    for (values, words) in whole.iter().zip(whole_words.chunks_exact_mut(ROUNDED / 2)) {
        round_vectors(values, words);
    }
    if !rest_words.is_empty() {
        let (mut values, mut words) = ([0f32; ROUNDED], [0f32; ROUNDED / 2]);
        values[..rest.len()].copy_from_slice(rest);
        round_vectors(&values, &mut words);
        rest_words.copy_from_slice(&words[..rest_words.len()]);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
fn round_vectors(values: &[f32; ROUNDED], words: &mut [f32]) {
    let words = &mut words[..ROUNDED / 2];
    // SAFETY: 32 values are read and 16 words written; both vectors are 64 bytes, of which every pattern is a value.
    unsafe {
        let rounded = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(values.as_ptr().add(16)), _mm512_loadu_ps(values.as_ptr()));
        _mm512_storeu_si512(words.as_mut_ptr().cast(), std::mem::transmute::<__m512bh, __m512i>(rounded));
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounding::parts;
    use super::super::words::word;
    use super::*;
    use crate::needs::skip;

    /// To bfloat16, ties to even.
    fn nearest(value: f32) -> f32 {
        let bits = value.to_bits();
        f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
    }

    #[test]
    fn values_of_any_number_are_split() {
        let Some(pairs) = Avx512Bf16::detect() else {
            return skip("avx512_bf16", "this processor has no AVX512_BF16");
        };
        for count in [0usize, 1, 2, 31, 32, 33, 64, 95] {
            let mut values: Vec<f32> = (0..count).map(|i| (i as f32 - 20.0) * 1.003_906_3 + 0.001).collect();
            if let Some(value) = values.get_mut(30) {
                *value = f32::INFINITY;
            }
            let mut words = vec![f32::from_bits(0x1234_5678); count.next_multiple_of(32)];
            pairs.split(&values, &mut words);
            let part = |index: usize, part: usize| parts(values.get(index).copied().unwrap_or(0.0))[part];
            for (index, found) in words.iter().enumerate() {
                let (group, which, pair) = (index / 32, index % 32 / 16, index % 16);
                let first = 32 * group + 2 * pair;
                let expected = word(part(first, which), part(first + 1, which));
                assert_eq!(found.to_bits(), expected.to_bits(), "{index} of {count}");
            }
        }
    }

    #[test]
    fn values_of_any_number_are_rounded_to_the_nearest() {
        let Some(pairs) = Avx512Bf16::detect() else {
            return skip("avx512_bf16", "this processor has no AVX512_BF16");
        };
        for count in [0usize, 1, 2, 7, 31, 32, 33, 50, 64, 95] {
            let values: Vec<f32> = (0..count).map(|i| (i as f32 - 20.0) * 1.003_906_3 + 0.001).collect();
            let mut words = vec![f32::from_bits(0x1234_5678); count.div_ceil(2)];
            pairs.round(&values, &mut words);
            let value = |index: usize| nearest(values.get(index).copied().unwrap_or(0.0));
            for (index, found) in words.iter().enumerate() {
                assert_eq!(
                    found.to_bits(),
                    word(value(2 * index), value(2 * index + 1)).to_bits(),
                    "{index} of {count}"
                );
            }
        }
        // Exactly between two: the even one.
        let mut words = [0f32; 1];
        pairs.round(&[f32::from_bits(0x3f80_8000), f32::from_bits(0x3f81_8000)], &mut words);
        assert_eq!(words[0].to_bits(), 0x3f82_3f80);
    }
}
