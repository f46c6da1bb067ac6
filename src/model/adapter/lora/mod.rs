//! LoRA: `output += scale * B A dropout(input)` (Hu et al., "LoRA: Low-rank adaptation of large language models", 2021).

mod config_file;
mod error;
mod kind;
mod pattern;
mod saved;

pub use kind::Kind;
