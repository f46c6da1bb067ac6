//! Randomness that is a pure function of what it is for.

use std::path::Path;

/// A well-mixed number from a key (SplitMix64's output function over a running sum; Steele, Lea, Flood 2014).
pub(super) fn mix(key: &[u64]) -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for part in key {
        state = scramble(state.wrapping_add(*part).wrapping_add(0x9E37_79B9_7F4A_7C15));
    }
    state
}

fn scramble(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A number for a text.
pub(super) fn key_of(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    u64::from_le_bytes(*hash.as_bytes().first_chunk().unwrap_or(&[0; 8]))
}

/// A number for an input: by the name of its file or folder, wherever that lies.
pub(super) fn key_of_input(name: &str) -> u64 {
    let path = Path::new(name);
    let last = path.file_name().filter(|_| path.is_absolute()).and_then(|last| last.to_str());
    key_of(last.unwrap_or(name))
}

/// Uniform in (0, 1).
pub(super) fn uniform(key: &[u64]) -> f64 {
    ((mix(key) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Standard normal (Box and Muller 1958).
pub(super) fn normal(key: &[u64]) -> f64 {
    let second = mix(&[mix(key), 1]);
    let angle = std::f64::consts::TAU * uniform(&[second]);
    (-2.0 * uniform(key).ln()).sqrt() * angle.cos()
}
