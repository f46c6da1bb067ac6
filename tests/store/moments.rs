//! Random moments that can be had again.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A number from the environment.
pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Numbers that are the same for the same seed.
pub struct Moments {
    pub seed: u64,
    drawn: u64,
}

impl Moments {
    /// With the seed that `SWEEP_TORTURE_SEED` says, or a new one.
    pub fn new() -> Self {
        let seed = setting("SWEEP_TORTURE_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
        Self { seed, drawn: 0 }
    }

    /// A number below `limit`, which is at least 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.drawn += 1;
        let hash = blake3::hash(&[self.seed.to_le_bytes(), self.drawn.to_le_bytes()].concat());
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()) % limit
    }
}
