//! Adapters in PEFT's format: `adapter_config.json` and `adapter_model.safetensors`.

mod config;
mod files;
mod loading;
mod pattern;
mod saved;
mod saving;

pub use config::SavedConfig;
pub use files::{CONFIG_FILE, WEIGHTS_FILE};
pub use loading::load;
pub use saved::SavedAdapter;
pub use saving::{PeftConfig, config_file, lora_targets, weights_file};
