//! What resolving a sweep file must know of models and data sets, read from this machine or downloaded to it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::data;
use crate::execute::adapter_class_names;
use crate::hub::{Hub, HubError, ModelPart};
use crate::model::{self, ModelConfig, ModelError, SavedAdapter};
use crate::search;
use crate::spec::{AdapterFacts, DatasetSpec, Facts, FactsError, FamilyNames, Input, ModelFacts, RunSpec};

use super::CliError;
use super::downloads::DatasetFiles;
use super::input_error::InputError;
use super::known;

/// How much may be downloaded to know what a sweep file asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Configurations of models, and adapters: enough to tell whether the file is sound.
    Shape,
    /// Also tokenizers and data, but no weights; what cannot be had is taken from what is [`known`] without.
    Look,
    /// Everything.
    All,
}

/// Where models are, and what was not read: then the ids of runs that need it are not known.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// By the names of models.
    places: BTreeMap<String, ModelPlace>,
    /// Models that were not read whole.
    models: BTreeSet<String>,
    /// Data sets that were not read, by path.
    datasets: BTreeSet<String>,
}

impl Found {
    /// Whether everything was read.
    pub fn is_exact(&self) -> bool {
        self.models.is_empty() && self.datasets.is_empty()
    }

    /// Whether the id of a run is that of its contents.
    pub fn tells_id(&self, run: &RunSpec) -> bool {
        !self.models.contains(&run.model) && self.has_dataset(&run.dataset)
    }

    /// The names of models that were not read whole.
    pub fn without_weights(&self) -> impl Iterator<Item = &str> {
        self.models.iter().map(String::as_str)
    }

    pub fn has_tokenizer(&self, model: &str) -> bool {
        self.places.get(model).is_none_or(|place| place.folder.is_some())
    }

    pub fn has_weights(&self, model: &str) -> bool {
        !self.models.contains(model)
    }

    pub fn has_dataset(&self, dataset: &DatasetSpec) -> bool {
        !self.datasets.contains(&dataset.path)
    }

    /// What was found of a model.
    ///
    /// # Errors
    /// The model is not there any more.
    pub fn model(&self, hub: &Hub, name: &str) -> Result<ModelPlace, InputError> {
        if let Some(place) = self.places.get(name) {
            return Ok(place.clone());
        }
        let folder = hub.model(name)?;
        Ok(ModelPlace { config: ModelConfig::read(&folder)?, folder: Some(folder) })
    }
}

/// A model's configuration, and the folder where its tokenizer is; none where only the configuration is known.
#[derive(Clone, Debug)]
pub struct ModelPlace {
    pub config: ModelConfig,
    pub folder: Option<PathBuf>,
}

/// Knows what [`Hub`] finds.
#[derive(Clone, Debug)]
pub struct LocalFacts<'a> {
    hub: &'a Hub,
    depth: Depth,
    found: RefCell<Found>,
}

impl<'a> LocalFacts<'a> {
    pub fn new(hub: &'a Hub, depth: Depth) -> Self {
        LocalFacts { hub, depth, found: RefCell::default() }
    }

    /// What was found while facts were asked for.
    pub fn into_found(self) -> Found {
        self.found.into_inner()
    }

    /// As much of a model as may be downloaded.
    fn part(&self, name: &str) -> Result<ModelPlace, CliError> {
        let part = match self.depth {
            Depth::Shape => ModelPart::Shape,
            Depth::Look => ModelPart::Text,
            Depth::All => ModelPart::All,
        };
        let known = || known::model(name).map(|config| ModelPlace { config, folder: None });
        let at_hand = self.hub.model_at_hand(name, part);
        if let (Depth::Shape, None, Some(place)) = (self.depth, &at_hand, known()) {
            return Ok(place);
        }
        let error = match at_hand.map_or_else(|| self.hub.model_part(name, part), Ok) {
            Ok(folder) => return Ok(ModelPlace { config: ModelConfig::read(&folder)?, folder: Some(folder) }),
            Err(error) => error,
        };
        if self.depth == Depth::All {
            return Err(error.into());
        }
        match self.hub.model_at_hand(name, ModelPart::Shape) {
            Some(folder) => Ok(ModelPlace { config: ModelConfig::read(&folder)?, folder: None }),
            None => known().ok_or(error.into()),
        }
    }

    fn model_facts(&self, name: &str) -> Result<ModelFacts, CliError> {
        let whole = self.hub.model_at_hand(name, ModelPart::All);
        let is_whole = whole.is_some() || self.depth == Depth::All;
        let place = match whole {
            Some(folder) => ModelPlace { config: ModelConfig::read(&folder)?, folder: Some(folder) },
            None => self.part(name)?,
        };
        let digest = match &place.folder {
            Some(folder) if is_whole => self.hub.model_digest(folder)?,
            _ => format!("not read: {name}"),
        };
        let (family, layers) = (place.config.family.names(), place.config.layers());
        let mut found = self.found.borrow_mut();
        found.places.insert(name.to_owned(), place);
        if !is_whole {
            found.models.insert(name.to_owned());
        }
        Ok(ModelFacts { family, layers, digest })
    }

    fn adapter_facts(&self, name: &str, model: &str) -> Result<AdapterFacts, CliError> {
        let config = match self.hub.model_at_hand(model, ModelPart::Shape) {
            Some(folder) => ModelConfig::read(&folder)?,
            None => self.part(model)?.config,
        };
        let folder = self.hub.adapter(name)?;
        let adapter = SavedAdapter::read(&folder, &config)?;
        let names = adapter.classes(&config).map(|classes| adapter_class_names(&folder, classes)).transpose()?;
        let digest = self.hub.adapter_digest(&folder, names.flatten().as_deref())?;
        let mut targets = adapter.shape.targets;
        targets.sort_by_key(|target| (target.layer, target.linear));
        let modules = targets.iter().map(|target| Ok(target.of(&config.graph)?.linear.name.clone()));
        let target_modules = modules.collect::<Result<_, ModelError>>()?;
        Ok(AdapterFacts {
            // Reading it made sure that it is at least 1.
            rank: adapter.config.r.unsigned_abs() as usize,
            lora_alpha: adapter.config.lora_alpha,
            target_modules,
            digest,
        })
    }

    fn digest(&self, dataset: &DatasetSpec) -> Result<String, CliError> {
        let wanted = DatasetFiles(dataset);
        if let Some(location) = self.hub.dataset_at_hand(&dataset.path, &wanted) {
            return Ok(data::digest_of_files(dataset, &location)?);
        }
        if self.depth == Depth::Shape {
            // What can only be a path, and is none, is told now.
            return match self.hub.dataset(&dataset.path) {
                Err(error @ HubError::NoPath { .. }) => Err(error.into()),
                _ => Ok(self.unread(dataset)),
            };
        }
        match self.hub.dataset_with(&dataset.path, &wanted) {
            Ok(location) => Ok(data::digest_of_files(dataset, &location)?),
            Err(error) if self.depth == Depth::All => Err(error.into()),
            Err(error) => known::dataset(dataset).map(|_| self.unread(dataset)).ok_or_else(|| error.into()),
        }
    }

    /// Stands for the digest of a data set that was not read.
    fn unread(&self, dataset: &DatasetSpec) -> String {
        self.found.borrow_mut().datasets.insert(dataset.path.clone());
        dataset.unread_digest()
    }
}

impl Facts for LocalFacts<'_> {
    fn families(&self) -> Vec<&'static FamilyNames> {
        model::family_names()
    }

    fn search_methods(&self) -> Vec<&'static str> {
        search::method_names()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        self.model_facts(name).map_err(FactsError::new)
    }

    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, FactsError> {
        self.adapter_facts(name, model).map_err(FactsError::new)
    }

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        self.digest(dataset).map_err(FactsError::new)
    }

    fn is_at_hand(&self, input: Input<'_>) -> bool {
        let hub = self.hub;
        !hub.can_download()
            || match input {
                Input::Model(name) => {
                    hub.model_at_hand(name, ModelPart::Shape).is_some() || known::model(name).is_some()
                }
                Input::Adapter(name) => Path::new(name).is_dir(),
                Input::Dataset(dataset) => hub.dataset_at_hand(&dataset.path, &DatasetFiles(dataset)).is_some(),
            }
    }
}
