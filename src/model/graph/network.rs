//! The whole network, and its tensors in one row.

use std::collections::BTreeSet;

use super::embeddings::EmbeddingsNode;
use super::head::{HeadNode, Pooling};
use super::layer::{LayerNode, LayerShape};
use super::linear::{LayerLinear, LinearNode, LinearRole};
use super::site::Site;
use super::tensor::TensorShape;

/// An encoder with its classification head.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The attribute that holds the encoder in a classifier's checkpoint: `roberta`.
    pub encoder: &'static str,
    pub shape: LayerShape,
    pub embeddings: EmbeddingsNode,
    pub layers: Vec<LayerNode>,
    pub pooling: Pooling,
    pub head: HeadNode,
    /// Beginnings of the names of tensors that checkpoints carry for other tasks.
    pub unused: &'static [&'static str],
}

/// Two places of a network have the same stream of dropout: a fault of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two places of the network have the dropout stream {0}")]
pub struct SameStream(u64);

impl Graph {
    /// The same network, once it is known that every place has its own stream of dropout.
    ///
    /// # Errors
    /// Two places share one.
    pub fn checked(self) -> Result<Graph, SameStream> {
        let mut seen = BTreeSet::new();
        let shared = self.sites().map(Site::number).find(|number| !seen.insert(*number));
        shared.map_or(Ok(self), |number| Err(SameStream(number)))
    }

    /// The places where dropout acts.
    pub fn sites(&self) -> impl Iterator<Item = Site> {
        let outside = [Site::Embeddings, Site::Extra].into_iter();
        let head = (0..self.head.linears().count()).map(Site::Head);
        let layers = self.layers.iter().enumerate().flat_map(|(index, layer)| {
            let own = [Site::Attention(index), Site::AttentionOutput(index), Site::Output(index)];
            own.into_iter().chain(layer.linears().iter().map(|linear| Site::Adapter(linear.site)))
        });
        outside.chain(head).chain(layers).filter(|site| self.shape.drops_at(*site))
    }

    /// A linear layer of an encoder layer; none beyond the last.
    pub fn linear(&self, layer: usize, role: LinearRole) -> Option<&LayerLinear> {
        self.layers.get(layer).map(|layer| layer.linear(role))
    }

    /// A linear layer of an encoder layer by its full name, with the layer's number.
    pub fn find(&self, name: &str) -> Option<(usize, &LayerLinear)> {
        let linears = self
            .layers
            .iter()
            .enumerate()
            .flat_map(|(index, layer)| layer.linears().iter().map(move |own| (index, own)));
        linears.into_iter().find(|(_, own)| own.linear.name == name)
    }

    /// The frozen linear layer with tanh between the first token and the head.
    pub fn pooler(&self) -> Option<&LinearNode> {
        let Pooling::FirstToken { pooler } = &self.pooling;
        pooler.as_ref()
    }

    /// The attributes of the encoder, as they begin the names of a checkpoint without a head: `embeddings`, `encoder`.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let inner = self.frozen().filter_map(|tensor| tensor.name.strip_prefix(self.encoder)?.strip_prefix('.'));
        inner.filter_map(|name| name.split('.').next())
    }

    /// Every tensor that stays frozen: of the encoder and of the pooler.
    pub fn frozen(&self) -> impl Iterator<Item = &TensorShape> {
        let layers = self.layers.iter().flat_map(|layer| {
            let linears = layer.linears().iter().flat_map(|own| own.linear.tensors());
            linears.chain(layer.norms().into_iter().flat_map(|norm| norm.tensors()))
        });
        self.embeddings.tensors().chain(layers).chain(self.pooler().into_iter().flat_map(LinearNode::tensors))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::ModelConfig;
    use crate::spec::Module;

    fn graph(model: &str) -> Graph {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
        ModelConfig::read(&folder.join(model).join("model")).unwrap().graph
    }

    /// The numbers decide every dropout mask.
    #[test]
    fn sites_have_the_numbers_that_masks_were_made_with() {
        for model in ["bert", "roberta", "distilbert", "xlm-roberta"] {
            let graph = graph(model);
            for (index, layer) in graph.layers.iter().enumerate() {
                let first = 16 * (index as u64 + 1);
                let numbers: Vec<u64> = layer.linears().iter().map(|linear| linear.site).collect();
                assert_eq!(numbers, (first + 3..first + 9).collect::<Vec<_>>(), "{model}");
                let others = [Site::Attention(index), Site::AttentionOutput(index), Site::Output(index)];
                assert_eq!(others.map(Site::number), [first, first + 1, first + 2]);
            }
        }
        assert_eq!([Site::Embeddings, Site::Extra, Site::Head(0), Site::Head(1)].map(Site::number), [0, 1, 2, 3]);
    }

    /// As in transformers, whose `TransformerBlock` of DistilBERT adds attention's output as it is.
    #[test]
    fn distilbert_has_no_dropout_behind_attention() {
        let after_attention = |model: &str| {
            let graph = graph(model);
            let outputs = graph.sites().filter(|site| matches!(site, Site::AttentionOutput(_))).count();
            (outputs, graph.sites().filter(|site| matches!(site, Site::Output(_))).count())
        };
        assert_eq!(after_attention("distilbert"), (0, 2));
        assert_eq!(after_attention("bert"), (3, 3));
    }

    #[test]
    fn two_places_with_one_stream_are_refused() {
        let mut network = graph("roberta");
        let first = network.layers[0].clone();
        network.layers[1] = first;
        assert_eq!(network.checked(), Err(SameStream(19)));
        let mut network = graph("distilbert");
        let hidden = network.head.hidden[0];
        network.head.hidden = vec![hidden; 14];
        assert_eq!(network.checked(), Err(SameStream(16)));
    }

    #[test]
    fn linears_are_found_by_role_and_by_name() {
        let graph = graph("distilbert");
        for (layer, node) in graph.layers.iter().enumerate() {
            for role in LinearRole::ALL {
                let linear = graph.linear(layer, role).unwrap();
                assert_eq!((linear.role, linear), (role, node.linear(role)));
                assert_eq!(graph.find(&linear.linear.name), Some((layer, linear)));
            }
        }
        let (layer, output) = graph.find("distilbert.transformer.layer.1.ffn.lin2").unwrap();
        assert_eq!((layer, output.role, output.module), (1, LinearRole::Output, Module::OUTPUT));
        assert_eq!((output.linear.out(), output.linear.input()), (48, 72));
        assert_eq!(graph.find("distilbert.transformer.layer.2.ffn.lin2"), None);
        assert_eq!(graph.find("distilbert.transformer.layer.01.ffn.lin2"), None);
        assert_eq!(graph.linear(2, LinearRole::Query), None);
    }
}
