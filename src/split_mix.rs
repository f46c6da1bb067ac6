//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014; constants of Stafford's
//! variant 13): from the numbers of a Weyl sequence to random bits.

/// From a state to the next one, wrapping.
pub const INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;

/// Factors of [`mix`], for who computes it in tensors.
pub const FACTORS: [u64; 2] = [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB];

/// The random bits of a state.
#[inline(always)]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(FACTORS[0]);
    z = (z ^ (z >> 27)).wrapping_mul(FACTORS[1]);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_published_generator() {
        // The first outputs for state 0, as in the reference implementation.
        assert_eq!(mix(INCREMENT), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(INCREMENT.wrapping_mul(2)), 0x6E78_9E6A_A1B9_65F4);
    }
}
