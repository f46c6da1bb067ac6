//! The order of the training examples in an epoch: a pure function, so that nothing about it needs saving.

/// Odd multipliers and key increments of Philox4x32 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011, table 2 and section 4.3).
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_INCREMENTS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// `"ordr"`: keeps these numbers apart from those that the same seed gives for other purposes.
const PURPOSE: u32 = 0x6F72_6472;

/// A stream of random numbers of which any one can be had without the others (Philox4x32-10): the seed is the
/// generator's key; index, epoch and purpose are its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderKey {
    seed: u64,
    epoch: u64,
}

impl OrderKey {
    pub fn new(seed: u64, epoch: u64) -> Self {
        Self { seed, epoch }
    }

    /// The stream's number at `index`: 64 uniform bits.
    pub fn draw(&self, index: u64) -> u64 {
        let counter = [low(index), high(index), low(self.epoch), high(self.epoch) ^ PURPOSE];
        let [first, second, ..] = philox4x32(counter, [low(self.seed), high(self.seed)]);
        u64::from(first) | u64::from(second) << 32
    }

    /// The stream's number at `index`, scaled to `0..bound`. Its bias is below `bound / 2^64`.
    fn below(&self, index: u64, bound: u64) -> u64 {
        ((u128::from(self.draw(index)) * u128::from(bound)) >> 64) as u64
    }
}

/// The order in which an epoch visits `n` training examples: every index below `n` once.
///
/// Fisher-Yates from the end (Durstenfeld), the swap partner of position `i` being [`OrderKey::draw`] at `i` scaled to
/// `0..=i`.
pub fn order(seed: u64, epoch: usize, n: usize) -> Vec<usize> {
    let key = OrderKey::new(seed, epoch as u64);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        let partner = key.below(i as u64, i as u64 + 1) as usize;
        order.swap(i, partner);
    }
    order
}

fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..ROUNDS {
        if round > 0 {
            key = [key[0].wrapping_add(KEY_INCREMENTS[0]), key[1].wrapping_add(KEY_INCREMENTS[1])];
        }
        let first = u64::from(counter[0]) * u64::from(MULTIPLIERS[0]);
        let second = u64::from(counter[2]) * u64::from(MULTIPLIERS[1]);
        counter = [high(second) ^ counter[1] ^ key[0], low(second), high(first) ^ counter[3] ^ key[1], low(first)];
    }
    counter
}

fn low(value: u64) -> u32 {
    value as u32
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The known answers that Random123 ships for `philox4x32` with 10 rounds (`kat_vectors`).
    #[test]
    fn philox_gives_the_known_answers() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox4x32(counter, key), expected);
        }
    }

    /// Results on disk depend on it: the order must never change.
    #[test]
    fn order_is_what_it_was() {
        insta::assert_snapshot!(format!("{:?}", order(42, 0, 12)), @"[3, 9, 2, 11, 5, 0, 10, 7, 8, 1, 4, 6]");
        insta::assert_snapshot!(format!("{:?}", order(42, 1, 12)), @"[0, 11, 4, 9, 1, 5, 6, 7, 3, 10, 8, 2]");
        insta::assert_snapshot!(format!("{:?}", order(1 << 40, 0, 12)), @"[8, 1, 11, 6, 10, 2, 5, 0, 9, 4, 3, 7]");
    }

    /// Each position's example is uniform: chi-squared with 9 degrees of freedom stays below its 99.99 % point.
    #[test]
    fn every_position_is_uniform() {
        let (n, draws) = (10, 20_000);
        let mut counts = vec![vec![0f64; n]; n];
        for seed in 0..draws {
            for (position, example) in order(seed, 3, n).into_iter().enumerate() {
                counts[position][example] += 1.0;
            }
        }
        let expected = draws as f64 / n as f64;
        for row in counts {
            let chi: f64 = row.iter().map(|count| (count - expected).powi(2) / expected).sum();
            assert!(chi < 33.7, "{chi}");
        }
    }

    proptest! {
        #[test]
        fn order_visits_everything_once(seed: u64, epoch in 0usize..1000, n in 0usize..500) {
            let mut visited = order(seed, epoch, n);
            visited.sort_unstable();
            prop_assert_eq!(visited, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn seeds_and_epochs_differ(seed: u64, epoch in 0usize..1000) {
            let this = order(seed, epoch, 100);
            prop_assert_ne!(&this, &order(seed, epoch + 1, 100));
            prop_assert_ne!(&this, &order(seed ^ 1, epoch, 100));
            prop_assert_ne!(&this, &order(seed ^ (1 << 63), epoch, 100));
        }
    }
}
