//! The network as data: what a family makes of a configuration, and what loading, counting, checking, naming and training
//! go through. It holds names, shapes and choices, no values.

mod embeddings;
mod head;
mod layer;
mod linear;
mod network;
mod site;
mod tensor;

pub use embeddings::{EmbeddingsNode, PositionTable};
pub use head::{HeadActivation, HeadLinear, HeadNode, Pooling};
pub use layer::{Activation, AttentionPattern, LayerNode, LayerShape, NormNode, NormPlacement};
pub use linear::{LayerLinear, LinearNode, LinearRole};
pub use network::{Graph, SameStream};
pub use site::Site;
pub use tensor::TensorShape;
