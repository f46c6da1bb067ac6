//! A layer of the encoder.

use super::linear::{LayerLinear, LinearRole};
use super::site::Site;
use super::tensor::TensorShape;
use crate::spec::ResidualDropout;

/// What the encoder computes between the two linear layers of its feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// With the error function.
    Gelu,
    /// With the tanh approximation.
    GeluTanh,
    Relu,
}

/// A LayerNorm.
#[derive(Clone, Debug, PartialEq)]
pub struct NormNode {
    /// `[width]`
    pub weight: TensorShape,
    /// `[width]`
    pub bias: TensorShape,
    pub eps: f64,
}

impl NormNode {
    pub fn new(name: &str, width: i64, eps: f64) -> Self {
        let tensor = |part: &str| TensorShape::new(format!("{name}.{part}"), &[width]);
        NormNode { weight: tensor("weight"), bias: tensor("bias"), eps }
    }

    pub fn tensors(&self) -> impl Iterator<Item = &TensorShape> {
        [&self.weight, &self.bias].into_iter()
    }
}

/// Where a layer's norms lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormPlacement {
    /// After each block's residual is added.
    Post,
}

/// Which tokens a token attends to, and what is added to their scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionPattern {
    /// All of its sequence, with nothing added; positions are told by the embeddings alone.
    Full,
}

/// What all layers of an encoder have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Of the hidden states.
    pub width: i64,
    /// Of attention, with as many for keys as for queries. Scores are divided by the root of the head size.
    pub heads: i64,
    pub head_size: i64,
    /// Width between the two linear layers of the feed-forward block.
    pub inner: i64,
    pub activation: Activation,
    pub norms: NormPlacement,
    pub residual_dropout: ResidualDropout,
}

impl LayerShape {
    /// Whether dropout can act at a site.
    pub fn drops_at(&self, site: Site) -> bool {
        match self.residual_dropout {
            ResidualDropout::BothBlocks => true,
            ResidualDropout::FeedForwardBlock => !matches!(site, Site::AttentionOutput(_)),
        }
    }
}

/// A layer of the encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNode {
    pub attention: AttentionPattern,
    /// In the order of [`LinearRole::ALL`].
    linears: [LayerLinear; 6],
    /// Of the attention block.
    pub attention_norm: NormNode,
    /// Of the feed-forward block.
    pub output_norm: NormNode,
}

impl LayerNode {
    /// A layer with `linear` for every role.
    pub fn new(
        attention: AttentionPattern,
        linear: impl Fn(LinearRole) -> LayerLinear,
        [attention_norm, output_norm]: [NormNode; 2],
    ) -> Self {
        let linears = LinearRole::ALL.map(|role| LayerLinear { role, ..linear(role) });
        LayerNode { attention, linears, attention_norm, output_norm }
    }

    pub fn linear(&self, role: LinearRole) -> &LayerLinear {
        &self.linears[role as usize]
    }

    /// In the order of the forward pass.
    pub fn linears(&self) -> &[LayerLinear] {
        &self.linears
    }

    pub fn norms(&self) -> [&NormNode; 2] {
        [&self.attention_norm, &self.output_norm]
    }
}
