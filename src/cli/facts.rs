//! What resolving a sweep file must know of models and data sets, read from this machine.

use crate::data;
use crate::hub::Hub;
use crate::model::ModelConfig;
use crate::spec::{DatasetSpec, Facts, ModelFacts};

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

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, String> {
        let location = self.hub.dataset(&dataset.path).map_err(|error| error.to_string())?;
        data::digest_of_files(dataset, &location).map_err(|error| error.to_string())
    }
}
