//! The frozen encoder, LoRA, the classification head: loading, forward and backward passes over packs of runs.

mod adapter;
mod attention;
mod base;
mod classifier;
mod config;
mod cpu;
mod dropout;
mod elementwise;
mod encoder;
mod error;
mod head;
mod layout;
mod lora;
mod masks;
mod merge;
mod names;
mod parameters;
mod pass;
pub mod peft;
mod prefix;
mod random;
mod weight;
mod weights;

pub use adapter::{Adapter, LoraTarget, count_parameters};
pub use base::Base;
pub use classifier::{Classifier, Tape};
pub use config::ModelConfig;
pub use dropout::Dropout;
pub use elementwise::Kernels;
pub use error::ModelError;
pub use layout::{Layout, RunSequences, RunSpan};
pub use merge::MergedClassifier;
pub use parameters::{Parameter, Parameters};
pub use pass::{RunPass, StepDropout};
pub use peft::{SavedAdapter, SavedConfig};
pub use random::{Key, Purpose};
