//! The frozen encoder, adapters, the classification head: loading, forward and backward passes over packs of runs.

mod adapter;
mod attention;
mod backend;
mod base;
mod checkpoint;
mod classifier;
mod compute_error;
mod config;
mod declaration;
mod dropout;
mod encoder;
mod error;
mod family;
mod frozen;
mod graph;
mod head;
mod layout;
mod load;
mod merge;
mod network;
mod optimizer;
mod own_head;
mod parameters;
mod pass;
pub mod peft;
mod precision;
mod prefix;
mod product_rate;
mod random;
mod safetensors_file;
mod tf32;

pub use adapter::{Adapter, AdapterKind, AdapterShape, Target, UpdateSettings, count_parameters};
pub use backend::{
    BackendChoice, BackendRequest, InstructionSetError, MemoryFormula, check_instruction_set, cuda_kernels,
    dropout_mask, expected_memory, processor_kernels, processor_multiplies_floats, works_in_own_threads,
};
pub use base::Base;
pub use checkpoint::check_weights;
pub use classifier::Classifier;
pub use compute_error::ComputeError;
pub use config::ModelConfig;
pub use declaration::{Declaration, Initial};
pub use dropout::Dropout;
pub use error::ModelError;
pub use family::{ConfigError, FAMILIES, Family, family_named, family_names, tokenizer_class};
pub use graph::{Activation, Graph, LinearRole};
pub use layout::{Layout, RunSequences, RunSpan, upload};
pub use merge::MergedClassifier;
pub use network::BackwardPass;
pub use optimizer::{Moments, OptimizerStep};
pub use own_head::{HeadStart, configured_names};
pub use parameters::{Parameter, Parameters};
pub use pass::{RunPass, Site, StepDropout};
pub use peft::{SavedAdapter, SavedConfig};
pub use precision::product_bytes;
pub use product_rate::product_rate;
pub use random::{Purpose, StreamKey};
