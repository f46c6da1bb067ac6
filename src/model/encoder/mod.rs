//! The encoder's forward and backward passes over a flat batch of several runs.
//!
//! The graph of a frozen encoder with adapters is fixed, so the backward pass is written out: it keeps only what it needs,
//! computes no gradient of a frozen weight and nothing below the lowest adapted layer. After the last layer only the
//! first token of each sequence reaches the head; so that layer computes everything for first tokens only, but for keys
//! and values of all tokens where a run adapts them.

mod adapted;
mod attention_block;
mod context;
mod layer;
mod passes;
mod tapes;

pub use context::Encoder;
pub use tapes::EncoderTape;
