//! An adapter that was saved, over its base.

use std::path::Path;

use tch::Device;

use super::error::PeftError;
use super::files::WEIGHTS_FILE;
use super::saved::SavedAdapter;
use crate::model::adapter::Adapter;
use crate::model::backend::BackendRequest;
use crate::model::base::Base;
use crate::model::checkpoint::Weights;
use crate::model::config::ModelConfig;
use crate::model::error::ModelError;
use crate::spec::Precision;

impl Base {
    /// Loads the model that `adapter` was trained on: with what it trained beside LoRA and head (biases, a pooler) in place.
    ///
    /// # Errors
    /// As [`Self::load`]; also a trained weight that the model does not have.
    pub fn load_for_adapter(
        adapter: &SavedAdapter,
        folder: &Path,
        classes: usize,
        precision: Precision,
        device: Device,
    ) -> Result<Self, ModelError> {
        let config = ModelConfig::read(folder)?;
        let mut weights = Weights::read(folder, &config.graph)?;
        adapter.replace_beyond(&mut weights)?;
        Base::from_weights(BackendRequest::Fastest, config, weights, classes, precision, device)
    }
}

/// An adapter that PEFT (or this tool) saved in `folder`, over `base`; `base.classes` must be its number of classes.
///
/// # Errors
/// As [`SavedAdapter::read`]; also an adapter that needs another base because it trains more than LoRA and head, or one
/// without a head where the base has none.
pub fn load(folder: &Path, base: &Base) -> Result<Adapter, ModelError> {
    let saved = SavedAdapter::read(folder, &base.config)?;
    let invalid = |source| Err(ModelError::Saved { path: folder.join(WEIGHTS_FILE), source: Box::new(source) });
    if let Some(name) = saved.beyond().keys().next() {
        return invalid(PeftError::TrainedToo(name.clone()));
    }
    if saved.classes(&base.config).is_none() && base.head.is_empty() {
        return invalid(PeftError::NoHead);
    }
    saved.adapter(base, 0)
}
