//! The whole design of a sweep on a small model and a small data set: every configuration once, in minutes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::facts::{AdapterFacts, Facts, FactsError, Input, ModelFacts};
use super::family_names::FamilyNames;
use super::identity::{Digests, run_id};
use super::module::Module;
use super::observation::{Against, Observation, Observed};
use super::problem::Problems;
use super::scaling::Scaling;
use super::{
    DatasetSpec, Evaluation, HeldOut, HypothesisMetric, PlannedRun, Problem, Rehearsal, RunSpec, SpecErrors, Sweep,
    SweepFile, resolve,
};

impl SweepFile {
    /// The sweep as it is rehearsed: each configuration with its first seed, on the rehearsal's model and data. Name, labels
    /// and hypotheses stay those of the sweep; the store keeps a rehearsal's results apart.
    ///
    /// Adapted layers are mapped by their relative depth, epochs are capped so that longer runs stay longer, learning rates
    /// and batches are scaled by one factor each ([`Sweep::scaled`] says which). What made two configurations different may
    /// thus disappear; both are run all the same, and the configuration's label is part of the run's id.
    ///
    /// The sweep's own model and data set need not be at hand: where `facts` has none of a model, its depth is told by its
    /// name.
    ///
    /// # Errors
    /// With every problem of the file, or when `facts` knows nothing of the rehearsal's model or data.
    pub fn rehearse(&self, rehearsal: &Rehearsal, facts: &dyn Facts) -> Result<Sweep, SpecErrors> {
        let mut problems = Problems::default();
        let design = self.design(&mut problems);
        if let Some(search) = &design.search {
            let message = "a search is not rehearsed: what it tries depends on results; try it with a small model and a few \
                           samples, under another `name`";
            problems.add(search.places.whole.clone(), message);
        }
        let known = NominalFacts { facts, models: RefCell::default() };
        let Some(sweep) = resolve::resolve(&design, &known, &mut problems) else {
            return Err(self.invalid(problems.report(self.sources())));
        };
        let absent = |error: FactsError| {
            let path = "--rehearse".to_owned();
            self.invalid(vec![Problem { path, file: None, line: None, message: error.to_string() }])
        };
        let stage = Stage {
            model: facts.model(&rehearsal.model).map_err(absent)?,
            data_digest: facts.dataset_digest(&without_test(&rehearsal.dataset)).map_err(absent)?,
            tested_digest: facts.dataset_digest(&with_test(&rehearsal.dataset)).map_err(absent)?,
            rehearsal,
            depths: known.models.into_inner().into_iter().map(|(name, facts)| (name, facts.layers)).collect(),
            scaling: Scaling::new(&design.base.scalars, &sweep.runs, rehearsal),
        };
        Ok(stage.sweep(Sweep { extends: self.extended(), ..sweep }))
    }
}

/// Knows of a model that is not at hand what its name tells.
struct NominalFacts<'f> {
    facts: &'f dyn Facts,
    models: RefCell<HashMap<String, ModelFacts>>,
}

impl Facts for NominalFacts<'_> {
    fn families(&self) -> Vec<&'static FamilyNames> {
        self.facts.families()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        let known = self.facts.model(name);
        let known = known.or_else(|absent| nominal(name, &self.families()).ok_or(absent))?;
        self.models.borrow_mut().insert(name.to_owned(), known.clone());
        Ok(known)
    }

    fn adapter(&self, name: &str, model: &str) -> Result<AdapterFacts, FactsError> {
        self.facts.adapter(name, model)
    }

    /// The sweep's own data is not read, so its name stands for it.
    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        Ok(dataset.unread_digest())
    }

    fn is_at_hand(&self, input: Input<'_>) -> bool {
        matches!(input, Input::Dataset(_)) || self.facts.is_at_hand(input)
    }
}

/// Family and depth by the usual names of checkpoints: `FacebookAI/roberta-large`, `distilbert-base-uncased`. The word that
/// says most counts: `distilbert` is no `bert`.
fn nominal(name: &str, families: &[&'static FamilyNames]) -> Option<ModelFacts> {
    let lower = name.to_lowercase();
    let family = families.iter().filter(|family| lower.contains(family.word)).max_by_key(|family| family.word.len())?;
    let layers = if lower.contains("distil") {
        6
    } else if lower.contains("large") {
        24
    } else {
        12
    };
    Some(ModelFacts { family, layers, digest: name.to_owned() })
}

/// Everything that turns a run into its rehearsal.
struct Stage<'a> {
    rehearsal: &'a Rehearsal,
    model: ModelFacts,
    data_digest: String,
    /// Of the data with its test.
    tested_digest: String,
    /// Layers of the sweep's own models.
    depths: HashMap<String, usize>,
    scaling: Scaling,
}

impl Stage<'_> {
    fn sweep(&self, sweep: Sweep) -> Sweep {
        let mut seen = HashSet::new();
        let scaled = self.scaling.sentences(&sweep.runs, self.rehearsal);
        let firsts = sweep.runs.into_iter().filter(|run| seen.insert(run.configuration.clone()));
        let mut originals = BTreeMap::new();
        let rehearsed = |run: PlannedRun| {
            let original = run.spec.clone();
            let run = self.run(run);
            originals.insert(run.id.clone(), original);
            run
        };
        let runs = firsts.map(rehearsed).collect();
        let mut hypotheses = sweep.hypotheses;
        for hypothesis in &mut hypotheses {
            if let HypothesisMetric::AfterEpoch { epoch, .. } = &mut hypothesis.metric {
                *epoch = (*epoch).min(self.scaling.base_epochs());
            }
        }
        let observations = sweep.observations.into_iter().map(|observation| self.observation(observation)).collect();
        let notice = format!("Rehearsal on {}: the figures say nothing about the sweep itself.", self.rehearsal.model);
        Sweep {
            search: None,
            name: sweep.name,
            description: format!("{notice} {}", sweep.description).trim().to_owned(),
            runs,
            changes: sweep.changes,
            scaled,
            originals,
            hypotheses,
            observations,
            baseline: sweep.baseline,
            // One seed settles nothing.
            looks: Vec::new(),
            reference: sweep.reference,
            extends: sweep.extends,
        }
    }

    fn observation(&self, observation: Observation) -> Observation {
        let within = |observed: Observed| observed.within(self.scaling.base_epochs());
        let against = match observation.against {
            Against::Quantity(observed) => Against::Quantity(within(observed)),
            Against::Value(value) => Against::Value(value),
        };
        Observation { observe: within(observation.observe), against, ..observation }
    }

    fn run(&self, run: PlannedRun) -> PlannedRun {
        let spec = self.spec(run.spec);
        let dataset = if spec.dataset.test.is_some() { &self.tested_digest } else { &self.data_digest };
        let (model, residual_dropout) = (&self.model.digest, self.model.family.residual_dropout);
        let digests = Digests { model, residual_dropout, dataset, adapter: None };
        PlannedRun {
            id: run_id(&spec, digests, Some(&run.configuration)),
            label: run.configuration.clone(),
            configuration: run.configuration,
            spec,
        }
    }

    fn spec(&self, spec: RunSpec) -> RunSpec {
        let spec = self.scaling.apply(spec);
        let dataset = &self.rehearsal.dataset;
        RunSpec {
            target_modules: self.targets(&spec),
            model: self.rehearsal.model.clone(),
            dataset: if spec.dataset.test.is_some() { with_test(dataset) } else { without_test(dataset) },
            // It is the other model's.
            init_adapter: None,
            max_length: spec.max_length.min(self.rehearsal.max_length),
            ..spec
        }
    }

    /// The same modules at the same relative depth; those that meet in one layer are one, and one that the rehearsal's model
    /// does not have is left out.
    fn targets(&self, spec: &RunSpec) -> Vec<String> {
        let depth = self.depths.get(&spec.model).copied().unwrap_or(self.model.layers);
        let parsed = spec.target_modules.iter().filter_map(|name| Module::parse(name));
        let mapped: BTreeSet<(usize, Module)> =
            parsed.map(|(layer, module)| (same_depth(layer, depth, self.model.layers), module)).collect();
        mapped.into_iter().filter_map(|(layer, module)| self.model.family.full_name(layer, module)).collect()
    }
}

/// Test rows are held out of further ones, so that as many are left to train on.
fn with_test(dataset: &DatasetSpec) -> DatasetSpec {
    let tested = match dataset.test {
        Some(Evaluation::HeldOut { size: HeldOut::Examples(examples), .. }) => examples,
        _ => 0,
    };
    DatasetSpec { limit: dataset.limit.map(|limit| limit + tested), ..dataset.clone() }
}

fn without_test(dataset: &DatasetSpec) -> DatasetSpec {
    DatasetSpec { test: None, ..dataset.clone() }
}

/// The layer of `to` layers that lies as deep as `layer` of `from` layers: first to first, last to last.
fn same_depth(layer: usize, from: usize, to: usize) -> usize {
    let (last_from, last_to) = (from.saturating_sub(1).max(1), to.saturating_sub(1));
    // Rounded to the nearest, halves up.
    (2 * layer * last_to + last_from) / (2 * last_from)
}
