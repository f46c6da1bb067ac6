//! What the layers below all adapters make of the examples that are evaluated: the same for every run and in every epoch.

use tch::Tensor;

use crate::model::ComputeError;

/// Bytes that are kept at most of the evaluation, and of the test; batches beyond are computed each time.
const LIMIT: usize = 256 << 20;
/// The same of the sample of training examples.
const SAMPLE_LIMIT: usize = 64 << 20;

/// Bytes of the test's states that are kept at most, for all packs on the same base and data.
pub const KEPT_OF_TEST: u64 = LIMIT as u64;
/// The same of the evaluation's.
pub const KEPT_OF_EVALUATION: u64 = LIMIT as u64;
/// The same of the sample's of training examples.
pub const KEPT_OF_SAMPLE: u64 = SAMPLE_LIMIT as u64;

/// Which states are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kept {
    layers: usize,
    batch_size: usize,
}

/// The states of all that is evaluated, on one base and one data set.
#[derive(Debug)]
pub struct FrozenParts {
    pub evaluation: FrozenStates,
    /// Of the sample of training examples.
    pub train_sample: FrozenStates,
    pub test: FrozenStates,
}

impl Default for FrozenParts {
    fn default() -> Self {
        let train_sample = FrozenStates { limit: SAMPLE_LIMIT, ..FrozenStates::default() };
        Self { evaluation: FrozenStates::default(), train_sample, test: FrozenStates::default() }
    }
}

/// Hidden states of the batches of one set of examples on one base.
#[derive(Debug)]
pub struct FrozenStates {
    /// Bytes.
    limit: usize,
    kept: Kept,
    /// By batch, `[rows, hidden]`.
    batches: Vec<Tensor>,
    bytes: usize,
}

impl Default for FrozenStates {
    fn default() -> Self {
        Self { limit: LIMIT, kept: Kept::default(), batches: Vec::new(), bytes: 0 }
    }
}

impl FrozenStates {
    /// Forgets what is kept, unless it is of so many layers and of batches of that size.
    pub fn begin(&mut self, layers: usize, batch_size: usize) {
        let kept = Kept { layers, batch_size };
        if self.kept != kept {
            *self = FrozenStates { kept, limit: self.limit, ..Self::default() };
        }
    }

    /// The states of a batch; batches are first asked for in their order.
    pub fn of_batch(
        &mut self,
        batch: usize,
        compute: impl FnOnce() -> Result<Tensor, ComputeError>,
    ) -> Result<Tensor, ComputeError> {
        if let Some(states) = self.batches.get(batch) {
            return Ok(states.shallow_clone());
        }
        let states = compute()?;
        let bytes = states.numel() * states.kind().elt_size_in_bytes();
        if batch == self.batches.len() && self.bytes + bytes <= self.limit {
            self.bytes += bytes;
            self.batches.push(states.shallow_clone());
        }
        Ok(states)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn a_batch_is_computed_once_for_each_number_of_layers_and_batch_size() {
        let mut states = FrozenStates::default();
        let mut computed = 0;
        for (layers, batch_size, expected) in [(2, 8, 1), (2, 8, 1), (3, 8, 2), (3, 8, 2), (3, 4, 3), (2, 8, 4)] {
            states.begin(layers, batch_size);
            let compute = || {
                computed += 1;
                Ok(Tensor::from(layers as i64))
            };
            assert_eq!(i64::try_from(states.of_batch(0, compute).unwrap()).unwrap(), layers as i64);
            assert_eq!(computed, expected);
        }
    }

    #[test]
    fn no_more_is_kept_than_the_limit() {
        let mut states = FrozenStates::default();
        states.begin(1, 1);
        let large = || Ok(Tensor::zeros([LIMIT as i64 / 8 + 1], (Kind::Float, Device::Cpu)));
        for batch in 0..3 {
            let _ = states.of_batch(batch, large).unwrap();
        }
        assert_eq!(states.batches.len(), 1);
    }
}
