//! Drafts as small keys: two drafts have the same key where their runs compute the same.

use std::collections::HashMap;
use std::sync::Arc;

use super::draft::{Draft, Scalars};
use super::facts::{AdapterFacts, Facts, FactsError, Input, ModelFacts};
use super::fault::{AdapterFault, DatasetFault, DraftFault};
use super::identity::{DatasetIdentity, Digests, run_id};
use super::parameter::{Count, Number};
use super::problem::quoted;
use super::source_seed::{Seeds, SourceSeed, SourceSeedError, VariationSource};
use super::targets::Targets;
use super::{DatasetSpec, Evaluation, LrScheduler, Metric, Precision, RunId, RunSpec};

/// What a configuration computes, seed aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DraftKey {
    model: usize,
    dataset: usize,
    /// Of what training begins with.
    adapter: Option<usize>,
    targets: usize,
    counts: [usize; 6],
    /// As bits: equal numbers have equal bits, since neither NaN nor -0 passes the reading.
    numbers: [u64; 9],
    classifier_dropout: u64,
    lr_scheduler: LrScheduler,
    precision: Precision,
    /// As they are written, but for a split whose seed is a number: that is part of the data set.
    source_seeds: [SourceSeed; 4],
    metric_for_best: Metric,
    /// The bits of `min_delta`, and `patience`.
    early_stopping: Option<(u64, usize)>,
}

/// A run of a configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeded {
    pub seeds: Seeds,
    /// With the rows held out that this run holds out.
    dataset: usize,
}

impl Seeded {
    /// What the run computes: equal where two configurations have the same run.
    pub fn computes(&self, of: &DraftKey) -> (DraftKey, Seeds) {
        let key = DraftKey { dataset: self.dataset, source_seeds: SourceSeed::DEFAULTS, ..*of };
        (key, Seeds { split: None, ..self.seeds })
    }
}

/// What keys stand for.
#[derive(Default)]
pub(super) struct Contents {
    models: Vec<ModelFacts>,
    dataset_digests: Vec<String>,
    adapters: Vec<AdapterFacts>,
    target_modules: Vec<Vec<String>>,
}

impl Contents {
    /// A run of a draft whose key this is.
    pub fn resolved(&self, draft: &Draft, key: &DraftKey, run: &Seeded) -> RunSpec {
        let mut run = draft.resolved(&run.seeds, self.target_modules[key.targets].clone());
        if let Some(adapter) = key.adapter.map(|number| &self.adapters[number]) {
            (run.rank, run.lora_alpha) = (adapter.rank, adapter.lora_alpha);
        }
        run
    }

    pub fn run_id(&self, spec: &RunSpec, key: &DraftKey, run: &Seeded) -> RunId {
        let model = &self.models[key.model];
        let digests = Digests {
            model: &model.digest,
            residual_dropout: model.family.residual_dropout,
            dataset: &self.dataset_digests[run.dataset],
            adapter: key.adapter.map(|number| self.adapters[number].digest.as_str()),
        };
        run_id(spec, digests, None)
    }
}

/// Targets that were asked for before.
struct KnownTargets {
    /// Keeps the address taken.
    _targets: Arc<Targets>,
    number: Result<usize, DraftFault>,
}

/// Asks for each model and data set once, and gives what is equal one number.
pub(super) struct Interner<'f> {
    facts: &'f dyn Facts,
    contents: Contents,
    models: HashMap<Arc<str>, Result<usize, FactsError>>,
    /// By name and the number of their model.
    adapters: HashMap<(Arc<str>, usize), Result<usize, FactsError>>,
    /// By their JSON form.
    datasets: HashMap<String, Result<usize, DatasetFault>>,
    /// By the JSON form of what is their identity.
    dataset_identities: HashMap<String, usize>,
    /// The last one asked for: neighbours in a sweep mostly share theirs.
    last_dataset: Option<(Arc<DatasetSpec>, usize)>,
    /// By model and address.
    targets: HashMap<(usize, usize), KnownTargets>,
    module_lists: HashMap<Vec<String>, usize>,
}

impl<'f> Interner<'f> {
    pub fn new(facts: &'f dyn Facts) -> Self {
        Interner {
            facts,
            contents: Contents::default(),
            models: HashMap::new(),
            adapters: HashMap::new(),
            datasets: HashMap::new(),
            dataset_identities: HashMap::new(),
            last_dataset: None,
            targets: HashMap::new(),
            module_lists: HashMap::new(),
        }
    }

    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The key of a draft, or everything that keeps it from having one.
    pub fn key(&mut self, draft: &Draft) -> Result<DraftKey, Vec<DraftFault>> {
        let model = self.model(&draft.model).map_err(DraftFault::Model);
        let dataset = self.dataset(&first_dataset(draft)).map_err(DraftFault::Dataset);
        let split = split_fault(draft);
        let targets = match &model {
            Ok(model) => self.adapted(draft, *model).map(Some),
            Err(_) => Ok(None),
        };
        let (model, dataset, (adapter, targets)) = match (model, dataset, targets, split) {
            (Ok(model), Ok(dataset), Ok(Some(targets)), None) => (model, dataset, targets),
            (model, dataset, targets, split) => {
                let faults = [model.err(), dataset.err(), split, targets.err()];
                return Err(faults.into_iter().flatten().collect());
            }
        };
        let Scalars { mut counts, mut numbers, lr_scheduler, precision, mut source_seeds, metric_for_best, .. } =
            draft.scalars;
        if let SourceSeed::Number(_) = source_seeds[VariationSource::Split as usize] {
            source_seeds[VariationSource::Split as usize] = SourceSeed::OfDataset;
        }
        if let Some(adapter) = adapter.map(|number: usize| &self.contents.adapters[number]) {
            counts[Count::Rank as usize] = adapter.rank;
            numbers[Number::LoraAlpha as usize] = adapter.lora_alpha;
        }
        Ok(DraftKey {
            model,
            dataset,
            adapter,
            targets,
            counts,
            numbers: numbers.map(f64::to_bits),
            classifier_dropout: draft.scalars.classifier_dropout().to_bits(),
            lr_scheduler,
            precision,
            source_seeds,
            metric_for_best,
            early_stopping: draft.scalars.early_stopping.map(|rule| (rule.min_delta.to_bits(), rule.patience)),
        })
    }

    /// The run that a draft with this key is with a seed.
    pub fn run(&mut self, draft: &Draft, key: &DraftKey, seed: u64) -> Result<Seeded, DraftFault> {
        let seeds = Seeds::for_run(&draft.scalars.source_seeds, seed)
            .map_err(|(source, fault)| DraftFault::SourceSeed(source, fault))?;
        let dataset = match seeds.split {
            None => key.dataset,
            Some(_) => self.dataset(&draft.dataset_at(&seeds)).map_err(DraftFault::Dataset)?,
        };
        Ok(Seeded { seeds, dataset })
    }

    /// What keeps a draft from having a key, as far as that shows in what is at hand.
    pub fn faults_at_hand(&mut self, draft: &Draft) -> Vec<DraftFault> {
        let facts = self.facts;
        let mut faults: Vec<DraftFault> = split_fault(draft).into_iter().collect();
        let model = facts.is_at_hand(Input::Model(&draft.model)).then(|| self.model(&draft.model));
        if let Some(Err(fault)) = &model {
            faults.push(DraftFault::Model(fault.clone()));
        }
        if facts.is_at_hand(Input::Dataset(&draft.dataset)) {
            faults.extend(self.dataset(&draft.dataset).err().map(DraftFault::Dataset));
        } else {
            faults.extend(draft.dataset.contradiction().map(DatasetFault::Contradiction).map(DraftFault::Dataset));
        }
        if let Some(Ok(model)) = model
            && draft.init_adapter.as_ref().is_none_or(|adapter| facts.is_at_hand(Input::Adapter(adapter)))
        {
            faults.extend(self.adapted(draft, model).err());
        }
        faults
    }

    fn model(&mut self, name: &Arc<str>) -> Result<usize, FactsError> {
        if let Some(known) = self.models.get(name) {
            return known.clone();
        }
        let models = &mut self.contents.models;
        let number = self.facts.model(name).map(|facts| {
            let known = models.iter().position(|known| *known == facts);
            known.unwrap_or_else(|| {
                models.push(facts);
                models.len() - 1
            })
        });
        self.models.insert(name.clone(), number.clone());
        number
    }

    fn dataset(&mut self, dataset: &Arc<DatasetSpec>) -> Result<usize, DatasetFault> {
        if let Some((last, number)) = &self.last_dataset
            && Arc::ptr_eq(last, dataset)
        {
            return Ok(*number);
        }
        let spec = json(dataset.as_ref());
        let number = match self.datasets.get(&spec) {
            Some(known) => known.clone(),
            None => {
                let number = self.new_dataset(dataset);
                self.datasets.insert(spec, number.clone());
                number
            }
        }?;
        self.last_dataset = Some((dataset.clone(), number));
        Ok(number)
    }

    fn new_dataset(&mut self, dataset: &DatasetSpec) -> Result<usize, DatasetFault> {
        if let Some(contradiction) = dataset.contradiction() {
            return Err(DatasetFault::Contradiction(contradiction));
        }
        let digest = self.facts.dataset_digest(dataset)?;
        let identity = json(&DatasetIdentity::new(dataset, &digest));
        let digests = &mut self.contents.dataset_digests;
        let number = *self.dataset_identities.entry(identity).or_insert(digests.len());
        if number == digests.len() {
            digests.push(digest);
        }
        Ok(number)
    }

    /// The adapter that training begins with, where there is one, and the modules that are adapted.
    fn adapted(&mut self, draft: &Draft, model: usize) -> Result<(Option<usize>, usize), DraftFault> {
        let Some(name) = &draft.init_adapter else {
            return Ok((None, self.targets(draft, model)?));
        };
        let number = self.adapter(name, &draft.model, model).map_err(|error| DraftFault::Adapter(error.into()))?;
        let modules = self.contents.adapters[number].target_modules.clone();
        let targets = self.module_list(modules);
        self.agrees(draft, number, targets, model).map_err(DraftFault::Adapter)?;
        Ok((Some(number), targets))
    }

    fn adapter(&mut self, name: &Arc<str>, model_name: &str, model: usize) -> Result<usize, FactsError> {
        let key = (name.clone(), model);
        if let Some(known) = self.adapters.get(&key) {
            return known.clone();
        }
        let adapters = &mut self.contents.adapters;
        let number = self.facts.adapter(name, model_name).map(|facts| {
            let known = adapters.iter().position(|known| *known == facts);
            known.unwrap_or_else(|| {
                adapters.push(facts);
                adapters.len() - 1
            })
        });
        self.adapters.insert(key, number.clone());
        number
    }

    /// What the adapter decides may stand in the file as well, if it is the same. (A default may stand for nothing.)
    fn agrees(&mut self, draft: &Draft, adapter: usize, targets: usize, model: usize) -> Result<(), AdapterFault> {
        let paper = Draft::paper();
        let differs = |name: &'static str, given: f64, default: f64, adapted: f64| {
            let wrong = given != default && given != adapted;
            if wrong { Err(AdapterFault::Differs { name, given, adapted }) } else { Ok(()) }
        };
        let facts = &self.contents.adapters[adapter];
        let rank = |draft: &Draft| draft.scalars.count(Count::Rank) as f64;
        let alpha = |draft: &Draft| draft.scalars.number(Number::LoraAlpha);
        differs("rank", rank(draft), rank(&paper), facts.rank as f64)?;
        differs("lora_alpha", alpha(draft), alpha(&paper), facts.lora_alpha)?;
        let own = draft.targets != paper.targets;
        if own && self.targets(draft, model).ok() != Some(targets) {
            return Err(AdapterFault::Targets);
        }
        Ok(())
    }

    fn targets(&mut self, draft: &Draft, model: usize) -> Result<usize, DraftFault> {
        let targets = &draft.targets;
        let address = (model, Arc::as_ptr(targets).addr());
        if let Some(known) = self.targets.get(&address) {
            return known.number.clone();
        }
        let resolved = targets.resolve(&draft.model, &self.contents.models[model], &self.facts.families());
        let number = resolved.map_err(DraftFault::Targets).map(|names| self.module_list(names));
        self.targets.insert(address, KnownTargets { _targets: targets.clone(), number: number.clone() });
        number
    }

    fn module_list(&mut self, names: Vec<String>) -> usize {
        let lists = &mut self.contents.target_modules;
        let number = *self.module_lists.entry(names.clone()).or_insert(lists.len());
        if number == lists.len() {
            lists.push(names);
        }
        number
    }
}

/// The data set, with the rows held out that a split's own seed holds out.
fn first_dataset(draft: &Draft) -> Arc<DatasetSpec> {
    match draft.scalars.source_seeds[VariationSource::Split as usize] {
        SourceSeed::Number(seed) => draft.dataset.with_split_seed(seed).into(),
        SourceSeed::OfDataset | SourceSeed::AfterSeed(_) => draft.dataset.clone(),
    }
}

/// A seed for a split that is none of ours.
fn split_fault(draft: &Draft) -> Option<DraftFault> {
    let rule = draft.scalars.source_seeds[VariationSource::Split as usize];
    let evaluation = match &draft.dataset.evaluation {
        _ if rule == SourceSeed::OfDataset => return None,
        Evaluation::HeldOut { .. } => return None,
        Evaluation::Split(split) => format!("the split {}", quoted(split)),
        Evaluation::File(path) => format!("the file {}", quoted(path)),
    };
    Some(DraftFault::SourceSeed(VariationSource::Split, SourceSeedError::NothingHeldOut { evaluation }))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers always have a JSON form")
}
