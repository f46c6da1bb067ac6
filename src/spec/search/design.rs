//! A search that was checked against its models and data, and the runs of its points.

use serde::Serialize;

use crate::metrics::Direction;
use crate::spec::axis::{Axis, Choice};
use crate::spec::design::Design;
use crate::spec::draft::Draft;
use crate::spec::exclude::Condition;
use crate::spec::expand::Origin;
use crate::spec::facts::Facts;
use crate::spec::intern::Interner;
use crate::spec::problem::{Place, Problems, did_you_mean, listed, quoted};
use crate::spec::source_seed::Seeds;
use crate::spec::sources::Sources;
use crate::spec::{PlannedRun, RunId, SpecErrors, fault_report, planning};
use crate::words::{counted, grouped};

use super::distribution::Coordinate;
use super::draft::{DimensionDraft, SearchDraft, is_input, joined};
use super::order::order;
use super::point::{Dimension, Point, RecordedPoint};
use super::recorded_facts::{RecordedFacts, Recorder};
use super::settings::{SearchRecord, SearchSettings, StopRule};

/// Combinations of models, data and modules that are looked at before a search begins.
const MOST_COMBINATIONS: usize = 10_000;

/// A search with all that its runs are resolved by: the same point and seeds give the same runs, whenever they are asked for.
#[derive(Clone, Debug)]
pub struct SearchDesign {
    settings: SearchSettings,
    dimensions: Vec<Dimension>,
    drafts: Vec<DimensionDraft>,
    /// In which dimensions are decided.
    order: Vec<usize>,
    /// Of the settings.
    initial: Vec<Point>,
    /// The file without its own runs.
    template: Design,
    facts: RecordedFacts,
    /// Whether the runs get absolute paths.
    located: bool,
}

/// Two designs are equal where they search the same: what decides is their definition and what they know.
impl PartialEq for SearchDesign {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings && self.definition() == other.definition() && self.facts == other.facts
    }
}

/// What a search's choices depend on, beside the results; how long it goes on is no part of it.
#[derive(Serialize)]
struct Definition<'a> {
    method: &'a str,
    batch: usize,
    seed: u64,
    metric: &'a str,
    seeds: &'a [u64],
    stop: &'a Option<StopRule>,
    initial: &'a [RecordedPoint],
    space: &'a [Dimension],
}

impl SearchDesign {
    /// Checks the section with everything that its runs can read; none where something is wrong.
    pub(in crate::spec) fn new(
        design: &Design,
        draft: &SearchDraft,
        facts: &dyn Facts,
        problems: &mut Problems,
    ) -> Option<SearchDesign> {
        check_method(draft, facts, problems);
        check_stop(design, draft, problems);
        let metric = draft.metric.unwrap_or(design.base.scalars.metric_for_best);
        check_goal(draft, metric.direction(), metric.name(), problems);
        let settings = SearchSettings {
            method: draft.method.clone(),
            samples: draft.samples,
            batch: draft.batch,
            seed: draft.seed,
            metric,
            seeds: design.seeds.clone().unwrap_or_else(|| vec![design.base.scalars.seed]),
            initial: Vec::new(),
            confirm: draft.confirm,
            stop: draft.stop.clone(),
            budget: draft.budget,
        };
        let recorder = Recorder::new(facts);
        let mut search = SearchDesign {
            settings,
            dimensions: draft.dimensions.iter().map(DimensionDraft::dimension).collect(),
            drafts: draft.dimensions.clone(),
            // One without an order was refused when it was read.
            order: order(&draft.dimensions).unwrap_or_default(),
            initial: Vec::new(),
            template: template(design),
            facts: RecordedFacts::default(),
            located: false,
        };
        search.check_inputs(design, draft, &recorder, problems);
        search.facts = recorder.into_found();
        if problems.is_empty() {
            search.check_initial(&draft.initial, problems);
        }
        search.initial = draft.initial.iter().map(|initial| initial.point.clone()).collect();
        let recorded = search.initial.iter().map(|point| point.recorded(&search.dimensions));
        search.settings.initial = recorded.collect();
        problems.is_empty().then_some(search)
    }

    pub fn settings(&self) -> &SearchSettings {
        &self.settings
    }

    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The numbers of the dimensions in the order in which they are decided: each after those that its `when` asks for.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Tried first, in this order.
    pub fn initial(&self) -> &[Point] {
        &self.initial
    }

    /// As plans have it.
    pub fn record(&self) -> SearchRecord {
        SearchRecord { settings: self.settings.clone(), space: self.dimensions.clone() }
    }

    pub fn facts(&self) -> &RecordedFacts {
        &self.facts
    }

    /// Tells one search from another: of equal definitions the one goes on where the other was.
    pub fn definition(&self) -> String {
        let settings = &self.settings;
        let definition = Definition {
            method: &settings.method,
            batch: settings.batch,
            seed: settings.seed,
            metric: settings.metric.name(),
            seeds: &settings.seeds,
            stop: &settings.stop,
            initial: &settings.initial,
            space: &self.dimensions,
        };
        // Texts, lists and finite numbers: it has a JSON form.
        let json = serde_json::to_vec(&definition).unwrap_or_default();
        blake3::hash(&json).to_hex()[..16].to_owned()
    }

    /// Whether a dimension applies at a point, of which the dimensions before it in [`SearchDesign::order`] are known.
    pub fn is_active(&self, dimension: usize, point: &Point) -> bool {
        let Some(when) = &self.drafts[dimension].when else {
            return true;
        };
        let choices = self.choices(point);
        let draft = self.template.base.with(choices.iter().flat_map(|choice| &choice.settings));
        self.at_seed(&draft, self.settings.seeds.first().copied().unwrap_or_default())
            .is_some_and(|draft| when.matches(&draft))
    }

    /// Whether no condition of `exclude` leaves out a run of it.
    pub fn is_allowed(&self, point: &Point) -> bool {
        self.excluded_by(point).is_none()
    }

    /// The condition of `exclude` that leaves out a run of it.
    pub(super) fn excluded_by(&self, point: &Point) -> Option<&Condition> {
        if self.template.exclude.is_empty() {
            return None;
        }
        let choices = self.choices(point);
        let draft = self.template.base.with(choices.iter().flat_map(|choice| &choice.settings));
        let excluding = |seed: &u64| {
            let draft = self.at_seed(&draft, *seed)?;
            self.template.exclude.iter().find(|condition| condition.matches(&draft))
        };
        self.settings.seeds.iter().find_map(excluding)
    }

    /// Whether two points come to the same runs.
    pub(super) fn is_same(&self, one: &Point, other: &Point) -> bool {
        let ids = |point: &Point| -> Option<Vec<RunId>> {
            let runs = self.runs(std::slice::from_ref(point), &self.settings.seeds).ok()?;
            Some(runs.into_iter().map(|run| run.id).collect())
        };
        one == other || ids(one).is_some_and(|one| Some(one) == ids(other))
    }

    /// The runs of points with these seeds, point by point; runs that compute the same are one.
    ///
    /// # Errors
    /// A point that the models or the data do not allow. Those whose inputs were looked at when the search was read are allowed.
    pub fn runs(&self, points: &[Point], seeds: &[u64]) -> Result<Vec<PlannedRun>, SpecErrors> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let runs = points.iter().map(|point| joined(&self.choices(point), &Place::default())).collect();
        let design = Design { runs, seeds: Some(seeds.to_vec()), ..self.template.clone() };
        let mut problems = Problems::default();
        let mut interner = Interner::new(&self.facts);
        let planned = planning::configurations(&design, &mut interner, &mut problems);
        if !problems.is_empty() {
            return Err(SpecErrors::Invalid {
                file: "search".to_owned(),
                problems: problems.report(&Sources::default()),
            });
        }
        let mut runs =
            planning::runs(&planned, design.varies_seed() || self.settings.confirm.is_some(), interner.contents());
        for run in runs.iter_mut().filter(|_| self.located) {
            run.spec.locate()?;
        }
        Ok(runs)
    }

    /// From now on the runs have absolute paths.
    pub(in crate::spec) fn locate_runs(&mut self) {
        self.located = true;
    }

    /// The label of a point's configuration.
    pub fn label(&self, point: &Point) -> String {
        joined(&self.choices(point), &Place::default()).label
    }

    /// Runs of which each reads something else: together they read all that the runs of the search can read.
    ///
    /// # Errors
    /// Those of [`SearchDesign::runs`].
    pub fn probes(&self) -> Result<Vec<PlannedRun>, SpecErrors> {
        let combinations: Vec<Point> = self.combinations().map(|point| self.with_inactive(&point)).collect();
        let seeds = self.all_seeds();
        self.runs(&combinations, &seeds)
    }

    /// The seeds of every configuration, and those that confirm the best.
    pub fn all_seeds(&self) -> Vec<u64> {
        let mut seeds = self.settings.seeds.clone();
        seeds.extend(self.fresh_seeds());
        seeds
    }

    /// Seeds that the search does not see before it has chosen: those after the largest of its own.
    pub fn fresh_seeds(&self) -> Vec<u64> {
        let count = self.settings.confirm.map_or(0, |confirm| confirm.seeds);
        let last = self.settings.seeds.iter().copied().max().unwrap_or_default();
        (1..=count as u64).map(|more| last.wrapping_add(more)).collect()
    }

    /// A combination as a point: without the values of dimensions that do not apply, and with the lowest value of those that lack
    /// one.
    fn with_inactive(&self, point: &Point) -> Point {
        let mut known = Point(vec![None; self.dimensions.len()]);
        for &number in &self.order {
            let applies = match self.is_left_open(number) {
                true => point.0[number].is_some(),
                false => self.is_active(number, &known),
            };
            if applies {
                known.0[number] = point.0[number].or_else(|| Some(self.dimensions[number].distribution.at(0.0)));
            }
        }
        known
    }

    fn choices(&self, point: &Point) -> Vec<Choice> {
        let values = self.drafts.iter().zip(&point.0);
        values.filter_map(|(draft, coordinate)| draft.choice((*coordinate)?)).collect()
    }

    fn at_seed(&self, draft: &Draft, seed: u64) -> Option<Draft> {
        Seeds::for_run(&draft.scalars.source_seeds, seed).ok().map(|seeds| draft.at(&seeds))
    }

    /// Whether it chooses what runs read, and other dimensions than such ones decide whether it applies: both can be.
    fn is_left_open(&self, number: usize) -> bool {
        let (dimension, mut others) = (&self.drafts[number], self.drafts.iter());
        let when = dimension.when.as_ref().filter(|_| dimension.inputs().is_some());
        when.is_some_and(|when| others.any(|other| other.inputs().is_none() && other.decides(when)))
    }

    /// Of every dimension in how many ways it decides what runs read.
    fn input_counts(&self) -> Vec<usize> {
        let count = |(number, draft): (usize, &DimensionDraft)| {
            draft.inputs().map_or(1, |choices| choices + usize::from(self.is_left_open(number)))
        };
        self.drafts.iter().enumerate().map(count).collect()
    }

    /// The points that differ in what their runs read, each other dimension left open.
    fn combinations(&self) -> impl Iterator<Item = Point> {
        let counts = self.input_counts();
        let total = counts.iter().product::<usize>();
        (0..total).map(move |mut number| {
            let coordinate = |(draft, count): (&DimensionDraft, &usize)| {
                let choice = number % count;
                number /= count;
                // One that is left open has one more: it does not apply.
                draft.inputs().filter(|choices| choice < *choices).map(|_| Coordinate::Choice(choice))
            };
            Point(self.drafts.iter().zip(&counts).map(coordinate).collect())
        })
    }

    /// Asks for all models, adapters, modules and data sets that points can combine.
    fn check_inputs(&self, design: &Design, draft: &SearchDraft, facts: &dyn Facts, problems: &mut Problems) {
        let total = self.input_counts().into_iter().try_fold(1, usize::checked_mul);
        if total.is_none_or(|total| total > MOST_COMBINATIONS) {
            let total = total.map_or("far too many".to_owned(), |total| counted(total, "combination"));
            let message = format!(
                "{total} of models, data, modules and lengths can be chosen; {} are the most",
                grouped(MOST_COMBINATIONS)
            );
            problems.add(draft.places.space.clone(), message);
            return;
        }
        let mut interner = Interner::new(facts);
        let seeds = self.all_seeds();
        for point in self.combinations() {
            let point = self.with_inactive(&point);
            let choices = self.choices(&point);
            let axes = choices.into_iter().map(|choice| Axis { name: String::new(), choices: vec![choice] }).collect();
            let single = Design { product: axes, ..self.template.clone() };
            let origin = if single.product.is_empty() { Origin::Base } else { Origin::Product(0) };
            let draft = single.configuration(origin).draft;
            let faults = match interner.key(&draft) {
                Ok(key) => seeds.iter().filter_map(|seed| interner.run(&draft, &key, *seed).err()).take(1).collect(),
                Err(_) if self.may_be_excluded(design, &draft) => Vec::new(),
                Err(faults) => faults,
            };
            fault_report::report(faults, &single, origin, problems);
        }
    }

    /// Whether a condition leaves out every point with these inputs.
    fn may_be_excluded(&self, design: &Design, draft: &Draft) -> bool {
        let Some(draft) = self.at_seed(draft, self.settings.seeds.first().copied().unwrap_or_default()) else {
            return false;
        };
        let of_inputs = |condition: &&Condition| condition.parameters().all(is_input);
        design.exclude.iter().filter(of_inputs).any(|condition| condition.matches(&draft))
    }
}

/// What the file says, without the runs that it names.
fn template(design: &Design) -> Design {
    Design {
        ablate: None,
        product: Vec::new(),
        runs: Vec::new(),
        search: None,
        looks: None,
        claims: Vec::new(),
        observations: Vec::new(),
        reference: Vec::new(),
        overridden: false,
        replaced: Vec::new(),
        ..design.clone()
    }
}

fn check_method(draft: &SearchDraft, facts: &dyn Facts, problems: &mut Problems) {
    let known = facts.search_methods();
    if !known.contains(&draft.method.as_str()) {
        let hint = did_you_mean(&draft.method, known.iter().copied());
        let all = listed(known.iter().copied());
        let message = format!("unknown method {}{hint} (there are {all})", quoted(&draft.method));
        problems.add(draft.places.method.clone(), message);
    }
}

/// Runs that stop by what they show early were looked at more often than others.
fn check_stop(design: &Design, draft: &SearchDraft, problems: &mut Problems) {
    if draft.stop.is_some() && !(design.claims.is_empty() && design.observations.is_empty()) {
        let message = "stops runs by what they show early, but hypotheses and observations compare runs that are all trained \
                       alike; leave `stop` out, or put the search into a sweep file of its own";
        problems.add(draft.places.stop.clone(), message);
    }
}

fn check_goal(draft: &SearchDraft, direction: Direction, metric: &str, problems: &mut Problems) {
    if draft.goal.is_some_and(|goal| goal != direction) {
        let goal = match direction {
            Direction::HigherIsBetter => "maximize",
            Direction::LowerIsBetter => "minimize",
        };
        problems.add(
            draft.places.goal.clone(),
            format!("the better values of {metric} are the other ones: `goal: {goal}`"),
        );
    }
}
