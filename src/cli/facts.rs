//! What resolving a sweep file must know of models and data sets, read from this machine or downloaded to it.

use crate::data;
use crate::hub::Hub;
use crate::model::{ModelConfig, SavedAdapter};
use crate::spec::{AdapterFacts, DatasetSpec, Facts, ModelFacts};

use super::downloads::DatasetFiles;

/// Knows what [`Hub`] finds.
#[derive(Clone, Debug)]
pub struct LocalFacts<'a> {
    hub: &'a Hub,
}

impl<'a> LocalFacts<'a> {
    pub fn new(hub: &'a Hub) -> Self {
        LocalFacts { hub }
    }
}

impl Facts for LocalFacts<'_> {
    fn model(&self, name: &str) -> Result<ModelFacts, String> {
        let folder = self.hub.model(name).map_err(|error| error.to_string())?;
        let config = ModelConfig::read(&folder).map_err(|error| error.to_string())?;
        let digest = self.hub.model_digest(&folder).map_err(|error| error.to_string())?;
        Ok(ModelFacts { architecture: config.architecture, layers: config.layers, digest })
    }

    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, String> {
        let model = self.hub.model(model).map_err(|error| error.to_string())?;
        let config = ModelConfig::read(&model).map_err(|error| error.to_string())?;
        let folder = self.hub.adapter(name).map_err(|error| error.to_string())?;
        let adapter = SavedAdapter::read(&folder, &config).map_err(|error| error.to_string())?;
        let digest = self.hub.adapter_digest(&folder).map_err(|error| error.to_string())?;
        let mut modules: Vec<_> = adapter.targets.iter().map(|target| (target.layer, target.linear)).collect();
        modules.sort();
        Ok(AdapterFacts {
            // Reading it made sure that it is at least 1.
            rank: adapter.config.r.unsigned_abs() as usize,
            lora_alpha: adapter.config.lora_alpha,
            target_modules: modules
                .into_iter()
                .map(|(layer, module)| config.architecture.module_name(layer, module))
                .collect(),
            digest,
        })
    }

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, String> {
        let location = self.hub.dataset_with(&dataset.path, &DatasetFiles(dataset));
        let location = location.map_err(|error| error.to_string())?;
        data::digest_of_files(dataset, &location).map_err(|error| error.to_string())
    }
}
