//! `target_modules`: which linear modules get an adapter, before and after the model is known.

use std::collections::BTreeSet;

use super::cursor::{Context, Cursor};
use super::facts::ModelFacts;
use super::family_names::FamilyNames;
use super::fields;
use super::module::Module;
use super::problem::{Place, did_you_mean, listed, quoted};
use super::yaml::Value;

/// Layers are numbers of a transformer encoder; more than this is a slip of the finger.
pub(super) const MOST_LAYERS: usize = 1000;

/// Modules as a sweep file names them. Equal when they say the same, wherever they say it.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    items: Vec<Target>,
    /// Where each item stands.
    places: Vec<Place>,
}

impl PartialEq for Targets {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Target {
    /// A full name as PEFT has it.
    Name(String),
    /// `{layers: ..., modules: ...}`
    Block { layers: Layers, modules: Modules },
}

#[derive(Clone, Debug, PartialEq)]
enum Layers {
    All,
    /// Counted from 0.
    Numbers(BTreeSet<usize>),
}

#[derive(Clone, Debug)]
enum Modules {
    /// All that the model's layers have.
    All,
    Listed(BTreeSet<Module>),
}

/// Those are equal that labels write alike.
impl PartialEq for Modules {
    fn eq(&self, other: &Self) -> bool {
        self.written_out().eq(other.written_out())
    }
}

/// Modules that a model does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
    #[error("{}: {cause}", quoted(name))]
    NamedTooDeep { name: String, cause: TooDeep },
    /// Its layers have no such module; the sentence says what there is.
    #[error("{0}")]
    NoModule(String),
}

/// A layer that a model does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no layer {layer}: {} has {layers} layers, counted from 0 to {}", quoted(model), layers.saturating_sub(1))]
pub(super) struct TooDeep {
    layer: usize,
    model: String,
    layers: usize,
}

impl Targets {
    /// The paper's choice of modules, for 12 layers.
    pub fn paper() -> Targets {
        let block = |layers: &[usize], modules: &[Module]| Target::Block {
            layers: Layers::Numbers(layers.iter().copied().collect()),
            modules: Modules::Listed(modules.iter().copied().collect()),
        };
        let items = vec![
            block(&[0], &[Module::QUERY, Module::KEY, Module::VALUE]),
            block(&[1, 5, 10], &[Module::QUERY]),
            block(&[10, 11], &[Module::OUTPUT]),
        ];
        let place = Place { path: "base.target_modules (the default, for 12 layers)".to_owned(), node: None };
        Targets { places: vec![place; items.len()], items }
    }

    /// Modules by their full names.
    pub fn named(names: &[String]) -> Targets {
        Targets {
            items: names.iter().cloned().map(Target::Name).collect(),
            places: vec![Place::default(); names.len()],
        }
    }

    /// A full name, a block, or a list of both.
    pub fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Targets> {
        const EXPECTED: &str = "a module's full name, {layers: ..., modules: [...]}, or a list of these";
        let cursors = match &cursor.node.value {
            Value::List(_) => cursor.items(context, EXPECTED)?,
            _ => vec![*cursor],
        };
        if cursors.is_empty() {
            cursor.problem(context, "must name at least one module");
            return None;
        }
        let places = cursors.iter().map(Cursor::place).collect();
        let items = cursors.iter().map(|item| Target::read(item, context, EXPECTED)).collect::<Vec<_>>();
        Some(Targets { items: items.into_iter().collect::<Option<Vec<_>>>()?, places })
    }

    /// Full names in model order without doubles; or the items that do not apply to the model called `name`. `families` are
    /// all that are known.
    pub fn resolve(
        &self,
        name: &str,
        model: &ModelFacts,
        families: &[&FamilyNames],
    ) -> Result<Vec<String>, Vec<(Place, TargetError)>> {
        let mut modules = BTreeSet::new();
        let mut problems = Vec::new();
        for (target, place) in self.items.iter().zip(&self.places) {
            match target.modules(name, model, families) {
                Ok(found) => modules.extend(found),
                Err(problem) => problems.push((place.clone(), problem)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(modules.into_iter().filter_map(|(layer, module)| model.family.full_name(layer, module)).collect())
    }

    /// A short form for labels: `0:query+key 1+5:query`, `all:value`.
    pub fn shown(&self) -> String {
        self.items.iter().map(Target::shown).collect::<Vec<_>>().join(" ")
    }
}

impl Target {
    fn read(cursor: &Cursor<'_>, context: &mut Context<'_>, expected: &str) -> Option<Target> {
        let Value::Map(_) = &cursor.node.value else {
            return Some(Target::Name(cursor.text(context, expected)?.to_owned()));
        };
        let mut layers = None;
        let mut modules = None;
        let entries = cursor.entries(context, expected)?;
        for (key, value) in &entries {
            match *key {
                "layers" => layers = Some(Layers::read(value, context)),
                "modules" => modules = Some(read_modules(value, context)),
                _ => {
                    let hint = did_you_mean(key, fields::names(&fields::TARGETS));
                    value.problem(context, format!("unknown key {}{hint}", quoted(key)));
                }
            }
        }
        if layers.is_none() {
            cursor.problem(context, "lacks `layers`, for example `layers: all`");
        }
        if modules.is_none() {
            cursor.problem(context, "lacks `modules`, for example `modules: [query, value]`");
        }
        Some(Target::Block { layers: layers??, modules: modules?? })
    }

    fn modules(
        &self,
        model_name: &str,
        model: &ModelFacts,
        families: &[&FamilyNames],
    ) -> Result<Vec<(usize, Module)>, TargetError> {
        let (family, depth) = (model.family, model.layers);
        let too_deep = |layer: usize| TooDeep { layer, model: model_name.to_owned(), layers: depth };
        match self {
            Target::Name(name) => match family.parse(name) {
                Some((layer, _)) if layer >= depth => {
                    Err(TargetError::NamedTooDeep { name: name.clone(), cause: too_deep(layer) })
                }
                Some(module) => Ok(vec![module]),
                None => Err(TargetError::NoModule(family.why_not(name, families))),
            },
            Target::Block { layers, modules } => {
                let layers: Vec<usize> = match layers {
                    Layers::All => (0..depth).collect(),
                    Layers::Numbers(numbers) => numbers.iter().copied().collect(),
                };
                if let Some(layer) = layers.iter().find(|layer| **layer >= depth) {
                    return Err(too_deep(*layer).into());
                }
                let modules = modules.of(family)?;
                Ok(layers.iter().flat_map(|layer| modules.iter().map(|module| (*layer, *module))).collect())
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Target::Name(name) => match Module::parse(name) {
                Some((layer, module)) => format!("{layer}:{}", module.name()),
                None => name.clone(),
            },
            Target::Block { layers, modules } => {
                let layers = match layers {
                    Layers::All => "all".to_owned(),
                    Layers::Numbers(numbers) => numbers.iter().map(usize::to_string).collect::<Vec<_>>().join("+"),
                };
                let modules: Vec<&str> = modules.written_out().map(Module::name).collect();
                format!("{layers}:{}", modules.join("+"))
            }
        }
    }
}

impl Modules {
    /// As labels have them, in their order.
    fn written_out(&self) -> impl Iterator<Item = Module> {
        let (all, listed) = match self {
            Modules::All => (&Module::WRITTEN_OUT[..], None),
            Modules::Listed(modules) => (&[][..], Some(modules)),
        };
        all.iter().chain(listed.into_iter().flatten()).copied()
    }

    /// Those of a family's layers.
    ///
    /// # Errors
    /// One that they do not have.
    fn of(&self, family: &FamilyNames) -> Result<Vec<Module>, TargetError> {
        let own = || family.modules.iter().map(|(module, _)| *module);
        match self {
            Modules::All => Ok(own().collect()),
            Modules::Listed(modules) => match modules.iter().find(|module| !own().any(|own| own == **module)) {
                Some(module) => Err(TargetError::NoModule(family.lacks(*module))),
                None => Ok(modules.iter().copied().collect()),
            },
        }
    }
}

impl Layers {
    /// `all`, a number, a range `"0-3"`, or a list of numbers and ranges.
    fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Layers> {
        match &cursor.node.value {
            Value::Text(text) if text == "all" => Some(Layers::All),
            Value::List(_) => {
                let items = cursor.items(context, "a list")?;
                if items.is_empty() {
                    cursor.problem(context, "must name at least one layer");
                    return None;
                }
                let numbers = items.iter().map(|item| read_layers(item, context)).collect::<Vec<_>>();
                let numbers = numbers.into_iter().collect::<Option<Vec<_>>>()?;
                Some(Layers::Numbers(numbers.into_iter().flatten().collect()))
            }
            _ => read_layers(cursor, context).map(|numbers| Layers::Numbers(numbers.collect())),
        }
    }
}

/// One layer, or a range of layers.
fn read_layers(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<std::ops::RangeInclusive<usize>> {
    if let Value::Text(text) = &cursor.node.value {
        let range = text.split_once('-').and_then(|(first, last)| {
            let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            (first <= last && last <= MOST_LAYERS).then_some(first..=last)
        });
        if range.is_none() {
            cursor.problem(
                context,
                format!("must be `all`, layer numbers or a range such as \"0-3\", found {}", quoted(text)),
            );
        }
        return range;
    }
    cursor.count(context, 0, MOST_LAYERS).map(|layer| layer..=layer)
}

/// `all`, a module, or a list of modules.
fn read_modules(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Modules> {
    if matches!(&cursor.node.value, Value::Text(text) if text == "all") {
        return Some(Modules::All);
    }
    if !matches!(cursor.node.value, Value::List(_)) {
        return read_module(cursor, context).map(|module| Modules::Listed([module].into()));
    }
    let items = cursor.items(context, "a list")?;
    if items.is_empty() {
        cursor.problem(context, "must name at least one module");
        return None;
    }
    let modules = items.iter().map(|item| read_module(item, context)).collect::<Vec<_>>();
    Some(Modules::Listed(modules.into_iter().collect::<Option<_>>()?))
}

fn read_module(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Module> {
    let names = Module::all().map(Module::name);
    let text = cursor.text(context, &format!("one of {}", listed(names.clone())))?;
    let module = Module::named(text);
    if module.is_none() {
        let hint = match Module::from_checkpoint_name(text) {
            Some(module) => format!("; did you mean `{}`?", module.name()),
            None => did_you_mean(text, names.clone()),
        };
        cursor.problem(
            context,
            format!("an encoder layer has no module {} (it has {}){hint}", quoted(text), listed(names)),
        );
    }
    module
}
