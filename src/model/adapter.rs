//! What a run trains: LoRA matrices on chosen linear layers, and the classification head.

mod initial;

use std::collections::BTreeMap;

use tch::TchError;

use super::error::ModelError;
use super::graph::{self, Graph, LayerLinear, LinearNode, LinearRole, TensorShape};
use super::parameters::{Parameters, Trainable};

/// A linear layer of the encoder that LoRA adapts.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraTarget {
    pub layer: usize,
    pub linear: LinearRole,
    pub rank: i64,
    /// `lora_alpha / rank`, or `lora_alpha / sqrt(rank)` with rsLoRA.
    pub scale: f64,
}

impl LoraTarget {
    /// What is adapted.
    ///
    /// # Errors
    /// The network has no such layer.
    pub fn of<'a>(&self, graph: &'a Graph) -> Result<&'a LayerLinear, ModelError> {
        let own = graph.linear(self.layer, self.linear);
        own.ok_or_else(|| ModelError::Adapter(format!("there is no layer {} to adapt", self.layer)))
    }
}

/// The LoRA update of one linear layer: `scale * B A x`.
#[derive(Debug)]
pub struct Lora {
    /// `[rank, in]`
    pub a: Trainable,
    /// `[out, rank]`
    pub b: Trainable,
    pub scale: f64,
    /// The number of its stream of dropout.
    pub site: u64,
}

/// A trained linear layer of the head.
#[derive(Debug)]
pub struct HeadLinear {
    /// `[out, in]`
    pub weight: Trainable,
    /// `[out]`
    pub bias: Trainable,
}

/// All that one run trains.
#[derive(Debug)]
pub struct Adapter {
    pub parameters: Parameters,
    pub targets: Vec<LoraTarget>,
    lora: BTreeMap<(usize, LinearRole), Lora>,
    /// In forward order.
    pub head: Vec<HeadLinear>,
}

impl Adapter {
    fn over(parameters: Parameters, targets: Vec<LoraTarget>, graph: &Graph) -> Result<Self, ModelError> {
        let mut lora = BTreeMap::new();
        for target in &targets {
            let own = target.of(graph)?;
            let a = parameters.pair(&format!("{}.lora_A.weight", own.linear.name))?;
            let b = parameters.pair(&format!("{}.lora_B.weight", own.linear.name))?;
            let entry = Lora { a, b, scale: target.scale, site: own.site };
            lora.insert((target.layer, target.linear), entry);
        }
        let linear = |linear: graph::HeadLinear| -> Result<HeadLinear, TchError> {
            let weight = parameters.pair(&format!("{}.weight", linear.name))?;
            Ok(HeadLinear { weight, bias: parameters.pair(&format!("{}.bias", linear.name))? })
        };
        let head = graph.head.linears().map(linear).collect::<Result<_, _>>()?;
        Ok(Adapter { parameters, targets, lora, head })
    }

    pub fn lora(&self, layer: usize, linear: LinearRole) -> Option<&Lora> {
        self.lora.get(&(layer, linear))
    }

    /// The adapted linear layer nearest to the embeddings; no gradient is needed below it.
    pub fn lowest(&self) -> Option<(usize, LinearRole)> {
        self.lora.keys().next().copied()
    }
}

/// Names and shapes of everything a run trains. A target that the network does not have is left out.
pub fn parameter_shapes(graph: &Graph, targets: &[LoraTarget], classes: usize) -> Vec<(String, Vec<i64>)> {
    let mut shapes = Vec::new();
    for (target, LayerLinear { linear, .. }) in
        targets.iter().filter_map(|target| Some((target, target.of(graph).ok()?)))
    {
        shapes.push((format!("{}.lora_A.weight", linear.name), vec![target.rank, linear.input()]));
        shapes.push((format!("{}.lora_B.weight", linear.name), vec![linear.out(), target.rank]));
    }
    let head = graph.head.nodes(classes);
    shapes.extend(head.iter().flat_map(LinearNode::tensors).map(|tensor| (tensor.name.clone(), tensor.shape.clone())));
    shapes
}

/// Trainable parameters, and all parameters as PEFT counts them: encoder, frozen copy of the head, trainable ones.
pub fn count_parameters(graph: &Graph, targets: &[LoraTarget], classes: usize) -> (usize, usize) {
    let trainable: i64 =
        parameter_shapes(graph, targets, classes).iter().map(|(_, shape)| shape.iter().product::<i64>()).sum();
    let head: i64 = graph.head.nodes(classes).iter().flat_map(LinearNode::tensors).map(TensorShape::elements).sum();
    let frozen: i64 = graph.frozen().map(TensorShape::elements).sum::<i64>() + head;
    (trainable as usize, (frozen + trainable) as usize)
}
