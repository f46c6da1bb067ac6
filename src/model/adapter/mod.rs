//! What a run trains: updates of chosen linear layers by one kind of adapter, and the classification head.
//!
//! A kind of adapter is a file here that implements [`AdapterKind`], and a line in `KINDS` (`registry.rs`). What it does to a
//! linear layer it puts together from the operations of [`AdaptedLinear`], behind which every backend lies.

mod adapted_linear;
mod adapter_shape;
mod beginning;
mod factors;
mod kind;
mod lora;
mod peft_fields;
mod registry;
mod run_adapter;
mod target;
#[cfg(test)]
mod tests;
mod trained_head;

pub use adapted_linear::{AdaptedLinear, LoraTape};
pub use adapter_shape::{AdapterShape, count_parameters};
pub use factors::Lora;
pub use kind::{AdapterKind, LinearWeights, Update, UpdateRows, UpdateTape};
pub use peft_fields::{CommonFields, KindError, LayerSettings, SavedSettings};
pub use registry::{kind_of_type, peft_types};
pub use run_adapter::Adapter;
pub use target::{Target, UpdateSettings};
pub use trained_head::HeadLinear;
