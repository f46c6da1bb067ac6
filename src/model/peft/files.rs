//! The files of an adapter in PEFT's format.

/// What PEFT puts before every parameter of the wrapped model.
pub const PREFIX: &str = "base_model.model.";

pub const CONFIG_FILE: &str = "adapter_config.json";
pub const WEIGHTS_FILE: &str = "adapter_model.safetensors";

/// The task of text classifiers.
pub const TASK: &str = "SEQ_CLS";
