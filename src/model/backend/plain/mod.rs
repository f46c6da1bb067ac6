//! libtorch's operations, on any device.

pub mod activation;
mod attention;
mod attention_masks;
mod buckets;
mod embeddings;
pub mod head;
mod linear;
pub mod lora;
pub mod masks;
mod norm;
pub mod optimizer;
mod reference;

pub use reference::{MEMORY, Plain};
