//! Random numbers for resampling: a pure function of seed, stream and position, so results do not depend on the order in
//! which streams are drawn.

use crate::split_mix::{INCREMENT, mix};

/// A stream of SplitMix64.
#[derive(Clone, Debug)]
pub struct Stream {
    state: u64,
}

impl Stream {
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { state: mix(seed.wrapping_add(INCREMENT)) ^ mix(stream.wrapping_mul(INCREMENT)) }
    }

    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(INCREMENT);
        mix(self.state)
    }

    /// Uniform in [0, 1) with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.draw() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform over 0..`bound`; the bias (below `bound` / 2^64) is beyond what any sample here could show.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.draw()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_uniform_and_differ() {
        let mut counts = [0usize; 7];
        for stream in 0..700 {
            let mut random = Stream::new(3, stream);
            for _ in 0..100 {
                counts[random.below(7)] += 1;
            }
        }
        // Chi-squared with 6 degrees of freedom exceeds 22.5 once in a thousand times.
        let chi: f64 = counts.iter().map(|&count| (count as f64 - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 22.5, "{counts:?}");
        assert_ne!(Stream::new(3, 0).draw(), Stream::new(3, 1).draw());
        assert_ne!(Stream::new(3, 0).draw(), Stream::new(4, 0).draw());
    }
}
