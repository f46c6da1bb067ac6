//! Stateless randomness: a random number is a pure function of a key and an index.
//!
//! Nothing about random state is ever saved, a run's numbers do not depend on its neighbours in a pack, and a resumed
//! run sees the numbers that an undisturbed one sees.

use tch::Tensor;

use super::compute_error::ComputeError;

use crate::split_mix::{FACTORS, INCREMENT, mix};

/// What a stream of random numbers is for; the first thing mixed into a key after the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Initialization = 1,
    Dropout = 2,
}

/// Names one stream of random numbers. Keys are derived, never advanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey(u64);

impl StreamKey {
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        StreamKey(mix(seed.wrapping_add(INCREMENT))).with(purpose as u64)
    }

    /// The key of a sub-stream: an epoch, a step, a layer, a site.
    pub fn with(self, part: u64) -> Self {
        StreamKey(mix(self.0.rotate_left(23) ^ mix(part.wrapping_add(INCREMENT))))
    }

    /// The key of a named sub-stream (a parameter).
    pub fn with_name(self, name: &str) -> Self {
        name.bytes().fold(self.with(name.len() as u64), |key, byte| key.with(u64::from(byte)))
    }

    /// 64 random bits at `index`.
    #[inline(always)]
    pub fn bits(self, index: u64) -> u64 {
        mix(self.state(index) as u64)
    }

    /// What `mixed` turns into the bits at `index`; the state of the next index is `STATE_STEP` more, wrapping.
    #[inline(always)]
    pub fn state(self, index: u64) -> i64 {
        self.0.wrapping_add(index.wrapping_mul(INCREMENT)) as i64
    }

    /// Uniform in [0, 1) with 53 random bits.
    pub fn uniform(self, index: u64) -> f64 {
        (self.bits(index) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Standard normal (Box-Muller on the words `2 * index` and `2 * index + 1`).
    pub fn normal(self, index: u64) -> f64 {
        // 1 - u lies in (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform(2 * index)).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform(2 * index + 1)).cos()
    }
}

/// From the state of an index to that of the next one.
pub const STATE_STEP: i64 = INCREMENT as i64;

/// The random bits of each state, by integer operations on the tensor's device; `states` (int64) is used up.
pub fn mixed(states: Tensor) -> Result<Tensor, ComputeError> {
    let fold = |mut z: Tensor, bits: u32| -> Result<Tensor, ComputeError> {
        // int64 shifts copies of the sign in from the left.
        let shifted =
            z.f_bitwise_right_shift_tensor_scalar(i64::from(bits))?.f_bitwise_and_((u64::MAX >> bits) as i64)?;
        Ok(z.f_bitwise_xor_tensor_(&shifted)?)
    };
    let z = fold(states, 30)?.f_mul_scalar_(FACTORS[0] as i64)?;
    let z = fold(z, 27)?.f_mul_scalar_(FACTORS[1] as i64)?;
    fold(z, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_different_keys_and_indices_differ() {
        let key = StreamKey::new(42, Purpose::Dropout);
        let mut seen = std::collections::HashSet::new();
        for part in 0..100 {
            for index in 0..100 {
                assert!(seen.insert(key.with(part).bits(index)), "part {part} index {index} repeats");
            }
        }
        assert_ne!(key.with(1).with(2), key.with(2).with(1));
        assert_ne!(key, StreamKey::new(42, Purpose::Initialization));
        assert_ne!(key.with_name("ab"), key.with_name("ba"));
    }

    #[test]
    fn tensors_of_states_give_the_same_bits() {
        let key = StreamKey::new(9, Purpose::Dropout).with(1);
        let states: Vec<i64> = (0..5000).map(|index| key.state(index)).collect();
        assert_eq!(states[1], states[0].wrapping_add(STATE_STEP));
        let bits = Vec::<i64>::try_from(mixed(Tensor::from_slice(&states)).unwrap()).unwrap();
        let expected: Vec<i64> = (0..5000).map(|index| key.bits(index) as i64).collect();
        assert_eq!(bits, expected);
    }

    #[test]
    fn normal_numbers_have_the_moments_of_a_normal_distribution() {
        let key = StreamKey::new(7, Purpose::Initialization);
        let n = 200_000;
        let values: Vec<f64> = (0..n).map(|i| key.normal(i)).collect();
        let moment = |p: i32| values.iter().map(|v| v.powi(p)).sum::<f64>() / n as f64;
        assert!(moment(1).abs() < 0.01, "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.015, "variance {}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.1, "kurtosis {}", moment(4));
        let lag = values.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / n as f64;
        assert!(lag.abs() < 0.01, "serial correlation {lag}");
    }

    #[test]
    fn uniform_numbers_fill_the_unit_interval_evenly() {
        let key = StreamKey::new(1, Purpose::Dropout).with(3);
        let mut bins = [0usize; 20];
        let n = 100_000;
        for i in 0..n {
            bins[(key.uniform(i) * 20.0) as usize] += 1;
        }
        let expected = n as f64 / 20.0;
        let chi2: f64 = bins.iter().map(|&b| (b as f64 - expected).powi(2) / expected).sum();
        // 99.9 % point of chi-squared with 19 degrees of freedom.
        assert!(chi2 < 43.8, "chi-squared {chi2}");
    }
}
