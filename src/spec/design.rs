//! A sweep file whose every value has been checked on its own: what is varied around which base.

use std::collections::{HashMap, HashSet};

use super::ReferenceFigure;
use super::axis::{Assignments, Axis, Choice, read_run};
use super::cursor::{Context, Cursor};
use super::dataset::read_seed;
use super::draft::Draft;
use super::exclude::Condition;
use super::fields::{self, SECTIONS};
use super::hypothesis_draft::{HypothesisDraft, read_reference};
use super::looks::Looks;
use super::observation_draft::ObservationDraft;
use super::parameter::Parameter;
use super::problem::{Place, did_you_mean, listed, quoted};
use super::search::SearchDraft;
use super::setting::Setting;
use super::source_seed::VariationSource;
use super::yaml::{Node, Value};

/// The content of a sweep file with the options given for it.
#[derive(Clone, Debug)]
pub(super) struct Design {
    pub name: String,
    pub description: String,
    pub base: Draft,
    pub places: BasePlaces,
    /// None: no such section, so base itself is no run unless nothing else is.
    pub ablate: Option<Vec<Axis>>,
    /// The axes whose product is taken: `grid`, and `zip` as one more.
    pub product: Vec<Axis>,
    pub runs: Vec<Choice>,
    pub search: Option<SearchDraft>,
    pub exclude: Vec<Condition>,
    pub seeds: Option<Vec<u64>>,
    pub looks: Option<Looks>,
    pub claims: Vec<HypothesisDraft>,
    pub observations: Vec<ObservationDraft>,
    pub reference: Vec<ReferenceFigure>,
    /// Whether options changed the base, so that a varied value may now equal it.
    pub overridden: bool,
    /// What options took away of what the file says, a sentence each.
    pub replaced: Vec<String>,
}

/// Where the base says which model and data set.
#[derive(Clone, Debug)]
pub(super) struct BasePlaces {
    pub model: Place,
    pub dataset: Place,
    pub init_adapter: Place,
    pub early_stopping: Place,
    /// By [`VariationSource`].
    pub source_seeds: [Place; 4],
}

/// What a `--set` option changes.
#[derive(Clone, Debug)]
pub(super) enum Override {
    Setting(Setting),
    Seeds(Vec<u64>),
    /// Beside those that the sweep has.
    MoreSeeds(Vec<u64>),
}

const AXES: &str = "a mapping of parameters to lists of values";

impl Design {
    /// Reads the whole file; what is wrong is reported and left out.
    pub fn read(root: &Node, default_name: &str, overrides: &[Override], context: &mut Context<'_>) -> Design {
        let cursor = Cursor::file(root);
        let entries = match root.value {
            Value::Null => {
                let message = "the file is empty; `{}` is the smallest sweep: the paper's recipe, once";
                cursor.problem(context, message);
                Vec::new()
            }
            _ => cursor.entries(context, "a mapping with the sections of a sweep file").unwrap_or_default(),
        };
        for (key, value) in &entries {
            if !fields::has(&SECTIONS, key) {
                value.problem(context, unknown_section(key));
            }
        }
        // A section that is there and empty (all its lines commented out, perhaps) is as if it were not there.
        let section = |name: &str| {
            let found = entries.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
            found.filter(|value| value.node.value != Value::Null)
        };
        let (base, places) = read_base(section("base"), context);
        let mut product = read_axes(section("grid"), Axis::read, context).unwrap_or_default();
        let walked = read_zip(section("zip"), context);
        report_doubles(product.iter().chain(&walked), context);
        // Axes that cannot be walked together have been reported; their values are there for what refers to them.
        product.extend(Axis::zipped(walked).map_or_else(|axes| axes, |axis| vec![axis]));
        let mut design = Design {
            name: read_name(section("name"), default_name, &cursor, context),
            description: read_description(section("description"), context),
            base,
            places,
            ablate: read_axes(section("ablate"), Axis::read, context),
            product,
            runs: read_list(section("runs"), read_run, context),
            search: section("search").and_then(|search| SearchDraft::read(search, context)),
            exclude: read_list(section("exclude"), Condition::read, context),
            seeds: section("seeds").and_then(|seeds| read_seeds(seeds, context)),
            looks: section("looks").and_then(|looks| Looks::read(looks, context)),
            claims: read_list(section("hypotheses"), HypothesisDraft::read, context),
            observations: read_list(section("observations"), ObservationDraft::read, context),
            reference: read_list(section("reference"), read_reference, context),
            overridden: overrides.iter().any(|change| !matches!(change, Override::MoreSeeds(_))),
            replaced: Vec::new(),
        };
        design.apply(overrides);
        design.check_seeds(section("seeds"), context);
        design
    }

    fn apply(&mut self, overrides: &[Override]) {
        for change in overrides {
            match change {
                Override::Setting(setting) => {
                    self.replaced.extend(self.taken_away_by(setting));
                    if let Setting::Seed(_) = setting {
                        self.seeds = None;
                    }
                    self.base = self.base.with(std::iter::once(setting));
                    match setting {
                        Setting::Model(_) => self.places.model = option_place("model"),
                        Setting::Dataset(_) | Setting::DatasetField(_) => self.places.dataset = option_place("dataset"),
                        Setting::InitAdapter(_) => self.places.init_adapter = option_place("init_adapter"),
                        Setting::EarlyStopping(_) => self.places.early_stopping = option_place("early_stopping"),
                        Setting::SourceSeed(source, _) => {
                            self.places.source_seeds[*source as usize] = option_place(setting.parameter().name());
                        }
                        _ => {}
                    }
                }
                Override::Seeds(seeds) => self.seeds = Some(seeds.clone()),
                Override::MoreSeeds(more) => {
                    let mut seeds = self.seeds.take().unwrap_or_else(|| vec![self.base.scalars.seed]);
                    let new = more.iter().filter(|seed| !seeds.contains(seed)).copied().collect::<Vec<_>>();
                    seeds.extend(new);
                    self.seeds = Some(seeds);
                }
            }
        }
    }

    /// What an option takes away beside the value that it changes.
    fn taken_away_by(&self, setting: &Setting) -> Option<String> {
        match setting {
            Setting::Seed(seed) => {
                let seeds: Vec<String> = self.seeds.as_ref()?.iter().map(u64::to_string).collect();
                let seeds = listed(seeds.iter().map(String::as_str));
                Some(format!("--set seed={seed} stands for all seeds of the sweep: {seeds}"))
            }
            Setting::Dataset(new) => {
                let kept: Vec<_> = new.given().map(|(name, _)| name).collect();
                let lost = self.base.dataset.given().map(|(name, _)| name).filter(|name| !kept.contains(name));
                let lost: Vec<&str> = lost.collect();
                let what = listed(lost.iter().copied());
                (!lost.is_empty()).then(|| {
                    format!("--set dataset={{...}} replaces the whole data set: its {what} is dropped; `dataset=PATH` keeps it")
                })
            }
            _ => None,
        }
    }

    /// Every choice of the design.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        let axes = self.ablate.iter().flatten().chain(&self.product);
        axes.flat_map(|axis| &axis.choices).chain(&self.runs)
    }

    /// `seeds` multiplies every configuration, so nothing else may choose seeds.
    fn check_seeds(&self, seeds: Option<&Cursor<'_>>, context: &mut Context<'_>) {
        if self.seeds.is_none() {
            return;
        }
        let place = seeds.map_or_else(|| option_place("seeds"), Cursor::place);
        let sets_seed = |choice: &&Choice| choice.settings.iter().any(|setting| matches!(setting, Setting::Seed(_)));
        if let Some(choice) = self.choices().find(sets_seed) {
            let message = format!("seeds are chosen here and by {}; keep one of them", quoted(&choice.place.path));
            context.problems.add(place, message);
        }
    }
}

fn option_place(name: &str) -> Place {
    Place { path: format!("--set {name}"), node: None }
}

fn unknown_section(key: &str) -> String {
    match Parameter::named(key) {
        Some(_) => format!("{} is a parameter of a run: put it under `base`", quoted(key)),
        None => format!("unknown key {}{}", quoted(key), did_you_mean(key, fields::names(&SECTIONS))),
    }
}

fn read_base(section: Option<&Cursor<'_>>, context: &mut Context<'_>) -> (Draft, BasePlaces) {
    let default = |name: &str| Place { path: format!("base.{name} (the default)"), node: None };
    let (model, dataset, init_adapter) = (default("model"), default("dataset"), default("init_adapter"));
    let source_seeds = VariationSource::ALL.map(|source| default(Parameter::SourceSeed(source).name()));
    let early_stopping = default("early_stopping");
    let mut places = BasePlaces { model, dataset, init_adapter, early_stopping, source_seeds };
    let entries = section.and_then(|section| section.entries(context, "a mapping of parameters")).unwrap_or_default();
    let assignments = Assignments::read(entries, context);
    for (parameter, assigned) in assignments.iter() {
        match parameter {
            Parameter::Model => places.model = assigned.place.clone(),
            Parameter::Dataset | Parameter::DatasetField(_) => places.dataset = assigned.place.clone(),
            Parameter::InitAdapter => places.init_adapter = assigned.place.clone(),
            Parameter::EarlyStopping => places.early_stopping = assigned.place.clone(),
            Parameter::SourceSeed(source) => places.source_seeds[source as usize] = assigned.place.clone(),
            _ => {}
        }
    }
    (Draft::paper().with(assignments.into_settings().iter()), places)
}

type AxisReader = fn(&str, &Cursor<'_>, &mut Context<'_>) -> Option<Axis>;

fn read_axes(section: Option<&Cursor<'_>>, read: AxisReader, context: &mut Context<'_>) -> Option<Vec<Axis>> {
    let entries = section?.entries(context, AXES)?;
    Some(entries.iter().filter_map(|(name, value)| read(name, value, context)).collect())
}

/// The axes of `zip`. Lists that cannot be walked together are reported.
fn read_zip(section: Option<&Cursor<'_>>, context: &mut Context<'_>) -> Vec<Axis> {
    let Some(entries) = section.and_then(|section| section.entries(context, AXES)) else {
        return Vec::new();
    };
    let mut first: Option<(&str, usize)> = None;
    for (name, value) in &entries {
        let Value::List(items) = &value.node.value else {
            continue;
        };
        let (other, length) = *first.get_or_insert((name, items.len()));
        if length != items.len() {
            let (other, here) = (quoted(other), items.len());
            value.problem(
                context,
                format!("has {here} values, {other} has {length}: lists that are walked together must be equally long"),
            );
        }
    }
    entries.iter().filter_map(|(name, value)| Axis::read_parameter(name, value, context)).collect()
}

/// In a product, each parameter has its value from one axis.
fn report_doubles<'a>(product: impl Iterator<Item = &'a Axis>, context: &mut Context<'_>) {
    let mut varied_by: HashMap<Parameter, (&Axis, &Place)> = HashMap::new();
    for axis in product {
        let choices = axis.choices.iter();
        let settings = choices.flat_map(|choice| choice.settings.iter().map(|setting| (setting, &choice.place)));
        for (setting, place) in settings {
            let parameter = setting.parameter();
            let (other, there) = *varied_by.entry(parameter).or_insert((axis, place));
            if !std::ptr::eq(other, axis) {
                let (name, there) = (parameter.name(), quoted(&there.path));
                let message = format!("`{name}` is varied by {there}, too");
                context.problems.add(place.clone(), message);
                break;
            }
        }
    }
}

fn read_list<T>(
    section: Option<&Cursor<'_>>,
    read: fn(&Cursor<'_>, &mut Context<'_>) -> Option<T>,
    context: &mut Context<'_>,
) -> Vec<T> {
    let items = section.and_then(|section| section.items(context, "a list")).unwrap_or_default();
    items.iter().filter_map(|item| read(item, context)).collect()
}

/// A list of seeds; a repeated one counts once.
pub(super) fn read_seeds(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Vec<u64>> {
    let items = cursor.items(context, "a list of seeds")?;
    if items.is_empty() {
        cursor.problem(context, "must list at least one seed");
        return None;
    }
    let mut seen = HashSet::new();
    let seeds = items.iter().filter_map(|item| read_seed(item, context)).filter(|seed| seen.insert(*seed));
    Some(seeds.collect())
}

/// The sweep's name is the name of its folder of results.
fn read_name(section: Option<&Cursor<'_>>, default: &str, root: &Cursor<'_>, context: &mut Context<'_>) -> String {
    const LONGEST: usize = 64;
    let fits = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        name.len() <= LONGEST && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
    };
    let (cursor, name) = match section {
        Some(section) => match section.text(context, "the name of the folder of results") {
            Some(name) => (section, name),
            None => return default.to_owned(),
        },
        None => (root, default),
    };
    if !fits(name) {
        let whose = if section.is_some() { "" } else { "without `name` a sweep is called like its file, and " };
        let similar = plain_name(name).filter(|similar| fits(similar));
        let hint = similar.map_or_else(String::new, |similar| format!("; for example `name: {similar}`"));
        let message = format!(
            "{whose}{} cannot name a folder of results: `name` has unaccented letters, digits, `.`, `_` and `-`, at most \
             {LONGEST}, and begins with a letter or digit{hint}",
            quoted(name)
        );
        cursor.problem(context, message);
    }
    name.to_owned()
}

/// A name with a hyphen for each run of characters that a folder's name should not have. None where letters would be lost.
fn plain_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    if name.chars().any(|c| c.is_alphanumeric() && !c.is_ascii()) {
        return None;
    }
    let parts: Vec<&str> = name.split(|c| !plain(c)).filter(|part| !part.is_empty()).collect();
    Some(parts.join("-").trim_start_matches(['.', '_']).to_owned())
}

fn read_description(section: Option<&Cursor<'_>>, context: &mut Context<'_>) -> String {
    section.and_then(|section| section.text(context, "text")).unwrap_or_default().trim().to_owned()
}
