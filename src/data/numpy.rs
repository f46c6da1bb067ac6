//! `numpy.random.default_rng(seed).permutation(n)`, number for number: `SeedSequence` -> PCG64 -> Fisher-Yates with masked
//! rejection.

/// `SeedSequence`'s pool, in 32-bit words (O'Neill's `seed_seq_fe`, as numpy documents it).
const POOL: usize = 4;
const INIT_A: u32 = 0x43b0_d7e5;
const MULT_A: u32 = 0x931e_8875;
const INIT_B: u32 = 0x8b51_f9dd;
const MULT_B: u32 = 0x58f3_8ded;
const MIX_LEFT: u32 = 0xca01_f9dd;
const MIX_RIGHT: u32 = 0x4973_f715;

/// The 128-bit linear congruential multiplier of PCG (O'Neill, "PCG: a family of simple fast space-efficient statistically
/// good algorithms for random number generation", 2014).
const PCG_MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

/// The numbers `0..n` in the order of `numpy.random.default_rng(seed).permutation(n)`.
pub(super) fn permutation(seed: u64, n: usize) -> Vec<usize> {
    let mut generator = Pcg64::seeded(seed);
    let mut numbers: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        let partner = generator.up_to(i as u64) as usize;
        numbers.swap(i, partner);
    }
    numbers
}

/// PCG XSL-RR 128/64.
struct Pcg64 {
    state: u128,
    increment: u128,
    /// The upper half of the last 64 bits, when only the lower half was asked for.
    half: Option<u32>,
}

impl Pcg64 {
    fn seeded(seed: u64) -> Self {
        let words = seed_words(seed);
        let word = |i: usize| u128::from(words[2 * i]) | u128::from(words[2 * i + 1]) << 32;
        let state = word(0) << 64 | word(1);
        let stream = word(2) << 64 | word(3);
        let mut generator = Self { state: 0, increment: stream << 1 | 1, half: None };
        generator.step();
        generator.state = generator.state.wrapping_add(state);
        generator.step();
        generator
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(PCG_MULTIPLIER).wrapping_add(self.increment);
    }

    fn next_u64(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let both = self.next_u64();
        self.half = Some((both >> 32) as u32);
        both as u32
    }

    /// numpy's `random_interval`: uniform in `0..=max` (`max` > 0), drawing again what lies above it under the smallest
    /// mask that covers it; 32 bits at a time where that is enough.
    fn up_to(&mut self, max: u64) -> u64 {
        let mask = u64::MAX >> max.leading_zeros();
        loop {
            let drawn = if u32::try_from(max).is_ok() { u64::from(self.next_u32()) } else { self.next_u64() };
            if drawn & mask <= max {
                return drawn & mask;
            }
        }
    }
}

/// `SeedSequence(seed).generate_state(8)`.
fn seed_words(seed: u64) -> [u32; 2 * POOL] {
    let pool = seed_pool(seed);
    let mut multiplier = INIT_B;
    std::array::from_fn(|i| {
        let mut word = pool[i % POOL] ^ multiplier;
        multiplier = multiplier.wrapping_mul(MULT_B);
        word = word.wrapping_mul(multiplier);
        word ^ word >> 16
    })
}

/// Spreads the seed's (at most two) words over the pool, then every word of the pool over all others.
fn seed_pool(seed: u64) -> [u32; POOL] {
    let mut multiplier = INIT_A;
    let mut hash = |word: u32| {
        let mut word = word ^ multiplier;
        multiplier = multiplier.wrapping_mul(MULT_A);
        word = word.wrapping_mul(multiplier);
        word ^ word >> 16
    };
    let mut pool = [hash(seed as u32), hash((seed >> 32) as u32), hash(0), hash(0)];
    for source in 0..POOL {
        for target in 0..POOL {
            if source != target {
                let mixed =
                    MIX_LEFT.wrapping_mul(pool[target]).wrapping_sub(MIX_RIGHT.wrapping_mul(hash(pool[source])));
                pool[target] = mixed ^ mixed >> 16;
            }
        }
    }
    pool
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Fixture {
        permutations: Vec<Case>,
        wide_intervals: Vec<Wide>,
    }

    #[derive(Deserialize)]
    struct Case {
        seed: u64,
        n: usize,
        first: Vec<usize>,
        last: Vec<usize>,
        /// Sum of position times value, modulo 2^64.
        #[serde(default)]
        weighted_sum: Option<u64>,
    }

    /// Masked 64-bit draws, which a permutation would only reach beyond 2^32 rows.
    #[derive(Deserialize)]
    struct Wide {
        seed: u64,
        max: u64,
        draws: Vec<u64>,
    }

    fn check(case: &Case) {
        let found = permutation(case.seed, case.n);
        let name = format!("seed {}, n {}", case.seed, case.n);
        assert_eq!(found[..case.first.len()], case.first, "{name}");
        assert_eq!(found[case.n - case.last.len()..], case.last, "{name}");
        if let Some(expected) = case.weighted_sum {
            let sum = found
                .iter()
                .zip(0u64..)
                .fold(0u64, |sum, (&value, position)| sum.wrapping_add(position.wrapping_mul(value as u64)));
            assert_eq!(sum, expected, "{name}");
        }
    }

    #[test]
    fn permutations_equal_numpys() {
        let text = include_str!("../../tests/fixtures/data/numpy.json");
        let fixture: Fixture = serde_json::from_str(text).unwrap();
        assert!(fixture.permutations.len() > 10 && !fixture.wide_intervals.is_empty());
        fixture.permutations.iter().for_each(check);
        for wide in &fixture.wide_intervals {
            let mut generator = Pcg64::seeded(wide.seed);
            let found: Vec<u64> = wide.draws.iter().map(|_| generator.up_to(wide.max)).collect();
            assert_eq!(found, wide.draws);
        }
    }

    #[test]
    fn permutations_equal_the_shared_reference() {
        #[derive(Deserialize)]
        struct Reference {
            cases: Vec<Case>,
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/numpy_split.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        let reference: Reference = serde_json::from_str(&text).unwrap();
        reference.cases.iter().for_each(check);
    }
}
