//! Which linear layers an adapter lies on, and with which settings.

use crate::model::error::ModelError;
use crate::model::graph::{Graph, LayerLinear, LinearRole};

/// The settings of an update, of whichever kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateSettings {
    /// Of low-rank updates.
    pub rank: i64,
    /// What the update is multiplied by: for LoRA `lora_alpha / rank`, or `lora_alpha / sqrt(rank)` with rsLoRA.
    pub scale: f64,
}

/// A linear layer of the encoder that is adapted.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub layer: usize,
    pub linear: LinearRole,
    pub settings: UpdateSettings,
}

impl Target {
    /// What is adapted.
    ///
    /// # Errors
    /// The network has no such layer.
    pub fn of<'a>(&self, graph: &'a Graph) -> Result<&'a LayerLinear, ModelError> {
        graph.linear(self.layer, self.linear).ok_or(ModelError::NoLayer(self.layer))
    }
}
