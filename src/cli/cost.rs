//! What a run will cost, before it runs: steps, tokens, parameters, memory.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::data::{self, EpochPlan, Tokenizer};
use crate::execute::DeviceKind;
use crate::hub::Hub;
use crate::model::ModelConfig;
use crate::spec::{DatasetSpec, RunSpec};
use crate::train::{Footprint, frozen_memory};

use super::CliError;

/// The cost of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Over all epochs.
    pub optimizer_steps: usize,
    /// Real (unpadded) training tokens over all epochs, evaluation left out.
    pub tokens: u64,
    /// Parameters and memory.
    pub footprint: Footprint,
    /// Bytes of the frozen weights, which the runs of a pack share.
    pub frozen: u64,
    pub eval_examples: usize,
    /// Of training and evaluation.
    pub examples: usize,
}

/// What is read of a model and a data set, once for all runs that use them.
#[derive(Clone, Debug)]
struct Source {
    config: ModelConfig,
    classes: usize,
    train_examples: usize,
    eval_examples: usize,
    /// Of the training examples, at most `max_length` each.
    tokens: u64,
    longest: usize,
}

/// Works out costs; reads every model and data set once.
pub struct Costs<'a> {
    hub: &'a Hub,
    device: DeviceKind,
    datasets: Vec<(DatasetSpec, data::Dataset)>,
    sources: HashMap<(String, usize, usize), Source>,
}

impl<'a> Costs<'a> {
    /// Of runs on such a device.
    pub fn new(hub: &'a Hub, device: DeviceKind) -> Self {
        Costs { hub, device, datasets: Vec::new(), sources: HashMap::new() }
    }

    /// # Errors
    /// The run's model or data set cannot be read.
    pub fn of(&mut self, run: &RunSpec) -> Result<Cost, CliError> {
        let device = self.device;
        Ok(cost(run, self.source(run)?, device))
    }

    fn source(&mut self, run: &RunSpec) -> Result<&Source, CliError> {
        let dataset = self.dataset(&run.dataset)?;
        let key = (run.model.clone(), run.max_length, dataset);
        if !self.sources.contains_key(&key) {
            let source = read(self.hub, run, &self.datasets[dataset].1)?;
            self.sources.insert(key.clone(), source);
        }
        Ok(&self.sources[&key])
    }

    /// The place of a data set in `datasets`.
    fn dataset(&mut self, spec: &DatasetSpec) -> Result<usize, CliError> {
        if let Some(place) = self.datasets.iter().position(|(known, _)| known == spec) {
            return Ok(place);
        }
        let location: PathBuf = self.hub.dataset(&spec.path)?;
        self.datasets.push((spec.clone(), data::load(spec, &location)?));
        Ok(self.datasets.len() - 1)
    }
}

fn read(hub: &Hub, run: &RunSpec, dataset: &data::Dataset) -> Result<Source, CliError> {
    let folder = hub.model(&run.model)?;
    let tokenizer = Tokenizer::load(&folder, run.max_length)?;
    let cache = data::default_cache_folder();
    let (encoded, _) = tokenizer.encode_cached(&dataset.train.texts, cache.as_deref())?;
    Ok(Source {
        config: ModelConfig::read(&folder)?,
        classes: dataset.class_names.len(),
        train_examples: dataset.train.len(),
        eval_examples: dataset.evaluation.len(),
        tokens: encoded.ids().len() as u64,
        longest: (0..encoded.len()).map(|index| encoded.length(index)).max().unwrap_or(0),
    })
}

fn cost(run: &RunSpec, source: &Source, device: DeviceKind) -> Cost {
    // A resolved run has at least 1 of both.
    let sizes = [run.batch_size, run.gradient_accumulation_steps].map(|size| size.max(1).try_into());
    let steps = match sizes {
        [Ok(batch), Ok(accumulation)] => EpochPlan::new(source.train_examples, batch, accumulation).steps(),
        _ => 0,
    };
    Cost {
        optimizer_steps: steps * run.epochs,
        tokens: source.tokens * run.epochs as u64,
        footprint: Footprint::new(&source.config, run, source.classes, source.longest, device.activations()),
        frozen: frozen_memory(&source.config, run.precision, source.classes, device.matrix_layouts()),
        eval_examples: source.eval_examples,
        examples: source.train_examples + source.eval_examples,
    }
}
