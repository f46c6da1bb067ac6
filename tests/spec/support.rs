//! Facts without files, and short ways to sweeps.

use std::cell::RefCell;
use std::path::Path;

use sweep::model::{family_named, family_names};
use sweep::spec::{
    AdapterFacts, DatasetSpec, Facts, FactsError, FamilyNames, ModelFacts, SpecErrors, Sweep, SweepFile,
};

/// Knows family and depth by name, and digests that are the names themselves.
#[derive(Default)]
pub struct FakeFacts {
    pub models_asked: RefCell<Vec<String>>,
    pub datasets_asked: RefCell<Vec<String>>,
}

impl Facts for FakeFacts {
    fn families(&self) -> Vec<&'static FamilyNames> {
        family_names()
    }

    fn search_methods(&self) -> Vec<&'static str> {
        sweep::search::method_names()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        self.models_asked.borrow_mut().push(name.to_owned());
        let (model_type, layers) = match name {
            "FacebookAI/roberta-base" | "copy/of-roberta" => ("roberta", 12),
            "sentence-transformers/all-MiniLM-L6-v2" => ("bert", 6),
            "distilbert/distilbert-base-uncased" => ("distilbert", 6),
            _ => return Err(FactsError::new(format!("model `{name}` is not here"))),
        };
        let digest = name.replace("copy/of-roberta", "FacebookAI/roberta-base");
        Ok(ModelFacts { family: family_named(model_type).unwrap(), layers, digest })
    }

    /// One of rank 8 on two modules, for RoBERTa.
    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, FactsError> {
        if name != "trained/adapter" || model != "FacebookAI/roberta-base" {
            return Err(FactsError::new(format!("adapter `{name}` of `{model}` is not here")));
        }
        let modules = ["attention.self.query", "output.dense"];
        Ok(AdapterFacts {
            rank: 8,
            lora_alpha: 12.0,
            target_modules: modules.map(|module| format!("roberta.encoder.layer.3.{module}")).to_vec(),
            digest: "adapter".to_owned(),
        })
    }

    /// The file's name alone: the folder is a location, not a content.
    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        self.datasets_asked.borrow_mut().push(dataset.path.clone());
        match dataset.path.as_str() {
            "missing.csv" => Err(FactsError::new("data set `missing.csv` is not here".to_owned())),
            path => Ok(path.rsplit('/').next().unwrap_or(path).to_owned()),
        }
    }
}

pub fn file(text: &str) -> SweepFile {
    SweepFile::parse(text, Path::new("no-such-folder")).unwrap()
}

pub fn try_sweep(text: &str) -> Result<Sweep, SpecErrors> {
    SweepFile::parse(text, Path::new("no-such-folder"))?.resolve(&FakeFacts::default())
}

pub fn sweep(text: &str) -> Sweep {
    try_sweep(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The problems of a file, one per line.
pub fn problems(text: &str) -> String {
    try_sweep(text).expect_err("this file has problems").to_string()
}

pub fn labels(sweep: &Sweep) -> Vec<&str> {
    sweep.runs.iter().map(|run| run.label.as_str()).collect()
}
