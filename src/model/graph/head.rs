//! From hidden states to logits: pooling and the classification head.

use super::linear::LinearNode;

/// What of the last layer's hidden states reaches the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// That of the first token, through a frozen linear layer with tanh where there is one (BERT's pooler).
    FirstToken { pooler: Option<LinearNode> },
}

/// What a head computes behind a linear layer that is not its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadActivation {
    Tanh,
    Relu,
}

/// A trained linear layer of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLinear {
    pub name: &'static str,
    /// Whether its input is dropped out.
    pub dropout: bool,
}

/// The classification head; all of it is trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadNode {
    /// The modules that hold it, as PEFT's `modules_to_save` names them.
    pub modules: &'static [&'static str],
    /// As wide as the encoder, each with what follows it.
    pub hidden: Vec<(HeadLinear, HeadActivation)>,
    /// With a row for each class.
    pub output: HeadLinear,
    /// Width of the features.
    pub width: i64,
}

impl HeadNode {
    /// In forward order.
    pub fn linears(&self) -> impl Iterator<Item = HeadLinear> {
        self.hidden.iter().map(|(linear, _)| *linear).chain([self.output])
    }

    /// What follows the linear layer of an index; none behind the last.
    pub fn activation(&self, index: usize) -> Option<HeadActivation> {
        self.hidden.get(index).map(|(_, activation)| *activation)
    }

    /// The linear layers for so many classes.
    pub fn nodes(&self, classes: usize) -> Vec<LinearNode> {
        let hidden = self.hidden.iter().map(|(linear, _)| (linear.name, self.width));
        let all = hidden.chain([(self.output.name, classes as i64)]);
        all.map(|(name, out)| LinearNode::new(name.to_owned(), out, self.width)).collect()
    }

    /// Whether a module is one of its linear layers.
    pub fn has(&self, module: &str) -> bool {
        self.linears().any(|linear| linear.name == module)
    }
}
