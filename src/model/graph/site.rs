//! Where dropout acts: the numbers of its streams. They decide every mask, so they are pinned.

/// A place of the network where a run has a stream of dropout of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// After the embeddings' LayerNorm.
    Embeddings,
    /// Features before the head.
    Extra,
    /// Input of the head's linear layer of this index.
    Head(usize),
    /// Attention probabilities of a layer.
    Attention(usize),
    /// After the output layer of a layer's attention block.
    AttentionOutput(usize),
    /// After the output layer of a layer's feed-forward block.
    Output(usize),
    /// Input of an adapter, by the number that the graph has for its linear layer.
    Adapter(u64),
}

impl Site {
    /// Numbers of a layer, and those of what lies outside the layers.
    const BLOCK: u64 = 16;
    /// The first number within a layer that an adapter may have.
    const FIRST_OF_ADAPTERS: u64 = 3;

    /// The number of its stream: 16 for what lies outside the layers, then 16 a layer.
    pub fn number(self) -> u64 {
        match self {
            Site::Embeddings => 0,
            Site::Extra => 1,
            Site::Head(index) => 2 + index as u64,
            Site::Attention(layer) => Site::in_layer(layer, 0),
            Site::AttentionOutput(layer) => Site::in_layer(layer, 1),
            Site::Output(layer) => Site::in_layer(layer, 2),
            Site::Adapter(number) => number,
        }
    }

    /// The site of an adapter at a place of a layer. Places count from 0 and are pinned, family by family.
    pub fn of_adapter(layer: usize, place: u8) -> Site {
        Site::Adapter(Site::in_layer(layer, Site::FIRST_OF_ADAPTERS + u64::from(place)))
    }

    fn in_layer(layer: usize, place: u64) -> u64 {
        Site::BLOCK * (layer as u64 + 1) + place
    }
}
