//! One check of data, tokenizers and models together, before anything is planned; and what was found there, for people to
//! read. Each data set is read once, and each model, tokenizer and maximal length is tried on it once, however many runs
//! have them.

mod faults;
mod look;
mod read;
mod shown;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::data::{self, DataError, Dataset, TokenLengths, Tokenizer};
use crate::hub::Hub;
use crate::model::{ModelConfig, check_weights, tokenizer_class};
use crate::spec::{DatasetSpec, PlannedRun, RunSpec};
use crate::task;

use super::facts::{Found, ModelPlace};
use super::input_error::InputError;
use super::known::{self, Sizes};
use read::{Data, Read};

pub use faults::{InputFault, InputFaults};
pub use look::DataLook;
pub use shown::{full, short};

/// What runs cost is reckoned from.
#[derive(Clone, Debug)]
pub struct CostSource {
    pub config: ModelConfig,
    pub sizes: Sizes,
    /// Of the training examples, at most `max_length` each; none where the texts were not read.
    pub tokens: Option<u64>,
    /// The longest training sequence in tokens; `max_length` where the texts were not read.
    pub longest: usize,
}

/// What runs have in common that read the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct InputsKey {
    model: String,
    max_length: usize,
    /// Its place in the list of data sets.
    dataset: usize,
}

/// What was found for runs that read the same.
#[derive(Clone, Debug, Default)]
struct Combination {
    source: Option<CostSource>,
    faults: Vec<Arc<InputError>>,
}

/// Everything that runs read, checked.
#[derive(Clone, Debug, Default)]
pub struct Preflight {
    datasets: Vec<DatasetSpec>,
    looks: Vec<DataLook>,
    combinations: HashMap<InputsKey, Combination>,
}

impl Preflight {
    /// Checks all that these runs read. What is wrong is kept for [`Preflight::faults`].
    pub fn check<'r>(checker: &Checker<'_>, runs: impl Iterator<Item = &'r PlannedRun>) -> Self {
        let mut preflight = Self::default();
        for run in runs {
            let key = match preflight.key(&run.spec) {
                Some(key) => key,
                None => {
                    preflight.datasets.push(run.spec.dataset.clone());
                    let dataset = preflight.datasets.len() - 1;
                    InputsKey { model: run.spec.model.clone(), max_length: run.spec.max_length, dataset }
                }
            };
            preflight.combinations.entry(key).or_default();
        }
        let mut models = HashMap::new();
        for (number, dataset) in preflight.datasets.iter().enumerate() {
            let data = checker.data(dataset);
            let mut look = DataLook::new(dataset, &data);
            let mut of_dataset: Vec<_> =
                preflight.combinations.iter_mut().filter(|(key, _)| key.dataset == number).collect();
            of_dataset.sort_by(|(a, _), (b, _)| (&a.model, a.max_length).cmp(&(&b.model, b.max_length)));
            for (key, combination) in of_dataset {
                let place = models.entry(key.model.clone()).or_insert_with(|| checker.model(&key.model));
                let (checked, lengths) = checker.combination(key, place, &data);
                *combination = checked;
                look.lengths.extend(lengths.map(|lengths| (key.model.clone(), lengths)));
            }
            preflight.looks.push(look);
        }
        preflight.name_splits();
        preflight
    }

    /// Data sets of which other rows are held out are told apart by that.
    fn name_splits(&mut self) {
        for (number, dataset) in self.datasets.iter().enumerate() {
            let alike = |other: &&DatasetSpec| other.path == dataset.path && *other != dataset;
            let others: Vec<&DatasetSpec> = self.datasets.iter().filter(alike).collect();
            if others.iter().any(|other| other.split_seed() != dataset.split_seed()) {
                self.looks[number].split_seed = dataset.split_seed();
            }
        }
    }

    /// What a run's cost is reckoned from; none where something is wrong.
    pub fn source(&self, run: &RunSpec) -> Option<&CostSource> {
        self.combinations.get(&self.key(run)?)?.source.as_ref()
    }

    /// What is wrong for these runs.
    pub fn faults<'r>(&self, runs: impl Iterator<Item = &'r PlannedRun>) -> Vec<InputFault> {
        let mut faults = faults::Counted::default();
        for run in runs {
            let combination = self.key(&run.spec).and_then(|key| self.combinations.get(&key));
            faults.add(combination.into_iter().flat_map(|combination| &combination.faults));
        }
        faults.into_faults()
    }

    /// What was found of each data set.
    pub fn looks(&self) -> &[DataLook] {
        &self.looks
    }

    /// The same with paths as they are seen from the current folder.
    pub fn looks_from_here(&self) -> Vec<DataLook> {
        let here = std::env::current_dir().unwrap_or_default();
        self.looks.iter().map(|look| look.seen_from(&here)).collect()
    }

    fn key(&self, run: &RunSpec) -> Option<InputsKey> {
        let dataset = self.datasets.iter().position(|known| *known == run.dataset)?;
        Some(InputsKey { model: run.model.clone(), max_length: run.max_length, dataset })
    }
}

/// A model with what is wrong with its weights; or why it cannot be read.
type Checked = Result<(ModelPlace, Option<Arc<InputError>>), Arc<InputError>>;

/// Reads and checks.
pub struct Checker<'a> {
    pub hub: &'a Hub,
    pub found: &'a Found,
    /// Whether weights are needed.
    pub weights: bool,
}

impl Checker<'_> {
    fn data(&self, spec: &DatasetSpec) -> Data {
        if !self.found.has_dataset(spec) {
            let sizes = known::dataset(spec).ok_or_else(|| InputError::NotRead { path: spec.path.clone() }.into());
            return sizes.map(Read::Sizes);
        }
        let read = || -> Result<Dataset, InputError> {
            Ok(data::load(spec, &self.hub.dataset(&spec.path)?, task::DEFAULT.labels())?)
        };
        Ok(Read::Whole(Box::new(read()?)))
    }

    fn model(&self, name: &str) -> Checked {
        let place = self.found.model(self.hub, name)?;
        let weights = place.folder.as_deref().filter(|_| self.weights && self.found.has_weights(name));
        let fault = weights.and_then(|folder| check_weights(folder, &place.config).err());
        Ok((place, fault.map(|fault| Arc::new(fault.into()))))
    }

    fn combination(&self, key: &InputsKey, model: &Checked, data: &Data) -> (Combination, Option<TokenLengths>) {
        let mut faults: Vec<Arc<InputError>> = data.as_ref().err().cloned().into_iter().collect();
        let (place, weights) = match model {
            Ok((place, fault)) => (place, fault.clone()),
            Err(fault) => {
                faults.push(fault.clone());
                return (Combination { source: None, faults }, None);
            }
        };
        faults.extend(weights);
        faults.extend(too_long(key, &place.config).map(Arc::new));
        let tokenizer = place.folder.as_deref().map(|folder| tokenizer(folder, key.max_length, &place.config));
        let tokens = match (tokenizer.transpose(), data) {
            (Err(fault), _) => Err(fault),
            (Ok(Some(tokenizer)), Ok(Read::Whole(dataset))) => tokens(&tokenizer, dataset, key.max_length).map(Some),
            _ => Ok(None),
        };
        let tokens = tokens.unwrap_or_else(|fault| {
            faults.push(Arc::new(fault.into()));
            None
        });
        let source = data.as_ref().ok().filter(|_| faults.is_empty()).map(|data| CostSource {
            config: place.config.clone(),
            sizes: data.sizes(),
            tokens: tokens.map(|tokens| tokens.train),
            longest: tokens.map_or(key.max_length, |tokens| tokens.longest),
        });
        (Combination { source, faults }, tokens.map(|tokens| tokens.lengths))
    }
}

fn too_long(key: &InputsKey, config: &ModelConfig) -> Option<InputError> {
    let longest = config.longest_sequence();
    let given = key.max_length;
    (given > longest).then(|| InputError::TooLong { given, model: key.model.clone(), longest })
}

fn tokenizer(folder: &Path, max_length: usize, config: &ModelConfig) -> Result<Tokenizer, DataError> {
    Tokenizer::load(folder, max_length, tokenizer_class)?.for_embeddings(config.vocabulary())
}

/// The texts of a data set in tokens.
#[derive(Clone, Copy, Debug)]
struct Tokens {
    /// Of all training examples, as they are cut.
    train: u64,
    /// The longest training example, as it is cut.
    longest: usize,
    /// Of training, evaluation and test.
    lengths: TokenLengths,
}

fn tokens(tokenizer: &Tokenizer, dataset: &Dataset, max_length: usize) -> Result<Tokens, DataError> {
    let cache = data::default_cache_folder();
    let mut lengths = Vec::new();
    let (mut train, mut longest) = (0, 0);
    for (part, examples) in [&dataset.train, &dataset.evaluation].into_iter().chain(&dataset.test).enumerate() {
        let (encoded, _) = tokenizer.encode_cached(&examples.texts, cache.as_deref())?;
        if part == 0 {
            train = encoded.ids().len() as u64;
            longest = (0..encoded.len()).map(|text| encoded.length(text)).max().unwrap_or(0);
        }
        lengths.extend(tokenizer.lengths(&examples.texts, &encoded, cache.as_deref())?);
    }
    Ok(Tokens { train, longest, lengths: TokenLengths::from_lengths(lengths, max_length) })
}
