//! Model and data as they lie in memory, for all packs that have them in common.

use std::path::Path;

use tch::Device;

use super::adapter_classes::adapter_class_names;
use super::head;
use crate::data::{self, CacheUse, TokenLengths, Tokenizer};
use crate::event::{Event, Sink};
use crate::execute::{ExecuteError, PackJob};
use crate::hub::Hub;
use crate::model::{Base, ModelConfig, ModelError, SavedAdapter, tokenizer_class};
use crate::spec::{DatasetSpec, PlannedRun, Precision, RunSpec};
use crate::task::{self, Targets};
use crate::train::{Examples, Footprint, FrozenParts, TrainError, TrainingData};

/// What all runs of a pack have in common.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shared {
    model: String,
    init_adapter: Option<String>,
    precision: Precision,
    max_length: usize,
    dataset: DatasetSpec,
}

impl Shared {
    pub(super) fn new(spec: &RunSpec) -> Self {
        Self {
            model: spec.model.clone(),
            init_adapter: spec.init_adapter.clone(),
            precision: spec.precision,
            max_length: spec.max_length,
            dataset: spec.dataset.clone(),
        }
    }
}

pub(super) struct Loaded {
    pub(super) shared: Shared,
    /// What the runs begin with.
    pub(super) initial: Option<SavedAdapter>,
    pub(super) base: Base,
    pub(super) data: TrainingData,
    pub(super) frozen: FrozenParts,
    pub(super) model_digest: String,
    /// Of the data set's files, as the ids of runs have it.
    pub(super) dataset_digest: String,
    pub(super) adapter_digest: Option<String>,
}

impl Loaded {
    /// Bytes that the runs of all places take together, estimated: of each place the run that takes most.
    pub(super) fn estimate(&self, job: &PackJob) -> u64 {
        let tokens = &self.data.train.tokens;
        let longest = (0..tokens.len()).map(|index| tokens.length(index)).max().unwrap_or(0);
        let (config, classes, memory) = (&self.base.config, self.base.classes, self.base.memory);
        let of_run = |run| job.runs.get(run).map(|run| Footprint::new(config, &run.spec, classes, longest, memory).run);
        job.pack.places.iter().filter_map(|place| place.iter().filter_map(of_run).max()).sum()
    }

    /// Whether a run was planned with the contents that were read.
    pub(super) fn is_planned_with(&self, run: &PlannedRun) -> bool {
        let model = (self.model_digest.as_str(), self.base.config.graph.shape.residual_dropout);
        run.has_contents(model, &self.dataset_digest, self.adapter_digest.as_deref())
    }
}

/// Where model and data are read from, and the device that the model is for.
pub(super) struct Reader<'a> {
    pub(super) hub: &'a Hub,
    pub(super) device: Device,
    /// The device's, for errors.
    pub(super) name: &'a str,
    pub(super) token_cache: Option<&'a Path>,
}

impl Reader<'_> {
    /// What runs have in common, read.
    pub(super) fn read(&self, shared: Shared, sink: &mut dyn Sink) -> Result<Loaded, ExecuteError> {
        let folder = self.hub.model(&shared.model).map_err(ExecuteError::inputs)?;
        let location = self.hub.dataset(&shared.dataset.path).map_err(ExecuteError::inputs)?;
        let dataset = data::load(&shared.dataset, &location, task::DEFAULT.labels()).map_err(ExecuteError::inputs)?;
        let config = ModelConfig::read(&folder).map_err(ExecuteError::inputs)?;
        config.takes(shared.max_length).map_err(ExecuteError::inputs)?;
        let tokenizer = Tokenizer::load(&folder, shared.max_length, tokenizer_class).map_err(ExecuteError::inputs)?;
        let tokenizer = tokenizer.for_embeddings(config.vocabulary()).map_err(ExecuteError::inputs)?;
        let mut lengths = Vec::new();
        let mut examples = |examples: data::Examples| -> Result<Examples, ExecuteError> {
            let cache = self.token_cache;
            let (tokens, usage) = tokenizer.encode_cached(&examples.texts, cache).map_err(ExecuteError::inputs)?;
            if let CacheUse::Failed(error) = usage {
                sink.emit(&Event::Notice { run: None, message: format!("token ids are not cached: {error}") });
            }
            lengths.extend(tokenizer.lengths(&examples.texts, &tokens, cache).map_err(ExecuteError::inputs)?);
            Ok(Examples { tokens, labels: examples.labels, rows: examples.rows })
        };
        let (train, evaluation) = (examples(dataset.train)?, examples(dataset.evaluation)?);
        let test = dataset.test.map(examples).transpose()?;
        let data = TrainingData {
            train,
            evaluation,
            test,
            targets: Targets::new(task::DEFAULT, dataset.class_names),
            overview: Some(dataset.overview),
            digest: dataset.digest,
            token_lengths: Some(TokenLengths::from_lengths(lengths, shared.max_length)),
        };
        let (outputs, precision) = (data.targets.outputs(), shared.precision);
        let mut initial = self.initial(&shared, &folder)?;
        let base = match &initial {
            Some(adapter) => Base::load_for_adapter(adapter, &folder, outputs, precision, self.device),
            None => Base::load(&folder, outputs, precision, self.device),
        };
        let mut base = base.map_err(|error| match error {
            ModelError::Compute(_) | ModelError::NoTf32 => {
                ExecuteError::from_training(self.name, TrainError::Model(error))
            }
            unreadable => ExecuteError::inputs(unreadable),
        })?;
        // Before a head for other classes is taken out.
        let adapter_classes = initial.as_ref().and_then(|adapter| adapter.classes(&config));
        head::align(&mut base, initial.as_mut(), &folder, &data, sink)?;
        let choice = &base.backend;
        let backend = format!("{}: {}", choice.backend, choice.kernels);
        sink.emit(&Event::ModelLoaded { backend, slower_because: choice.slower_because.clone() });
        // After everything was read: what changes meanwhile is noticed, too.
        let model_digest = self.hub.model_digest(&folder).map_err(ExecuteError::inputs)?;
        let dataset_digest = data::digest_of_files(&shared.dataset, &location).map_err(ExecuteError::inputs)?;
        let adapter_digest = match &shared.init_adapter {
            Some(name) => Some(self.adapter_digest(name, adapter_classes)?),
            None => None,
        };
        let frozen = FrozenParts::default();
        Ok(Loaded { shared, initial, base, data, frozen, model_digest, dataset_digest, adapter_digest })
    }

    /// Of an adapter whose head is for so many classes.
    fn adapter_digest(&self, name: &str, classes: Option<usize>) -> Result<String, ExecuteError> {
        let folder = self.hub.adapter(name).map_err(ExecuteError::inputs)?;
        let names = classes.map(|classes| adapter_class_names(&folder, classes)).transpose();
        let names = names.map_err(ExecuteError::inputs)?.flatten();
        self.hub.adapter_digest(&folder, names.as_deref()).map_err(ExecuteError::inputs)
    }

    fn initial(&self, shared: &Shared, model: &Path) -> Result<Option<SavedAdapter>, ExecuteError> {
        let Some(name) = &shared.init_adapter else {
            return Ok(None);
        };
        let folder = self.hub.adapter(name).map_err(ExecuteError::inputs)?;
        let config = ModelConfig::read(model).map_err(ExecuteError::inputs)?;
        SavedAdapter::read(&folder, &config).map(Some).map_err(ExecuteError::inputs)
    }
}
