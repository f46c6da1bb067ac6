//! `sweep fetch`: everything a sweep needs, for machines without a network.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::hub::Hub;
use crate::spec::{AdapterFacts, DatasetSpec, Facts, FactsError, FamilyNames, Input, ModelFacts, SweepFile};

use super::CliError;
use super::context::Context;
use super::downloads;
use super::facts::{Depth, LocalFacts};

/// Downloads the models and data sets of a sweep file.
///
/// They go into the Hugging Face cache, where `sweep run` finds them without a network. What is there already is brought
/// up to date.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep fetch sweeps/ablation.yaml
  HF_HOME=/shared/hf sweep fetch sweeps/ablation.yaml --set model=FacebookAI/roberta-large

Exit codes:
  0  everything is on this machine
  2  bad input, or something cannot be downloaded")]
pub struct Fetch {
    /// The sweep file (YAML).
    file: PathBuf,
    /// Changes a parameter of `base`, as `sweep run` does. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Fetch {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let mut file = SweepFile::read(&self.file)?;
        for assignment in &self.set {
            file.set(assignment)?;
        }
        let hub = downloads::hub()?;
        // What is wrong with the file is told before anything large is downloaded.
        file.resolve(&LocalFacts::new(&hub, Depth::Shape))?;
        let hub = hub.refreshing();
        let facts = Seen { facts: LocalFacts::new(&hub, Depth::All), hub: &hub, lines: RefCell::default() };
        file.resolve(&facts)?;
        print(&facts.lines.into_inner().into_iter().collect::<String>())?;
        Ok(ExitCode::Success)
    }
}

/// Notes where everything is that is asked for.
struct Seen<'a> {
    facts: LocalFacts<'a>,
    hub: &'a Hub,
    lines: RefCell<BTreeSet<String>>,
}

impl Seen<'_> {
    fn note(&self, what: &str, name: &str, place: PathBuf) {
        self.lines.borrow_mut().insert(format!("{what} {name} in {}\n", place.display()));
    }
}

impl Facts for Seen<'_> {
    fn families(&self) -> Vec<&'static FamilyNames> {
        self.facts.families()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        let facts = self.facts.model(name)?;
        // The cache has it now.
        let place = Hub::from_environment().model(name).or_else(|_| self.hub.model(name));
        self.note("model", name, place.map_err(FactsError::new)?);
        Ok(facts)
    }

    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, FactsError> {
        let facts = self.facts.adapter(name, model)?;
        self.note("adapter", name, self.hub.adapter(name).map_err(FactsError::new)?);
        Ok(facts)
    }

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        let digest = self.facts.dataset_digest(dataset)?;
        self.note("dataset", &dataset.path, self.hub.dataset(&dataset.path).map_err(FactsError::new)?);
        Ok(digest)
    }

    fn is_at_hand(&self, input: Input<'_>) -> bool {
        self.facts.is_at_hand(input)
    }
}
