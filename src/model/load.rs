//! From the weights of a checkpoint to a frozen encoder on a backend.

use tch::{Device, Kind, Tensor};

use super::backend::{Backend, FrozenOf, LayerOf};
use super::checkpoint::Weights;
use super::error::ModelError;
use super::frozen::{Embeddings, Frozen, Layer, Norm, Projections};
use super::graph::{
    AttentionPattern, EmbeddingsNode, Graph, LinearNode, LinearRole, NormNode, NormPlacement, PositionTable,
    TensorShape,
};

/// Takes weights, puts them on the device and counts them.
pub struct WeightLoader {
    weights: Weights,
    device: Device,
    /// Of products.
    kind: Kind,
    parameters: usize,
}

impl WeightLoader {
    pub fn new(weights: Weights, device: Device, kind: Kind) -> Self {
        WeightLoader { weights, device, kind, parameters: 0 }
    }

    /// The encoder and its pooler.
    pub fn frozen<B: Backend>(&mut self, backend: &B, graph: &Graph) -> Result<FrozenOf<B>, ModelError> {
        let embeddings = self.embeddings(&graph.embeddings)?;
        let layers =
            (0..graph.layers.len()).map(|index| self.layer(backend, graph, index)).collect::<Result<_, _>>()?;
        let pooler = graph.pooler().map(|pooler| self.linear(backend, &[pooler])).transpose()?;
        Ok(Frozen { embeddings, layers, pooler })
    }

    /// Parameters of what was taken or looked for.
    ///
    /// # Errors
    /// Weights that nobody took.
    pub fn finish(self, graph: &Graph) -> Result<usize, ModelError> {
        self.weights.finish(graph)?;
        Ok(self.parameters)
    }

    fn take(&mut self, tensor: &TensorShape) -> Result<Tensor, ModelError> {
        self.parameters += tensor.elements() as usize;
        Ok(self.weights.take(&tensor.name, &tensor.shape)?.f_to_device(self.device)?)
    }

    /// One linear layer, or several with the same input laid side by side.
    fn linear<B: Backend>(&mut self, backend: &B, nodes: &[&LinearNode]) -> Result<B::Linear, ModelError> {
        let (weight, bias) = self.side_by_side(nodes)?;
        Ok(backend.linear(weight, bias)?)
    }

    /// Weight, in the precision of products, and bias.
    fn side_by_side(&mut self, nodes: &[&LinearNode]) -> Result<(Tensor, Tensor), ModelError> {
        let weights = nodes.iter().map(|node| self.take(&node.weight)).collect::<Result<Vec<_>, _>>()?;
        let biases = nodes.iter().map(|node| self.take(&node.bias)).collect::<Result<Vec<_>, _>>()?;
        Ok((Tensor::f_cat(&weights, 0)?.f_to_kind(self.kind)?, Tensor::f_cat(&biases, 0)?))
    }

    fn norm(&mut self, node: &NormNode) -> Result<Norm, ModelError> {
        Ok(Norm { weight: self.take(&node.weight)?, bias: self.take(&node.bias)?, eps: node.eps })
    }

    fn embeddings(&mut self, node: &EmbeddingsNode) -> Result<Embeddings, ModelError> {
        let PositionTable { table, offset, padding } = &node.position;
        let word = self.take(&node.word)?;
        let whole_position = self.take(table)?;
        let mut position = whole_position.f_narrow(0, *offset, node.position.longest_sequence() as i64)?;
        if padding.is_some() {
            position = Tensor::f_cat(&[&position, &whole_position.f_narrow(0, offset - 1, 1)?], 0)?;
        }
        if let Some(types) = &node.token_type {
            position = position.f_add(&self.take(types)?.f_narrow(0, 0, 1)?)?;
        }
        Ok(Embeddings { word, position, padding: *padding, norm: self.norm(&node.norm)? })
    }

    fn layer<B: Backend>(&mut self, backend: &B, graph: &Graph, index: usize) -> Result<LayerOf<B>, ModelError> {
        let (shape, node) = (&graph.shape, &graph.layers[index]);
        // What the encoder computes; another choice would be an error of the compiler here.
        let (NormPlacement::Post, AttentionPattern::Full) = (shape.norms, node.attention);
        let of = |role| &node.linear(role).linear;
        let [query, key, value] = [LinearRole::Query, LinearRole::Key, LinearRole::Value].map(of);
        let projections = if index + 1 == graph.layers.len() {
            let query = self.linear(backend, &[query])?;
            let (weight, bias) = self.side_by_side(&[key, value])?;
            let states = backend.state_projections(&weight, &bias, shape.heads)?;
            Projections::Apart { query, key_value: backend.linear(weight, bias)?, states }
        } else {
            Projections::Joined(self.linear(backend, &[query, key, value])?)
        };
        Ok(Layer {
            projections,
            attention_output: self.linear(backend, &[of(LinearRole::AttentionOutput)])?,
            attention_norm: self.norm(&node.attention_norm)?,
            intermediate: self.linear(backend, &[of(LinearRole::Intermediate)])?,
            output: self.linear(backend, &[of(LinearRole::Output)])?,
            output_norm: self.norm(&node.output_norm)?,
        })
    }

    /// Weights and biases of the head by name; none where the checkpoint has no head for this number of classes.
    pub fn head(&mut self, graph: &Graph, classes: usize) -> Result<Vec<(String, Tensor)>, ModelError> {
        let (mut found, mut complete) = (Vec::new(), true);
        for tensor in graph.head.nodes(classes).iter().flat_map(LinearNode::tensors) {
            self.parameters += tensor.elements() as usize;
            match self.weights.take_optional(&tensor.name, &tensor.shape)? {
                Some(values) => found.push((tensor.name.clone(), values.f_to_device(self.device)?)),
                None => complete = false,
            }
        }
        // Half a head is another head's.
        Ok(if complete { found } else { Vec::new() })
    }
}
