//! Adapters in PEFT's format: `adapter_config.json` and `adapter_model.safetensors`. What a kind of adapter has of its own
//! there, it says itself ([`AdapterKind`](super::AdapterKind)).

mod config;
mod error;
mod files;
mod loading;
mod names;
mod saved;
mod saving;

pub use config::{SavedConfig, with_revision_apart};
pub use error::PeftError;
pub use files::{CONFIG_FILE, WEIGHTS_FILE};
pub use loading::load;
pub use saved::SavedAdapter;
pub use saving::{PeftConfig, config_file, weights_file};
