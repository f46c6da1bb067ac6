//! What a backend keeps in a device's memory, as the planner of packs needs to know it.

use crate::model::config::ModelConfig;
use crate::model::precision::product_bytes;
use crate::spec::Precision;

/// Bytes per number at float32.
const FLOAT: u64 = 4;

/// What a backend keeps for each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryFormula {
    /// In how many layouts it keeps frozen matrices: where products are its own, one for each direction.
    pub matrix_layouts: u64,
    /// Numbers for each token that a forward pass leaves for the backward pass: this many times the hidden size,
    pub hidden: u64,
    /// this many times the intermediate size,
    pub intermediate: u64,
    /// and this many times the attention probabilities of the longest sequence.
    pub probabilities: u64,
    /// Whether these numbers are in the precision of products; else they are float32.
    pub in_product_precision: bool,
}

impl MemoryFormula {
    /// Bytes for each token and layer, with sequences of at most `longest` tokens.
    pub fn per_token(&self, config: &ModelConfig, precision: Precision, longest: usize) -> u64 {
        let (hidden, intermediate) = (config.graph.shape.width as u64, config.graph.shape.inner as u64);
        let numbers = self.hidden * hidden
            + self.intermediate * intermediate
            + self.probabilities * config.graph.shape.heads as u64 * longest as u64;
        numbers * if self.in_product_precision { product_bytes(precision) } else { FLOAT }
    }
}
