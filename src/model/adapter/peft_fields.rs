//! What `adapter_config.json` says whatever the kind of adapter.

use std::fmt::Debug;

use tch::Tensor;

use super::target::UpdateSettings;
use crate::model::graph::LinearNode;

/// A kind's own error; the file that it is about is named by whoever asked.
pub type KindError = Box<dyn std::error::Error + Send + Sync>;

/// For the configuration of an adapter that is written.
#[derive(Clone, Debug)]
pub struct CommonFields<'a> {
    pub task_type: &'static str,
    pub base_model: &'a str,
    /// Of the base model, where one is named.
    pub revision: Option<&'a str>,
    /// Full module names.
    pub target_modules: &'a [String],
    /// Modules that were trained whole.
    pub modules_to_save: Vec<String>,
    /// Which biases were trained: `none`, `all`, `lora_only`.
    pub bias: &'a str,
    pub rank: i64,
    pub alpha: f64,
    pub dropout: f64,
}

/// What a configuration that was read says of an adapter's updates.
#[derive(Debug)]
pub struct SavedSettings {
    /// What a run that continues it is shown with.
    pub rank: i64,
    pub alpha: f64,
    /// Of single linear layers.
    pub layers: Box<dyn LayerSettings>,
}

/// What a configuration that was read says of single linear layers.
pub trait LayerSettings: Debug + Send + Sync {
    /// The settings of a linear layer whose tensors, one for each part of the kind, are `values`.
    ///
    /// # Errors
    /// Tensors that do not fit the layer, or the configuration.
    fn of_layer(&self, linear: &LinearNode, values: &[Tensor]) -> Result<UpdateSettings, KindError>;
}
