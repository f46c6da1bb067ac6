//! The search of a sweep whose folder is all that a task of a job array knows.

use std::path::Path;

use crate::execute::Generations;
use crate::hub::Hub;
use crate::model;
use crate::search::{self, Search};
use crate::spec::{RecordedFacts, RunSpec, SweepFile};
use crate::store::Store;

use super::CliError;
use super::cost::Costs;
use super::facts::Found;
use super::packing::Packing;
use super::preflight::{Checker, Preflight};

/// What plans further generations.
pub struct ArraySearch {
    search: Box<dyn Search>,
    inputs: Preflight,
    packing: Packing,
}

impl ArraySearch {
    /// None where the sweep file names all runs.
    ///
    /// # Errors
    /// What the plan was made from cannot be read, or the model or the data is not there any more.
    pub fn read(store: &Store) -> Result<Option<Self>, CliError> {
        if store.record().search.is_none() {
            return Ok(None);
        }
        let missing = || CliError::NoSearchOrigin { path: store.layout().search_json() };
        let origin = store.search_origin()?.ok_or_else(missing)?;
        let facts = RecordedFacts::read(&origin.facts, &model::family_names(), &search::method_names());
        let facts = facts.ok_or_else(missing)?;
        let mut file =
            SweepFile::read_recorded(&store.layout().sweep_yaml(), Path::new(&origin.folder), &store.record().extends)?;
        for assignment in &origin.overrides {
            file.set(assignment)?;
        }
        let sweep = file.resolve(&facts)?.with_absolute_paths().map_err(CliError::CurrentFolder)?;
        let probes = sweep.search.as_ref().map_or(Ok(Vec::new()), |search| search.probes())?;
        let (hub, found) = (Hub::from_environment(), Found::default());
        let inputs = Preflight::check(&Checker { hub: &hub, found: &found, weights: false }, probes.iter());
        Ok(Some(Self { search: search::of_sweep(&sweep), inputs, packing: Packing::read(&origin.packing) }))
    }

    /// Gives `then` what work goes on by.
    pub fn with_generations<T>(&self, then: impl FnOnce(&Generations<'_>) -> T) -> T {
        let costs = Costs::new(&self.inputs, self.packing.kind);
        let tokens = |run: &RunSpec| costs.tokens_per_epoch(run);
        then(&Generations {
            search: self.search.as_ref(),
            tokens: &tokens,
            planner: &|segments| self.packing.packs(&self.inputs, segments),
        })
    }
}
