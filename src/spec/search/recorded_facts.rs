//! Facts as they were found, so that the runs of later generations are resolved by the same ones.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::spec::facts::{AdapterFacts, Facts, FactsError, Input, ModelFacts};
use crate::spec::{DatasetSpec, FamilyNames};

/// What was found of models, adapters and data sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedFacts {
    families: Vec<&'static FamilyNames>,
    search_methods: Vec<&'static str>,
    models: BTreeMap<String, ModelFacts>,
    /// By adapter and model.
    adapters: BTreeMap<(String, String), AdapterFacts>,
    /// By [`files_of`].
    datasets: BTreeMap<String, String>,
}

/// The same in a file: families by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactsRecord {
    models: BTreeMap<String, ModelRecord>,
    adapters: Vec<AdapterRecord>,
    datasets: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRecord {
    family: String,
    layers: usize,
    digest: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdapterRecord {
    name: String,
    model: String,
    facts: AdapterFacts,
}

impl RecordedFacts {
    /// None: it names a family that is not among these.
    pub fn read(
        record: &FactsRecord,
        families: &[&'static FamilyNames],
        search_methods: &[&'static str],
    ) -> Option<RecordedFacts> {
        let model = |(name, record): (&String, &ModelRecord)| {
            let family = families.iter().find(|family| family.word == record.family)?;
            let facts = ModelFacts { family, layers: record.layers, digest: record.digest.clone() };
            Some((name.clone(), facts))
        };
        let adapters = record.adapters.iter();
        Some(RecordedFacts {
            families: families.to_vec(),
            search_methods: search_methods.to_vec(),
            models: record.models.iter().map(model).collect::<Option<_>>()?,
            adapters: adapters.map(|a| ((a.name.clone(), a.model.clone()), a.facts.clone())).collect(),
            datasets: record.datasets.clone(),
        })
    }

    pub fn record(&self) -> FactsRecord {
        let model = |(name, facts): (&String, &ModelFacts)| {
            let family = facts.family.word.to_owned();
            (name.clone(), ModelRecord { family, layers: facts.layers, digest: facts.digest.clone() })
        };
        let adapter = |((name, model), facts): (&(String, String), &AdapterFacts)| AdapterRecord {
            name: name.clone(),
            model: model.clone(),
            facts: facts.clone(),
        };
        FactsRecord {
            models: self.models.iter().map(model).collect(),
            adapters: self.adapters.iter().map(adapter).collect(),
            datasets: self.datasets.clone(),
        }
    }
}

impl Facts for RecordedFacts {
    fn families(&self) -> Vec<&'static FamilyNames> {
        self.families.clone()
    }

    fn search_methods(&self) -> Vec<&'static str> {
        self.search_methods.clone()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        self.models.get(name).cloned().ok_or_else(|| absent("model", name))
    }

    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, FactsError> {
        let known = self.adapters.get(&(name.to_owned(), model.to_owned())).cloned();
        known.ok_or_else(|| absent("adapter", name))
    }

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        let known = self.datasets.get(&files_of(dataset)).cloned();
        known.ok_or_else(|| absent("dataset", &dataset.path))
    }
}

fn absent(what: &str, name: &str) -> FactsError {
    FactsError::new(format!("{what} {name} was not looked at before the search began"))
}

/// Asks others, and keeps what they say.
pub(super) struct Recorder<'f> {
    facts: &'f dyn Facts,
    found: RefCell<RecordedFacts>,
}

impl<'f> Recorder<'f> {
    pub fn new(facts: &'f dyn Facts) -> Self {
        let found = RecordedFacts {
            families: facts.families(),
            search_methods: facts.search_methods(),
            ..RecordedFacts::default()
        };
        Recorder { facts, found: RefCell::new(found) }
    }

    pub fn into_found(self) -> RecordedFacts {
        self.found.into_inner()
    }
}

impl Facts for Recorder<'_> {
    fn families(&self) -> Vec<&'static FamilyNames> {
        self.facts.families()
    }

    fn search_methods(&self) -> Vec<&'static str> {
        self.facts.search_methods()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        let facts = self.facts.model(name)?;
        self.found.borrow_mut().models.insert(name.to_owned(), facts.clone());
        Ok(facts)
    }

    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, FactsError> {
        let facts = self.facts.adapter(name, model)?;
        self.found.borrow_mut().adapters.insert((name.to_owned(), model.to_owned()), facts.clone());
        Ok(facts)
    }

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        let digest = self.facts.dataset_digest(dataset)?;
        self.found.borrow_mut().datasets.insert(files_of(dataset), digest.clone());
        Ok(digest)
    }

    fn is_at_hand(&self, input: Input<'_>) -> bool {
        self.facts.is_at_hand(input)
    }
}

/// What a data set's digest depends on, as far as the specification says it: which rows a seed holds out is no part of it.
fn files_of(dataset: &DatasetSpec) -> String {
    let same_split = match dataset.split_seed() {
        Some(_) => dataset.with_split_seed(0),
        None => dataset.clone(),
    };
    let same_rows = DatasetSpec { limit: None, ..same_split };
    serde_json::to_string(&same_rows).unwrap_or_else(|_| dataset.path.clone())
}
