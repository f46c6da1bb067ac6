//! What a model will take of a device, before it is loaded.

use super::memory_formula::MemoryFormula;
use super::{cpu, cuda, plain};
use crate::model::config::ModelConfig;
use crate::spec::Precision;

/// Of the backend that `open` will most likely choose for this model: on a processor like this one, or on a GPU.
pub fn expected_memory(gpu: bool, config: &ModelConfig, precision: Precision) -> MemoryFormula {
    match gpu {
        true if cuda::fits(config).is_ok() => cuda::MEMORY,
        true => plain::MEMORY,
        false => cpu::expected_memory(precision).unwrap_or(plain::MEMORY),
    }
}
