//! Linear layers: of the encoder's layers, where adapters may lie, and others.

use super::tensor::TensorShape;
use crate::spec::Module;

/// A linear layer with a bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearNode {
    /// The module's full name, in the checkpoint and for PEFT: `roberta.encoder.layer.0.attention.self.query`.
    pub name: String,
    /// `[out, in]`
    pub weight: TensorShape,
    /// `[out]`
    pub bias: TensorShape,
}

impl LinearNode {
    pub fn new(name: String, out: i64, input: i64) -> Self {
        let weight = TensorShape::new(format!("{name}.weight"), &[out, input]);
        let bias = TensorShape::new(format!("{name}.bias"), &[out]);
        LinearNode { name, weight, bias }
    }

    /// Width of what it gives.
    pub fn out(&self) -> i64 {
        self.weight.shape[0]
    }

    /// Width of what it takes.
    pub fn input(&self) -> i64 {
        self.weight.shape[1]
    }

    pub fn tensors(&self) -> impl Iterator<Item = &TensorShape> {
        [&self.weight, &self.bias].into_iter()
    }
}

/// What a linear layer is for in an encoder layer, in the order of the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinearRole {
    Query,
    Key,
    Value,
    AttentionOutput,
    Intermediate,
    Output,
}

impl LinearRole {
    pub const ALL: [LinearRole; 6] = [
        LinearRole::Query,
        LinearRole::Key,
        LinearRole::Value,
        LinearRole::AttentionOutput,
        LinearRole::Intermediate,
        LinearRole::Output,
    ];
}

/// A linear layer of an encoder layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerLinear {
    pub role: LinearRole,
    /// How sweep files call it.
    pub module: Module,
    /// The number of the dropout stream of an adapter here.
    pub site: u64,
    pub linear: LinearNode,
}
